"""An own calibration in words: what moved and how far, what it was learned from, what was set aside and why."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from frontend import measured
from frontend.templatetags.tables import label
from planner.models import Calibration
from solvers import units
from solvers.documents import Document

# Of a normal distribution's middle 80 %, in standard deviations.
EIGHTY = 1.2816
THOUSAND, STAYED = 1000.0, 5e-4
# What coefficients are called whose names are those of rates.
CALLED = {"flops_per_s": "Arithmetic in 16 bit", "memory_bytes_per_s": "Memory bandwidth"}


@dataclass(frozen=True)
class Moved:
    """A coefficient before and after, with its 80 % interval, and what measured it."""

    name: str
    before: str
    after: str
    interval: str
    change: str
    recipe: str


@dataclass(frozen=True)
class Step:
    """A measured step beside what was predicted without the calibration, and with all of it but this step."""

    what: str
    measured: str
    before: str
    before_off: str
    after: str
    after_off: str


@dataclass(frozen=True)
class Aside:
    """What nothing was learned from."""

    recipe: str
    row: str
    reason: str


@dataclass(frozen=True)
class Difference:
    """A line of two calibrations beside each other."""

    what: str
    here: str
    there: str
    change: str


def coefficients(document: Document) -> list[Moved]:
    """Those that were measured first, then those that are as they were."""
    found = [_moved(one) for one in document.get("coefficients", ())]
    return sorted(found, key=lambda one: not one.recipe)


def steps(document: Document) -> list[Step]:
    """The measured steps, in their order."""
    return [_step(one) for one in document.get("steps", ())]


def aside(document: Document) -> list[Aside]:
    """What was set aside, and why."""
    return [
        Aside(measured.title(one["recipe"]), "all" if one["row"] < 0 else str(one["row"] + 1), one["reason"])
        for one in document.get("aside", ())
    ]


def errors(document: Document) -> tuple[str, str]:
    """The median error of steps before and after, each step left out of what predicts it; empty without steps."""
    own = document.get("steps", ())
    if not own:
        return "", ""
    before, after = (median(abs(one[name] / one["seconds"] - 1) for one in own) for name in ("before_s", "left_out_s"))
    return _percent(before), _percent(after)


def sentence(calibration: Calibration) -> str:
    """What it is, in one sentence."""
    document = calibration.document
    told = f"Learned from {units.many(len(document.get('measurements', ())), 'measurement')} on {calibration.device}"
    before, after = errors(document)
    if not before:
        return f"{told} with {calibration.stack}."
    off = f"steps that it has not seen are off by {after} in the median, {before} before"
    return f"{told} with {calibration.stack}: {off}."


def difference(here: Document, there: Document) -> list[Difference]:
    """What differs between two calibrations: coefficient by coefficient, then what they rest on."""
    mine, theirs = ({one["name"]: one["value"] for one in each.get("coefficients", ())} for each in (here, there))
    names = dict.fromkeys((*mine, *theirs))
    lines = [_apart(name, mine.get(name), theirs.get(name)) for name in names if mine.get(name) != theirs.get(name)]
    facts = [Difference(title, _fact(here, name), _fact(there, name), "") for name, title in FACTS]
    return lines + [fact for fact in facts if fact.here != fact.there]


FACTS = (("device", "Device"), ("stack", "Software"), ("base", "Starts from"), ("measurements", "Measurements"),
         ("steps", "Steps"), ("aside", "Set aside"))  # fmt: skip


def _moved(one: Mapping[str, float | str]) -> Moved:
    name, value, spread, before = str(one["name"]), float(one["value"]), float(one["spread"]), float(one["before"])
    low, high = (value * math.exp(sign * EIGHTY * spread) for sign in (-1, 1))
    interval = f"{_value(name, low)} – {_value(name, high)}"
    recipe = str(one["recipe"])
    told = measured.title(recipe) if recipe else ""
    return Moved(_called(name), _value(name, before), _value(name, value), interval, _change(value, before), told)


def _step(one: Document) -> Step:
    seconds, before, after = one["seconds"], one["before_s"], one["left_out_s"]
    return Step(_shape(one), _s(seconds), _s(before), _change(before, seconds), _s(after), _change(after, seconds))


def _shape(one: Document) -> str:
    """`8 layers, hidden 64, 4 × 128 tokens, 2 at once, fp32`; of serving `2 × 128 tokens after 512`."""
    params = one["params"]
    size = f"{units.many(one['layers'], 'layer')}, hidden {params['model']['hidden']:,}"
    if "step" in one:
        step = one["step"]
        new = f"{step['sequences']:,} × {units.many(step['tokens'], 'token')} after {step['start']:,}"
        return f"{size}, {new}, {params['precision']}"
    tokens = f"{params['micro_batch'] * params['micro_batches']} × {params['sequence_length']:,} tokens"
    parts = [tokens] + ([f"{params['micro_batch']} at once"] if params["micro_batches"] > 1 else [])
    again = params.get("recompute", "none")
    return ", ".join([size, *parts, params["precision"]] + ([f"{again} recomputation"] if again != "none" else []))


def _apart(name: str, here: float | None, there: float | None) -> Difference:
    said = ["not in it" if value is None else _value(name, value) for value in (here, there)]
    change = "" if here is None or there is None else _change(here, there)
    return Difference(_called(name), said[0], said[1], change)


def _called(name: str) -> str:
    return CALLED.get(name) or label(name)


def _fact(document: Document, name: str) -> str:
    value = document.get(name, "")
    return units.count(len(value)) if isinstance(value, Sequence) and not isinstance(value, str) else str(value)


def _value(name: str, value: float) -> str:
    if units.quantity_of(name) is not units.COUNT:
        return units.show_named(name, value)
    return units.show(value, units.COUNT) if value >= THOUSAND else f"{value:.3g}"


def _change(value: float, before: float) -> str:
    """`+12.3 %`, or nothing where it stayed."""
    share = value / before - 1
    return "" if abs(share) < STAYED else f"{share:+.1%}".replace("-", "\u2212").replace("%", " %")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _s(seconds: float) -> str:
    return units.show(seconds, units.DURATION)
