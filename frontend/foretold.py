"""What the pages of forecasts say: a forecast and its outcome in sentences, the register's calibration in numbers."""

from dataclasses import dataclass

from frontend.figures.base import Head
from frontend.figures.register import percent, said
from planner.models import Forecast, Outcome
from planner.services import forecasts
from solvers import units
from solvers.documents import Document
from solvers.forecasts.calibration import HOLDS, NARROW, WIDE, Calibration
from solvers.forecasts.score import LATE, OTHER

AWAITED, INSIDE, OUTSIDE, APART = "awaited", "inside", "outside", "does not count"
BADGES = {AWAITED: "run", INSIDE: "good", OUTSIDE: "bad", APART: "warn"}
WHY_APART = {
    OTHER: "The run that was made is more than 1 % larger or smaller than the one that was forecast.",
    LATE: "It was measured before the forecast was frozen, and so was not forecast.",
}
VERDICTS = {
    HOLDS: "That is within what chance does to so few.",
    NARROW: "By chance alone that would be rarer than one in twenty: the intervals are too narrow.",
    WIDE: "By chance alone that would be rarer than one in twenty: the intervals are too wide.",
}


@dataclass(frozen=True)
class Told:
    """A forecast as the pages show it."""

    forecast: Forecast
    outcome: Outcome | None
    standing: str
    badge: str
    loss: str
    interval: str
    unit: str
    level: str
    size: str
    came: str
    error: str
    why_apart: str


def told(forecast: Forecast) -> Told:
    """The forecast, which was loaded with its outcomes, in words."""
    document, outcome = forecast.document, forecasts.outcome(forecast)
    loss, target = document["loss"], document["target"]
    standing = _standing(outcome)
    return Told(
        forecast=forecast,
        outcome=outcome,
        standing=standing,
        badge=BADGES[standing],
        loss=said(loss["value"]),
        interval=f"{said(loss['low'])} to {said(loss['high'])}",
        unit=target["loss_unit"],
        level=whole(document["level"]),
        size=size(target),
        came=said(outcome.loss) if outcome else "",
        error=percent(_error(document, outcome), signed=True) if outcome else "",
        why_apart=WHY_APART.get(outcome.score["apart"], "") if outcome else "",
    )


def size(target: Document) -> str:
    """What was to be trained: `4.76B parameters on 105B tokens`."""
    params, tokens = (units.show(target[name], units.COUNT) for name in ("params", "tokens"))
    return f"{params} parameters on {tokens} tokens"


def came_out(one: Told) -> str:
    """What the outcome is to the forecast, as a sentence; empty while it is awaited."""
    if one.outcome is None:
        return ""
    share = _error(one.forecast.document, one.outcome)
    if round(share, 4) == 0:
        side = "what was forecast"
    else:
        side = f"{percent(abs(share))} {'above' if share > 0 else 'below'} the forecast"
    where = "inside" if one.outcome.score["inside"] else "outside"
    return f"Measured was {one.came}: {where} the interval, {side}."


def facts(document: Document) -> list[tuple[str, str]]:
    """What the frozen run is to keep to."""
    target = document["target"]
    said_of = {
        "Parameters": units.show(target["params"], units.COUNT),
        "Parameters are counted": target["counts"],
        "Tokens": units.show(target["tokens"], units.COUNT),
        "Different tokens there are": _count(target.get("unique_tokens")),
        "Compute": f"{target['flops']:.3g} FLOP".replace("e+", "e") if target.get("flops") else "",
        "Recipe": target.get("recipe", ""),
        "Unit of loss": target["loss_unit"],
    }
    return [(name, value) for name, value in said_of.items() if value]


def heads(found: Calibration) -> tuple[Head, ...]:
    """The register's headline numbers."""
    awaited = found.frozen - found.scored
    waiting = Head("Awaiting their outcome", str(awaited), f"of {found.frozen}", _left_out(found))
    if found.share is None or found.error is None or found.bias is None or found.interval_score is None:
        return (waiting,)
    share = found.share
    inside = Head(
        "Inside their intervals",
        str(found.inside),
        f"of {found.counted}",
        f"{whole(found.promised or 0.0)} was promised",
        low=100.0 * share.low,
        at=min(99.0, 100.0 * share.value),
        high=100.0 * share.high,
        interval=f"{whole(share.low)} – {whole(share.high)} behind them",
    )
    side = f"forecasts too {'high' if found.bias > 0 else 'low'} by {percent(abs(found.bias))} on the mean"
    return (
        inside,
        _share("Mean error", found.error, side),
        _share("Mean interval score", found.interval_score, "width and misses, smaller is better"),
        waiting,
    )


def finding(found: Calibration) -> str:
    """What the chart of all intervals says."""
    if not found.counted:
        return "The intervals in which outcomes are awaited"
    return f"{found.inside} of {found.counted} {_outcomes(found)} inside"


def sentence(found: Calibration) -> str:
    """How well the register holds, as one sentence or two."""
    if not found.counted:
        return "No forecast has an outcome that counts yet, so nothing is known of how well they hold."
    share, promised = whole(found.inside / found.counted), whole(found.promised or 0.0)
    fell = f"{found.inside} of {found.counted} {_outcomes(found)} fell inside the interval ({share})"
    return f"{fell}, where {promised} was promised. {VERDICTS[found.verdict]}"


def whole(share: float) -> str:
    """A share in whole per cents."""
    return f"{100.0 * share:.0f} %"


def _outcomes(found: Calibration) -> str:
    return "outcome" if found.counted == 1 else "outcomes"


def _left_out(found: Calibration) -> str:
    apart = found.scored - found.counted
    return f"{apart} scored {'does' if apart == 1 else 'do'} not count" if apart else ""


def _share(title: str, share: float, note: str) -> Head:
    number, unit = percent(share).split(" ")
    return Head(title, number, unit, note)


def _count(number: float | None) -> str:
    return "" if number is None else units.show(number, units.COUNT)


def _standing(outcome: Outcome | None) -> str:
    if outcome is None:
        return AWAITED
    if outcome.score["apart"]:
        return APART
    return INSIDE if outcome.score["inside"] else OUTSIDE


def _error(document: Document, outcome: Outcome) -> float:
    """By how much the outcome lies above the forecast, as a share of the forecast."""
    return float(outcome.loss / document["loss"]["value"] - 1.0)
