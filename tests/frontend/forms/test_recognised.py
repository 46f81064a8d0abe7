import pytest

from frontend.forms.recognised import recognised
from tests.solvers.scaling.runs import exports

AT = "/runs/columns"
TABLE = """\
run,size,seen,final,lr,state
a,70M,1.4B,3.41,2e-3,finished
b,160M,3.2B,3.05,1e-3,finished
c,160M,3.2B,nan,0.1,crashed
"""


def found(csv=TABLE, **runs):
    return recognised({"kind": "scaling", "runs": {"csv": csv, **runs}}, AT)


def choices(table):
    return {one.field: (one.told, one.guessed) for one in (*table.first, *table.more) if one.told or one.guessed}


def test_a_table_whose_names_do_not_tell_is_a_choice_of_columns_all_the_same():
    table = found()

    assert (table.columns, table.rows) == (("run", "size", "seen", "final", "lr", "state"), 3)
    assert [(one.field, one.told, one.guessed) for one in table.first] == [
        ("params", "", "size"), ("tokens", "", ""), ("loss", "", ""),
    ]  # fmt: skip
    assert (table.facts, table.warnings, table.flagged) == ((), (), ())


def test_columns_that_are_chosen_say_what_the_runs_are():
    table = found(columns={"tokens": "seen", "loss": "final"}, counts="total", loss_unit="nats/token")

    assert choices(table) == {
        "params": ("", "size"), "tokens": ("seen", ""), "loss": ("final", ""), "learning_rate": ("", "lr"),
        "name": ("", "run"), "state": ("", "state"),
    }  # fmt: skip
    assert table.facts == (
        ("Runs", "3, 2 of them for laws to be fitted to"),
        ("N counts", "total (as you say)"),
        ("Loss in", "nats/token (as you say)"),
        ("N", "70M to 160M"),
        ("D", "1.40B to 3.20B"),
        ("Loss", "3.05 to 3.41"),
    )
    assert [(one.code, one.runs, one.left_out) for one in table.flagged] == [
        ("unfinished", 1, True), ("diverged", 1, True),
    ]  # fmt: skip


def test_what_was_assumed_is_said_and_warned_of():
    table = found(columns={"tokens": "seen", "loss": "final"})

    assert dict(table.facts)["N counts"] == "total (assumed)"
    assert {"counts_assumed", "loss_unit_assumed"} <= {one.code for one in table.warnings}


def test_fields_that_the_table_says_come_before_those_that_it_does_not():
    more = found().more

    said = [bool(one.told or one.guessed) for one in more]
    assert said == sorted(said, reverse=True)
    assert sum(said) == 3


def test_a_chosen_column_that_is_not_there_is_kept_to_be_seen():
    [params, *_] = found(columns={"params": "sizes"}).first

    assert (params.told, params.guessed, params.strange) == ("sizes", "size", True)


def test_there_is_nothing_to_choose_without_a_table():
    for csv in ("", "  \n", "a,b\n1\n", "{", "a,b\n"):
        assert found(csv) is None
    for document in ({}, {"runs": None}, {"runs": {"file": "runs.csv"}}, {"runs": {"csv": 7}}, {"runs": []}):
        assert recognised(document, AT) is None


def test_words_that_are_none_are_passed_over_as_the_spec_itself_says_them():
    assert found(columns=["size"], counts=7, loss_unit=[]).first[0].guessed == "size"
    assert found(columns={"params": 3, "unheard": "of"}).first[0].told == ""
    assert found(counts="everything").facts == ()


def test_a_table_of_many_columns_is_not_listed_at_every_field():
    names = [f"metric_{number}" for number in range(120)]

    table = found(f"params,tokens,loss,{','.join(names)}\n1e8,2e9,3,{','.join('1' for _ in names)}\n")

    assert (table.wide, found().wide) == (True, False)


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("WANDB_PAGE", "4, 3 of them"), ("WANDB_FRAME", "3, 2 of them"), ("WANDB_JSON", "2, 1 of them"),
        ("MLFLOW_CSV", "3, 2 of them"), ("MLFLOW_PAGE", "2, 2 of them"), ("MLFLOW_REST", "2, 2 of them"),
    ],
)  # fmt: skip
def test_exports_of_trackers_are_recognised_without_a_choice(name, runs):
    table = found(getattr(exports, name))

    assert dict(table.facts)["Runs"] == f"{runs} for laws to be fitted to"
    assert [one.told for one in (*table.first, *table.more) if one.told] == []
