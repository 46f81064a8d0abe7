"""The numbers on top of a scaling answer."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from frontend.figures.base import Head, interval_head, widest
from frontend.figures.scaling import asked, said
from solvers import units
from solvers.documents import Document
from solvers.scaling import halves

MOST = 1.0
"""The bars end at twice the value at the most."""
NAMES = ("loss", "params", "tokens", "gpu_hours")
"""What shares the axis of the bars; learning rates are known to a factor only and have a logarithmic one."""
DECADE = 10.0


def heads(result: Document) -> tuple[Head, ...]:
    """The loss to expect, what to train, how, and what that takes."""
    half = min(MOST, widest(result["estimates"], NAMES))
    made = (
        _loss(result, half),
        _params(result, half),
        _tokens(result, half),
        _rate(result, half),
        _hours(result, half),
    )
    return tuple(head for head in made if head is not None)


def best_so_far(best: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """What an answer under way has found, as label and value."""
    known: dict[str, tuple[str, Callable[[float], str]]] = {
        "loss": ("Loss so far", said.loss),
        "params": ("Parameters so far", said.size),
        "tokens": ("Tokens so far", said.size),
        "half_width": ("Interval so far", lambda value: f"± {said.percent(value)}"),
        "after": ("Interval after the ladder", lambda value: f"± {said.percent(value)}"),
    }
    return tuple(
        (known[name][0], known[name][1](float(value)))
        for name, value in best.items()
        if name in known and isinstance(value, int | float)
    )


def _head(title: str, estimate: Document, show: Callable[[float], str], half: float) -> Head:
    """An estimate in its own digits."""
    ends = f"{show(estimate['low'])} – {show(estimate['high'])}" if estimate["low"] < estimate["high"] else ""
    made = interval_head(title, "", estimate, widest=half)
    return replace(made, value=show(estimate["value"]), unit="", interval=ends)


def _loss(result: Document, half: float) -> Head | None:
    estimate = asked.loss(result)
    if estimate is None:
        return None
    if asked.too_far(result):
        note = f"the laws point to {said.loss(estimate['value'])} {asked.unit(result)}; none was ever tried so far"
        return Head("Loss to expect", "–", "", note)
    share = halves.half(estimate)
    note = f"± {said.percent(share)}" if share > 0 else ""
    return replace(_head("Loss to expect", estimate, said.loss, half), unit=asked.unit(result), note=note)


def _params(result: Document, half: float) -> Head:
    target = asked.target(result)
    how = asked.HOW.get(target["how"], str(target["how"]))
    made = _head("Parameters", _estimate(result, "params"), said.size, half)
    return replace(made, unit=asked.counts(result), note=how)


def _tokens(result: Document, half: float) -> Head:
    target = asked.target(result)
    epochs = target.get("epochs") or 1
    seen = f", each seen {said.number(epochs)} times" if epochs > 1.005 else ""
    note = f"{said.number(target['tokens_per_param'])} a parameter{seen}"
    return replace(_head("Tokens", _estimate(result, "tokens"), said.size, half), note=note)


def _rate(result: Document, half: float) -> Head | None:
    training = asked.part(result, "training")
    if not training:
        return None
    schedule = said.SCHEDULES.get(training["schedule"], training["schedule"])
    note = f"at its peak, {schedule}; batches of {said.size(training['batch_tokens']['value'])} tokens"
    rate = training["learning_rate"]
    low, high = (_along(rate[end] / rate["value"]) for end in ("low", "high"))
    return replace(_head("Learning rate", rate, said.rate, half), note=note, low=low, high=high)


def _along(factor: float) -> float:
    """Where a factor of the value stands on a bar from a DECADE below it to a DECADE above, in percent."""
    return round(min(100.0, max(0.0, 50.0 + 50.0 * math.log(factor) / math.log(DECADE))), 2)


def _hours(result: Document, half: float) -> Head | None:
    estimate, gpus = result["estimates"].get("gpu_hours"), asked.target(result).get("gpus")
    if estimate is None:
        return None
    note = f"on {units.count(gpus)} GPUs" if gpus else ""
    return replace(_head("GPU-hours", estimate, said.number, half), note=note)


def _estimate(result: Document, name: str) -> Document:
    """The estimate of that name; what was given has no interval."""
    value = asked.target(result)[name]
    found: Document = result["estimates"].get(name) or {"value": value, "low": value, "high": value}
    return found
