"""Filters that tables need: an entry of a mapping by a name known only at run time, numbers said for people."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from frontend.figures.register import percent
from frontend.figures.register import said as said_loss
from frontend.figures.scaling import said as scaling
from planner.models import Run, State
from planner.services.comparison import ANSWERED, Row
from solvers import units

register = template.Library()

# A unit at the end of a word, unless it is what something is counted per.
UNIT = re.compile(r"(?<!_per)_(s|bytes|usd|flops|w|j)(?=_|$)")

# Words of names that people write otherwise; units inside a name are left to the value.
SAID = {
    "mfu": "MFU", "gemm": "GEMM", "hfu": "HFU", "ttft": "TTFT", "tpot": "TPOT", "e2e": "end to end", "kv": "KV",
    "gpu": "GPU", "gpus": "GPUs", "usd": "cost", "params": "parameters",
}  # fmt: skip

SHOWN = {"loss": scaling.loss, "learning_rate": scaling.rate, "flops": scaling.flops}

# Characters that are shown of a text that is a file in itself.
LONG = 60

# Seconds since which nothing is said but that it was just now; above that the largest unit that fits.
JUST_NOW_S = 5.0
AGO = ((86400, "day"), (3600, "h"), (60, "min"), (1, "s"))

DIGEST = re.compile(r"[0-9a-f]{64}")


# A number before its unit, and a count before what is counted: a line must not end between them.
KEPT = re.compile(r"(?<=\d) (?=(?:%|[kMG]?W|[mµ]?s|min|h|days?|GPUs?|[kM]?g/h)(?![\w/]))|(?<=\d) (?=×)|(?<=×) (?=\S)")


# A hyphen within a name of capitals and digits: `A100-80`, `1-128`.
HYPHEN = re.compile(r"(?<=[A-Z0-9]-)(?=[A-Z0-9])")


# Words of a spec within a sentence.
CODE = re.compile(r"`([^`]+)`")


@register.filter
def kept(text: str) -> str:
    """The text with no break between a number and its unit or within a name: `33 %`, `4 × L4`, `A100-80`."""
    return HYPHEN.sub("\u2060", KEPT.sub("\u00a0", str(text)))


@register.filter
def prose(text: str) -> SafeString:
    """A sentence as HTML: kept together as by `kept`, what stands between backticks as code."""
    return mark_safe(CODE.sub(r"<code>\1</code>", conditional_escape(kept(text))))  # noqa: S308 -- escaped just before


@register.filter
def get(mapping: Mapping[Any, Any] | None, key: Any) -> Any:
    """`mapping[key]`, or nothing."""
    return mapping.get(key) if isinstance(mapping, Mapping) else None


@register.filter
def label(name: str) -> str:
    """A name with its unit as a heading: `Step time` for step_time_s."""
    plain = [SAID.get(word, word) for word in UNIT.sub("", name).split("_")]
    words = " ".join(filter(None, plain))
    return words[:1].upper() + words[1:]


@register.filter
def said(value: float | None, name: str) -> str:
    """A number under its name with a unit: `15.7 s` for step_time_s."""
    return "" if value is None else _named(name, value)


def _named(name: str, value: float) -> str:
    """A number under its name: losses and rates as their answers say them."""
    return SHOWN[name](value) if name in SHOWN else units.show_named(name, value)


@register.filter
def loss(value: float) -> str:
    """A loss with four digits."""
    return said_loss(value)


@register.filter
def share(value: float) -> str:
    """A share in per cent, kept on one line: `1.90 %`."""
    return kept(percent(value))


@register.filter
def count_of(value: float) -> str:
    """A number of parameters, tokens or FLOP: `4.76B`."""
    return units.show(value, units.COUNT)


@register.filter
def ago(at: datetime) -> str:
    """How long it is since then: `12 s ago`, `3 h ago`."""
    return said_ago((timezone.now() - at).total_seconds())


def said_ago(seconds: float) -> str:
    """`just now`, `12 s ago`, `5 min ago`, `3 h ago`, `2 days ago`."""
    if seconds < JUST_NOW_S:
        return "just now"
    size, word = next((size, word) for size, word in AGO if seconds >= size)
    number = int(seconds // size)
    return f"{number}\u00a0{word}{'s' if word == 'day' and number > 1 else ''} ago"


@register.filter
def headline(run: Run) -> str:
    """What a list says of a run: the answer's sentence, or how far it is, or what is wrong."""
    if run.state == State.RUNNING:
        return _progress(run.progress)
    if run.problems:
        return str(run.problems[0].get("message", ""))
    return str(run.summary.get("headline", ""))


@register.filter
def best(run: Run) -> str:
    """The first estimate of a solved run, with its unit."""
    return next((_named(name, value) for name, value in _estimates(run)), "")


@register.filter
def best_name(run: Run) -> str:
    """What `best` is: `Step time`."""
    return next((label(name) for name, _ in _estimates(run)), "")


def _estimates(run: Run) -> Iterable[tuple[str, float]]:
    estimates: Mapping[str, float] = run.summary.get("estimates") or {}
    return estimates.items()


def _progress(progress: Mapping[str, Any]) -> str:
    stage, fraction = progress.get("stage", "starting"), progress.get("fraction", 0.0)
    return f"{stage}, {fraction:.0%}"


@register.filter
def any_differs(rows: Iterable[Any]) -> bool:
    """Whether a group has a line to show when only differences are."""
    return any(row.differs for row in rows)


@register.filter
def written(value: Any, row: Row) -> str:
    """A value of a comparison: answers with their units, switches in words, long digests by their beginning."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case int() if row.group != ANSWERED:
            return f"{value:,}"
        case int() | float():
            return _named(row.label.rpartition(".")[2], value)
        case str():
            return _text(value)
    return str(value)


def _text(value: str) -> str:
    """A digest by its beginning, a file that stands in a spec by its beginning and its size."""
    if DIGEST.fullmatch(value):
        return value[:12]
    if "\n" in value:
        lines = value.strip().splitlines()
        return f"{len(lines):,} lines: {lines[0][:LONG]} …"
    return f"{value[:LONG]} … ({len(value):,} characters)" if len(value) > 4 * LONG else value
