from solvers.laws.hyperparameters.branches import tree
from solvers.scaling.exports.pieces import pieces
from solvers.scaling.exports.rungs import ladder_of
from tests.solvers.scaling.exports import cases


def of(result):
    return [(one.name, one.start, one.end, one.before, one.decays) for one in pieces(ladder_of(result))]


def with_rungs(*rungs):
    ladder = cases.result("tree")["plan"]["ladder"]
    return cases.result("tree", ladder=ladder | {"rungs": list(rungs)})


def test_a_trunk_is_cut_where_a_rung_leaves_it_and_runs_of_their_own_stay_whole():
    assert of(cases.result("tree")) == [
        ("02-70m-5.2b-trunk-1", 0, 4000, "", False),
        ("01-70m-1.3b", 4000, 5000, "02-70m-5.2b-trunk-1", True),
        ("02-70m-5.2b-trunk-2", 4000, 16000, "02-70m-5.2b-trunk-1", False),
        ("02-70m-5.2b", 16000, 20000, "02-70m-5.2b-trunk-2", True),
        ("03-410m-2.6b", 0, 5000, "", True),
        ("04-70m-small", 0, 5000, "", True),
    ]


def test_pieces_take_together_what_the_tree_of_the_laws_takes():
    lengths = (1.31072e9, 2.62144e9, 5.24288e9)
    rungs = [cases.rung(f"{tokens:g}", "70m", tokens, trunk=f"{lengths[-1]:g}") for tokens in lengths]

    found = pieces(ladder_of(with_rungs(*rungs)))

    expected = tree(lengths, batch_tokens=64 * cases.SEQUENCE, peak=2.1e-3, warmup_steps=200, decay_share=0.2)
    assert sum(one.tokens for one in found) == expected.tokens
    assert [(one.start, one.end) for one in found] == [(one.start, one.end) for one in expected.segments]


def test_a_rung_comes_in_the_order_of_the_ladder_with_what_it_needs_before_it():
    short = cases.rung("short", "70m", 1.31072e9, trunk="long")
    long = cases.rung("long", "70m", 5.24288e9, trunk="long")

    names = [name for name, *_ in of(with_rungs(long, short))]

    assert names == ["01-long-trunk-1", "01-long-trunk-2", "01-long", "02-short"]


def test_two_rungs_that_leave_at_one_step_share_the_whole_trunk():
    first = cases.rung("first", "70m", 1.31072e9, trunk="first")
    second = cases.rung("second", "70m", 1.31072e9, trunk="first")

    assert of(with_rungs(first, second)) == [
        ("01-first-trunk-1", 0, 4000, "", False),
        ("01-first", 4000, 5000, "01-first-trunk-1", True),
        ("02-second", 4000, 5000, "01-first-trunk-1", True),
    ]


def test_a_rung_that_is_alone_on_its_trunk_is_a_run_of_its_own():
    only = cases.rung("only", "70m", 1.31072e9, trunk="only")

    assert of(with_rungs(only)) == [("01-only", 0, 5000, "", True)]
