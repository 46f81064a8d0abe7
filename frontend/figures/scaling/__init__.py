"""How answers of kind `scaling` look: the loss with its interval, the fan to the target, sizes of the same compute."""

from collections.abc import Mapping

import plotly.graph_objects as go

from frontend.figures.base import (
    Chart,
    Choice,
    Frontier,
    Head,
    LegendEntry,
    Nearest,
    Pick,
    Point,
    Table,
    interval_head,
    ring,
)
from frontend.figures.terms import Term, Terms
from frontend.figures.theme import Theme
from frontend.figures.views import View
from solvers import units
from solvers.documents import Document

HEIGHT = 340
TITLES = {"loss": "Loss", "params": "Parameters", "tokens": "Tokens"}


def _heads(result: Document) -> tuple[Head, ...]:
    estimates = result["estimates"]
    return tuple(interval_head(title, name, estimates[name]) for name, title in TITLES.items() if name in estimates)


def _has_fan(result: Document) -> bool:
    return bool(result["plan"]["fan"])


def _fan_title(result: Document) -> str:
    loss = result["estimates"]["loss"]
    return f"Loss falls to {loss['value']:.3f} at the target ({loss['low']:.3f} to {loss['high']:.3f})"


def _fan(result: Document, theme: Theme) -> go.Figure:
    found, unit = result["plan"]["fan"], result["plan"]["target"]["loss_unit"]
    runs = [run for run in result["plan"]["runs"] if run["loss"] is not None]
    ends = {"mode": "lines", "line": {"color": theme["accent"], "width": 1, "dash": "dot"}}
    drawn = go.Figure(
        [
            go.Scatter(name="Runs", x=[r["flops"] for r in runs], y=[r["loss"] for r in runs], mode="markers"),
            go.Scatter(name="Forecast", x=found["flops"], y=found["value"], line={"color": theme["accent"]}),
            go.Scatter(name="Low", x=found["flops"], y=found["low"], **ends),
            go.Scatter(name="High", x=found["flops"], y=found["high"], **ends),
        ],
        theme.layout(height=HEIGHT, yaxis=theme.axis(f"Loss ({unit})")),
    )
    return drawn.update_xaxes(theme.axis("Compute of training (FLOP)", type="log"))


def _fan_table(result: Document) -> Table:
    found = result["plan"]["fan"]
    columns = ("flops", "params", "tokens", "value", "low", "high")
    rows = tuple(tuple(f"{value:.4g}" for value in row) for row in zip(*(found[name] for name in columns), strict=True))
    return Table("Loss along the best sizes", ("FLOP", "Parameters", "Tokens", "Loss", "Low", "High"), rows)


def _fan_legend(_: Document) -> tuple[LegendEntry, ...]:
    return (LegendEntry("accent", "Forecast with its interval"),)


def _height(_: Document) -> int:
    return HEIGHT


def _entries(result: Document) -> dict[str, Document]:
    return {f"f{place}": entry for place, entry in enumerate(result["frontier"])}


def _second(entry: Document) -> float:
    return float(next(value for name, value in entry["objectives"].items() if name != "loss"))


def _frontier_title(result: Document) -> str:
    return "What smaller models of the same compute lose" if result["frontier"] else "No other size to compare"


def _frontier(result: Document, theme: Theme) -> go.Figure:
    entries = result["frontier"]
    dots = go.Scatter(
        name="Sizes", x=[_second(one) for one in entries], y=[one["objectives"]["loss"] for one in entries]
    )
    layout = theme.layout(height=HEIGHT, yaxis=theme.axis("Loss"))
    return go.Figure([dots, ring(theme)], layout).update_xaxes(theme.axis("Parameters, or FLOP of serving", type="log"))


def _points(result: Document) -> tuple[Point, ...]:
    return tuple(
        Point(key, (one["plan"]["label"], f"{one['objectives']['loss']:.4f}"), "on the frontier")
        for key, one in _entries(result).items()
    )


def _pick(result: Document, key: str) -> Pick | None:
    entry = _entries(result).get(key)
    if entry is None:
        return None
    plan = entry["plan"]
    changes = (("/target", {"params": plan["params"], "tokens": plan["tokens"]}),)
    return Pick(key, plan["label"], "on the frontier", _second(entry), entry["objectives"]["loss"], (), (), changes)


def _none_further(_: Document) -> int:
    return 0


def _choices(result: Document) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            str(rank),
            f"a{rank}",
            entry["plan"]["label"],
            (("Loss", f"{entry['estimates']['loss']['value']:.4f}", ""),),
            entry["why_not"],
        )
        for rank, entry in enumerate(result["alternatives"], start=1)
    )


def _best_so_far(best: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in best.items())


def _words(name: str) -> str:
    return name.rpartition("/")[2].replace("_", " ")


def _nearest(document: Document) -> Nearest:
    return Nearest(
        document["plan"]["label"], tuple((_words(need["constraint"]), need["message"]) for need in document["needs"])
    )


VIEW = View(
    heads=_heads,
    charts=(Chart("fan", _fan_title, _fan, _fan_table, _fan_legend, height=_height, shown=_has_fan, wide=True),),
    frontier=Frontier(
        title=_frontier_title, figure=_frontier, columns=("Size", "Loss"), points=_points, pick=_pick,
        further=_none_further, order="smallest first",
    ),
    choices=_choices,
    best_so_far=_best_so_far,
    reason=_words,
    binding=_words,
    nearest=_nearest,
    terms=Terms({"beyond": Term("Distance", "distance", "other")}, step="the forecast", what="Doubt", by="source",
                quantity=units.SHARE),
    plan_is="Size",
    seen="Runs seen",
    looked_at=("runs read", "were fitted"),
)  # fmt: skip
