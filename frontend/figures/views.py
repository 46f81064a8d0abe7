"""What a kind has to give so that its answers can be shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import plotly.graph_objects as go

from frontend.figures.base import Chart, Choice, Frontier, Head, Nearest, Panel, Sheet, no_panels
from frontend.figures.terms import Terms
from frontend.figures.theme import Theme
from solvers import units
from solvers.documents import Document


def left_out(gap: float) -> str:
    """What a search says of the plans that it did not look at."""
    if gap == 0:
        return "None left out: the best of them is the best there is."
    return f"Gap {units.show(gap, units.SHARE)}."


class Heads(Protocol):
    """A module that tells an answer, or what a search has found so far, in numbers."""

    def heads(self, result: Document, /) -> tuple[Head, ...]: ...
    def best_so_far(self, best: Mapping[str, object], /) -> tuple[tuple[str, str], ...]: ...


class Words(Protocol):
    """A module that says why plans were rejected, what binds, and which plan misses by least."""

    def reason(self, key: str, /) -> str: ...
    def binding(self, name: str, /) -> str: ...
    def nearest(self, found: Document, /) -> Nearest: ...


@dataclass(frozen=True)
class View:
    """How one kind's answers are shown; `seen` counts a search under way, `looked_at` one that has ended.

    The panels of `first` stand before the charts, `panels` after them.
    """

    heads: Heads
    words: Words
    charts: tuple[Chart, ...]
    frontier: Frontier
    choices: Callable[[Document], tuple[Choice, ...]]
    terms: Terms
    sheets: tuple[Sheet, ...] = ()
    first: Callable[[Document], tuple[Panel, ...]] = no_panels
    panels: Callable[[Document], tuple[Panel, ...]] = no_panels
    proof: Callable[[float], str] = left_out
    plan_is: str = "Layout"
    seen: str = "Candidates seen"
    looked_at: tuple[str, str] = ("candidates looked at", "are possible")

    def figure(self, name: str, result: Document, theme: Theme) -> go.Figure | None:
        """The figure of that name, or None."""
        drawn = {chart.name: chart.figure for chart in self.charts if chart.shown(result)} | {
            "frontier": self.frontier.figure
        }
        return drawn[name](result, theme) if name in drawn else None
