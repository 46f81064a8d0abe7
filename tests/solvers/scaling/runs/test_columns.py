import pytest

from solvers.errors import SpecError
from solvers.scaling.runs.columns import Column, columns_of, likeliest, mapped


def test_columns_are_told_as_the_command_line_does():
    assert mapped("params=N, tokens=D ,loss=smooth loss") == {"params": "N", "tokens": "D", "loss": "smooth loss"}


@pytest.mark.parametrize("text", ["params", "params=", "=N"])
def test_a_part_that_names_no_column_is_refused(text):
    with pytest.raises(SpecError) as caught:
        mapped(text)

    assert str(caught.value) == f"'{text}' is not FIELD=COLUMN."


def test_a_told_column_overrides_the_known_names():
    found, warnings = columns_of(
        ("params", "tokens", "loss", "val_loss", "odd (B)"), {"loss": "loss", "params": "odd (B)"}
    )

    assert found == {
        "loss": Column("loss", told=True, known_as="loss"),
        "params": Column("odd (B)", told=True),
        "tokens": Column("tokens", known_as="tokens"),
    }
    assert warnings == ()


def test_a_told_column_of_a_known_name_keeps_its_unit():
    found, _ = columns_of(("size (B)", "tokens", "loss"), {"params": "size (B)"})

    assert found["params"] == Column("size (B)", 1e9, told=True, known_as="size")


def test_parameters_are_read_as_they_shall_be_counted():
    names = ("params", "params_no_embed", "tokens", "loss")

    chosen = [columns_of(names, {}, counts=counts)[0]["params"].column for counts in (None, "non-embedding", "")]

    assert chosen == ["params_no_embed", "params_no_embed", "params"]


def test_a_table_that_counts_parameters_in_several_ways_says_which_is_read():
    found, [warning] = columns_of(("params", "params_no_embed", "total_params", "tokens", "loss"), {})

    assert (warning.code, warning.at, warning.hint) == (
        "counts_differ", "/columns", "Say params=COLUMN for another count.",
    )  # fmt: skip
    assert warning.message == (
        "The table counts parameters in several ways: 'params_no_embed' (non-embedding), 'total_params' (total), "
        "'params' (it does not say). N is 'params_no_embed' in all runs; a law of another count is another law."
    )
    assert found["params"].column == "params_no_embed"
    assert columns_of(("params", "total_params", "tokens", "loss"), {})[0]["params"].column == "total_params"


def test_a_count_that_is_asked_for_or_columns_of_one_count_are_no_mixture():
    names = ("params", "params_no_embed", "tokens", "loss")
    alike = ("n_params", "model_size", "tokens", "loss")

    assert columns_of(names, {}, counts="non-embedding")[1] == columns_of(names, {"params": "params"})[1] == ()
    assert [one.message for one in columns_of(alike, {})[1]] == [
        "Params are read from 'n_params'; 'model_size' could be it too."
    ]


def test_what_was_measured_comes_before_what_was_configured():
    found, warnings = columns_of(("config.tokens", "summary.tokens", "summary.loss", "config.params"), {})

    assert found["tokens"].column == "summary.tokens"
    assert [one.message for one in warnings] == [
        "Tokens are read from 'summary.tokens'; 'config.tokens' could be it too."
    ]


def test_the_only_column_that_speaks_of_a_held_out_loss_is_taken():
    found, _ = columns_of(("params", "tokens", "loss_openlm", "loss_c4_val"), {})

    assert found["loss"] == Column("loss_c4_val")


@pytest.mark.parametrize(
    ("names", "told", "message", "hint"),
    [
        (
            ("params", "tokens", "loss_a", "loss_b"),
            {},
            "2 columns could be the loss: loss_a, loss_b.",
            "Name one, such as loss=loss_a.",
        ),
        (
            ("params", "tokens"),
            {},
            "No column is known to be the loss.",
            "Choose it: `columns: {loss: NAME}`. The table has: params, tokens.",
        ),
        (
            ("1.4e8", "1.4e9", "0.702"),
            {},
            "The first line has numbers where the columns are named.",
            "Write a first line that names the columns, such as params,tokens,loss.",
        ),
        (
            ("params", "tokens", "val_ppl"),
            {},
            "No column is known to be the loss.",
            "Only a perplexity is there: its natural logarithm is the loss in nats a token; add it as a column.",
        ),
        (
            ("params", "loss"),
            {"parms": "params"},
            "There is nothing called 'parms' that a column could say.",
            "Did you mean params?",
        ),
        (("params", "loss"), {"params": "parms"}, "There is no column called 'parms'.", "Did you mean params?"),
    ],
)
def test_columns_that_cannot_be_known_are_asked_for(names, told, message, hint):
    with pytest.raises(SpecError) as caught:
        columns_of(names, told)

    assert [(problem.message, problem.hint) for problem in caught.value.problems] == [(message, hint)]


def test_the_likeliest_columns_are_found_without_what_is_missing_or_strange():
    names = ("size", "seen", "lr", "loss a", "loss b")

    found = likeliest(names, {"tokens": "seen", "loss": "gone", "unheard": "size"})

    assert {field: (column.column, column.told) for field, column in found.items()} == {
        "tokens": ("seen", True), "params": ("size", False), "learning_rate": ("lr", False),
    }  # fmt: skip
