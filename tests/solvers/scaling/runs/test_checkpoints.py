from solvers.scaling.runs.checkpoints import last_of_each
from tests.solvers.scaling.runs.made import record


def test_only_the_last_checkpoint_of_a_run_counts():
    records = [record(line, name="a", tokens=1e9 * line) for line in (2, 3, 4)] + [record(5, name="b")]

    kept, warnings = last_of_each(records)

    assert [one.line for one in kept] == [4, 5]
    assert [(one.code, one.message) for one in warnings] == [
        (
            "checkpoints",
            (
                "2 checkpoints of 1 run on the way are left out (line 2 first): before its learning rate "
                "has come down a run says too high a loss."
            ),
        )
    ]


def test_branches_of_a_stable_schedule_all_count():
    records = [record(line, name="a", branch=f"decay-{line}", tokens=1e9 * line) for line in (2, 3)]

    kept, warnings = last_of_each(records)

    assert [one.line for one in kept] == [2, 3]
    assert [one.message for one in warnings] == [
        "2 rows are branches of 1 run, each decayed; all of them count as runs."
    ]


def test_a_branch_that_did_not_decay_does_not_count():
    records = [
        record(2, name="a", branch="x", tokens=1e9, final_rate_share=1.0),
        record(3, name="a", branch="y", tokens=2e9, final_rate_share=0.0),
        record(4, name="a", branch="z", tokens=3e9, final_rate_share=0.0),
    ]

    kept, warnings = last_of_each(records)

    assert [one.line for one in kept] == [3, 4]
    assert [one.code for one in warnings] == ["checkpoints"]


def test_a_stable_schedule_alone_says_nothing_of_a_decay():
    records = [record(line, name="a", schedule="wsd", tokens=1e9 * line) for line in (2, 3)]

    assert [one.line for one in last_of_each(records)[0]] == [3]


def test_runs_of_one_name_that_differ_in_size_rate_or_seed_are_separate():
    records = [
        record(2, name="a", tokens=1e9),
        record(3, name="a", params=2e8),
        record(4, name="a", learning_rate=1e-3, tokens=3e9),
        record(5, name="a", seed="1", tokens=4e9),
    ]

    assert last_of_each(records) == (tuple(records), ())


def test_rows_without_names_are_runs_of_their_own():
    records = [record(2, tokens=1e9), record(3, tokens=2e9)]

    assert last_of_each(records) == (tuple(records), ())


def test_repeated_runs_of_one_name_and_length_are_all_kept():
    records = [record(2, name="a", loss=3.0), record(3, name="a", loss=3.01)]

    assert last_of_each(records) == (tuple(records), ())
