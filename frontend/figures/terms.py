"""Where the time of one step goes, or its cost: a bar whose parts add up to it, and the words for its terms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table
from frontend.figures.theme import Theme
from solvers import units
from solvers.documents import Document

LABELLED = 0.07
TOLD = 0.17
"""From this share of the bar on there is room for the name and the time, beside a half of a page."""
SEEN = 1e-3
HEIGHT = 116
TEXT_PX = 12


@dataclass(frozen=True)
class Term:
    """How a term of the breakdown is called and coloured; the fainter shades are the rarer users of one network."""

    label: str
    short: str
    colour: str
    strength: float = 1.0


@dataclass(frozen=True)
class Part:
    """One term of one step: seconds, and its share of the step."""

    name: str
    term: Term
    seconds: float
    share: float


def explained(result: Document) -> list[Document]:
    """The terms as the solver gives them; none where there is no plan."""
    found: list[Document] = result.get("explanation", {}).get("breakdown", [])
    return found


@dataclass(frozen=True)
class Terms:
    """A kind's terms in the order of their legend.

    `step` is what the bar stands for, `unit` how its axis counts it; `what` the parts are of, `quantity`, and what
    is said of plans with `equal` bars. `read` finds the parts in a result.
    """

    known: Mapping[str, Term]
    step: str = "one step"
    unit: str = "s"
    unit_s: float = 1.0
    what: str = "Time"
    by: str = "term"
    equal: str = "takes as long"
    quantity: units.Quantity = units.DURATION
    read: Callable[[Document], list[Document]] = explained

    @property
    def axis(self) -> str:
        """The title of the axis."""
        return f"{self.what} of {self.step} ({self.unit})"

    @property
    def caption(self) -> str:
        """The caption of the table."""
        return f"{self.what} of {self.step} by {self.by}"

    def of(self, name: str) -> Term:
        """How a term is shown; one that is new here stands in its own words."""
        words = name.replace("_", " ")
        return self.known.get(name, Term(words[:1].upper() + words[1:], words, "other"))

    def order(self, name: str) -> tuple[int, str]:
        """Known terms in their order, others after them."""
        return (list(self.known).index(name) if name in self.known else len(self.known), name)

    def parts(self, breakdown: list[Document]) -> tuple[Part, ...]:
        """The terms that take any time, in the order the solver gives them."""
        total = sum(entry["value"] for entry in breakdown) or 1.0
        return tuple(
            Part(entry["term"], self.of(entry["term"]), entry["value"], entry["value"] / total)
            for entry in breakdown
            if entry["value"] > 0
        )

    def figure(self, result: Document, theme: Theme) -> go.Figure:
        """One stacked bar."""
        bars = [self._bar(part, theme) for part in self._parts(result)]
        axis = theme.axis(self.axis, rangemode="tozero", showgrid=False, fixedrange=True)
        hidden = {"visible": False, "fixedrange": True}
        margin = {"l": 4, "r": 12, "t": 4, "b": 44}
        return go.Figure(
            bars,
            theme.layout(
                barmode="stack",
                bargap=0,
                height=HEIGHT,
                xaxis=axis,
                yaxis=hidden,
                margin=margin,
                uniformtext={"mode": "hide", "minsize": TEXT_PX},
            ),
        )

    def table(self, result: Document) -> Table:
        """Every term in seconds and as a share."""
        rows = tuple(
            (part.term.label, units.show(part.seconds, units.DURATION), units.show(part.share, units.SHARE))
            for part in self._parts(result)
        )
        return Table(self.caption, ("Term", "Time", "Share of the step"), rows)

    def legend(self, result: Document) -> tuple[LegendEntry, ...]:
        """The colours in words, with their seconds, of the terms that can be seen; the table has all."""
        return tuple(
            LegendEntry(
                part.term.colour,
                part.term.label,
                units.show(part.seconds, units.DURATION),
                faint=part.term.strength < 1,
            )
            for part in self._parts(result)
            if part.share >= SEEN
        )

    def _parts(self, result: Document) -> tuple[Part, ...]:
        return self.parts(result["explanation"]["breakdown"])

    def _bar(self, part: Part, theme: Theme) -> go.Bar:
        shown = units.show(part.seconds, units.DURATION)
        colour = theme.tint(f"fig-{part.term.colour}", part.term.strength)
        return go.Bar(
            name=part.term.label,
            x=[part.seconds / self.unit_s],
            y=[""],
            orientation="h",
            marker={"color": colour, "line": {"color": theme["surface"], "width": 1}},
            text=[_inside(part, shown)],
            textposition="inside",
            insidetextanchor="start",
            textangle=0,
            textfont={"color": theme.on(colour), "size": TEXT_PX},
            constraintext="inside",
            hovertemplate=f"<b>{part.term.label}</b><br>{shown}, {units.show(part.share, units.SHARE)}<extra></extra>",
        )


def height(_: Document) -> int:
    """Pixels."""
    return HEIGHT


def _inside(part: Part, shown: str) -> str:
    """What may fit into the bar: name and time, the name, or nothing; narrow pages hide what does not."""
    if part.share < LABELLED:
        return ""
    return f"\u2002{part.term.short} {shown}" if part.share >= TOLD else f"\u2002{part.term.short}"
