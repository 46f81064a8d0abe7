import pytest

from solvers.errors import SpecError
from solvers.laws.errors import BadRuns
from solvers.scaling.runs.columns import Columns, columns_of
from solvers.scaling.runs.conventions import Convention, conventions
from tests.solvers.scaling.runs.made import record


def _columns(*names: str) -> Columns:
    return columns_of(names, {})[0]


PLAIN = _columns("params", "tokens", "loss")


def test_what_nobody_says_is_assumed_with_a_warning():
    counts, unit, warnings = conventions(PLAIN, [record()], counts=None, loss_unit=None)

    assert (counts, unit) == (Convention("total", "assumed"), Convention("nats/token", "assumed"))
    assert [one.code for one in warnings] == ["counts_assumed", "loss_unit_assumed"]


def test_what_is_stated_is_not_warned_of():
    found = conventions(PLAIN, [record()], counts="active", loss_unit="bits/byte")

    assert found == (Convention("active", "stated"), Convention("bits/byte", "stated"), ())


def test_names_of_columns_say_conventions():
    found = conventions(_columns("params_no_embed", "tokens", "val_bpb"), [record()], counts=None, loss_unit=None)

    assert found == (Convention("non-embedding", "name"), Convention("bits/byte", "name"), ())


def test_columns_say_conventions_in_any_spelling():
    records = [record(2, counts="Non embedding", loss_unit="bits/char"), record(3, counts="non-embedding")]

    found = conventions(PLAIN, records, counts=None, loss_unit=None)

    assert found[:2] == (Convention("non-embedding", "column"), Convention("bits/char", "column"))


def test_losses_too_low_for_nats_a_token_are_doubted_aloud():
    warnings = conventions(PLAIN, [record(loss=0.6)], counts="total", loss_unit=None)[2]

    assert [(one.code, one.message) for one in warnings] == [
        (
            "loss_unit_unclear",
            (
                "'loss' has a median of 0.6, which is too low for nats a token: it is more likely bits or nats a byte "
                "or character."
            ),
        )
    ]


@pytest.mark.parametrize(
    ("first", "second", "stated", "message"),
    [
        (
            {"loss_unit": "nats/token"},
            {"loss_unit": "bits/byte"},
            {},
            "The runs mix loss_unit: nats/token (line 2), bits/byte (line 3).",
        ),
        (
            {"counts": "total"},
            {"counts": "non-embedding"},
            {},
            "The runs mix counts: total (line 2), non-embedding (line 3).",
        ),
        (
            {"counts": "total"},
            {},
            {"counts": "active"},
            "The runs mix counts: total (line 2), active (stated).",
        ),
    ],
)
def test_mixed_conventions_are_refused(first, second, stated, message):
    asked = {"counts": None, "loss_unit": None, **stated}

    with pytest.raises(BadRuns) as caught:
        conventions(PLAIN, [record(2, **first), record(3, **second)], **asked)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("records", "stated", "message"),
    [
        ([record()], {"counts": "all"}, "'all' is no counts."),
        ([record(7, loss_unit="bits")], {}, "Line 7: 'bits' is no loss_unit."),
    ],
)
def test_unknown_conventions_are_refused(records, stated, message):
    with pytest.raises(SpecError) as caught:
        conventions(PLAIN, records, **{"counts": None, "loss_unit": None, **stated})

    assert str(caught.value) == message


def test_compute_that_is_unlike_6_n_d_for_some_runs_is_told():
    alike = [record(line, flops=1.2e18) for line in range(2, 9)]
    mixed = [*alike, record(9, flops=4.8e18)]

    plain = conventions(PLAIN, alike, counts="total", loss_unit="nats/token")[2]
    told = conventions(PLAIN, mixed, counts="total", loss_unit="nats/token")[2]

    assert plain == ()
    assert [one.message for one in told] == [
        "Compute over 6 N D is 1 in the middle and 4 on line 9 (1 such): N or D of these runs may be counted otherwise."
    ]


def test_compute_that_is_unlike_6_n_d_for_all_runs_is_told():
    told = conventions(PLAIN, [record(flops=2.4e18)], counts="total", loss_unit="nats/token")[2]

    assert [one.message for one in told] == [
        "The compute that was logged is 2 times 6 N D: N may count other parameters."
    ]
