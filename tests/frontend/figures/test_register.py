"""Figures of forecasts: their data, then the names of their traces."""

import pytest

from frontend.figures import register
from frontend.figures.register import Line
from frontend.figures.theme import NAMES, theme

STATEMENT = {
    "target": {"params": 1e9, "tokens": 1e11, "flops": 6e20, "loss_unit": "nats/token"},
    "loss": {"value": 2.0, "low": 1.9, "high": 2.2},
    "level": 0.9,
}
INSIDE = {"loss": 2.1, "params": None, "tokens": None, "score": {"inside": True, "apart": ""}}
OUTSIDE = {"loss": 2.4, "params": 1e9, "tokens": 2e11, "score": {"inside": False, "apart": "other_size"}}
FAN = {"flops": [1e18, 1e20, 1e22], "value": [3.0, 2.4, 1.9], "low": [2.9, 2.3, 1.8], "high": [3.1, 2.5, 2.0]}


def test_a_line_is_in_shares_of_the_forecast() -> None:
    found = [register.line("a", STATEMENT, outcome) for outcome in (None, INSIDE, OUTSIDE)]

    low, high = pytest.approx(-0.05), pytest.approx(0.1)
    assert found == [
        Line("a", low, high, None, inside=False, counts=False),
        Line("a", low, high, pytest.approx(0.05), inside=True, counts=True),
        Line("a", low, high, pytest.approx(0.2), inside=False, counts=False),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_outcomes_are_coloured_by_where_they_fell(name: str) -> None:
    shown = theme(name)
    lines = [
        Line("in", -0.05, 0.1, 0.05, inside=True, counts=True),
        Line("awaited", -0.05, 0.1, None, inside=False, counts=False),
        Line("out", -0.05, 0.1, 0.2, inside=False, counts=True),
        Line("apart", -0.05, 0.1, 0.0, inside=True, counts=False),
    ]

    drawn = register.intervals(lines, shown)

    bars, outcomes = drawn.data
    assert (list(bars.base), list(bars.x)) == ([-5.0] * 4, [pytest.approx(15.0)] * 4)
    assert (list(outcomes.y), list(outcomes.x)) == ([0, 2, 3], [5.0, 20.0, 0.0])
    assert list(outcomes.marker.color) == [shown["good"], shown["bad"], shown["ink-3"]]
    assert [(note.text, note.y) for note in drawn.layout.annotations] == [
        ("in", 0),
        ("awaited", 1),
        ("out", 2),
        ("apart", 3),
    ]


def test_a_name_is_text_and_never_markup() -> None:
    drawn = register.intervals([Line("<b>x</b>" * 9, -0.1, 0.1, 0.0, inside=True, counts=True)], theme("light"))

    (name,) = [note.text for note in drawn.layout.annotations]
    assert (name.startswith("&lt;b&gt;x&lt;/b&gt;"), name.endswith("…")) == (True, True)


def test_one_interval_shows_what_was_recorded_and_since_corrected() -> None:
    awaited = register.placed(STATEMENT, [], theme("light"))
    corrected = register.placed(STATEMENT, [OUTSIDE, INSIDE], theme("light"))

    assert [trace.name for trace in awaited.data] == ["Interval", "Forecast"]
    assert [(trace.name, list(trace.x)) for trace in corrected.data[2:]] == [("Corrected", [2.4]), ("Measured", [2.1])]
    assert corrected.data[3].marker.color == (theme("light")["good"],)
    low, high = corrected.layout.xaxis.range
    assert (low < 1.9, high > 2.4) == (True, True)


def test_a_forecast_without_width_still_has_an_axis() -> None:
    low, high = register.placed(
        {**STATEMENT, "loss": {"value": 2.0, "low": 2.0, "high": 2.0}}, [], theme("light")
    ).layout.xaxis.range

    assert low < 2.0 < high


@pytest.mark.parametrize(("outcome", "flops"), [(INSIDE, 6e20), (OUTSIDE, 1.2e21)])
def test_the_fan_holds_the_frozen_point_and_the_measured_one(outcome: dict, flops: float) -> None:
    drawn = register.fan(STATEMENT, FAN, [outcome], theme("light"))

    points = {trace.name: (list(trace.x), list(trace.y)) for trace in drawn.data}
    assert points["Frozen"] == ([6e20], [2.0])
    assert points["Measured"] == ([pytest.approx(flops)], [outcome["loss"]])
    assert points["Forecast"] == (FAN["flops"], FAN["value"])


def test_without_an_outcome_the_fan_has_no_measured_point() -> None:
    drawn = register.fan({**STATEMENT, "target": {**STATEMENT["target"], "flops": None}}, FAN, [], theme("light"))

    assert [trace.name for trace in drawn.data] == ["Low", "Interval", "Forecast", "Frozen"]
    assert len(drawn.layout.xaxis.tickvals) > 1
    assert drawn.data[3].x == (6e20,)


@pytest.mark.parametrize(("loss", "said"), [(2.0, "2.000"), (0.47459, "0.4746"), (12.0, "12.000")])
def test_losses_keep_their_digits(loss: float, said: str) -> None:
    assert register.said(loss) == said


@pytest.mark.parametrize(("share", "said"), [(0.1234, "+12.34 %"), (-0.01, "−1.00 %"), (0.0, "0.00 %")])
def test_shares_carry_their_sign_where_it_is_asked(share: float, said: str) -> None:
    assert register.percent(share, signed=True) == said
