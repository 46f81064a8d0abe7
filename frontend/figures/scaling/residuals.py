"""What the forecast gets wrong about each run, by compute: a trend would carry on to the target."""

import statistics

import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table
from frontend.figures.scaling import asked, fan, kinds, log, said
from frontend.figures.theme import Theme
from solvers import units
from solvers.documents import Document

HEIGHT = 320
FLAGS = {
    "diverged": "diverged",
    "hardly_trained": "hardly trained",
    "not_decayed": "not decayed",
    "off_rate": "learning rate far off",
    "far": "far from the laws",
    "alone": "checked by no other run",
    "unfinished": "unfinished",
    "no_loss": "no loss",
    "not_best": "not the best of the size",
    "overfitted": "data seen too often",
}


def shown(result: Document) -> bool:
    """Whether there are runs that the laws speak of."""
    return bool(_spoken(result))


def title(result: Document) -> str:
    """How far runs are from the laws, and how many are flagged."""
    runs = asked.parts(result, "runs")
    usual = statistics.median(abs(one["residual"]) for one in _spoken(result))
    flagged = sum(asked.strange(one) for one in runs)
    told = f"{flagged:,} of {said.many(len(runs), 'run')} flagged" if flagged else "none is flagged"
    return f"Half of the runs are within {said.percent(usual)} of the laws; {told}"


def figure(result: Document, theme: Theme) -> go.Figure:
    """Residuals against compute around a line at zero; flagged runs as rings."""
    plain = [one for one in _spoken(result) if not one["flags"]] or _spoken(result)
    reach = _reach([100 * one["residual"] for one in plain])
    layout = theme.layout(
        height=HEIGHT,
        hovermode="closest",
        xaxis=log.axis(theme, "Training compute (FLOP)", [one["flops"] for one in _spoken(result)], log.ten),
        yaxis=theme.axis("Loss above the laws (%)", range=[-reach, reach], zeroline=True, fixedrange=False)
        | {"zerolinecolor": theme["line-strong"]},
    )
    return go.Figure(fan.dots(result, theme, y="residual", scale=100), layout)


def table(result: Document) -> Table:
    """Every run with what the laws say of it, what it counts for, and its flags."""
    recipes = any(one.get("recipe") for one in asked.parts(result, "runs"))
    unlike = bool(asked.parts(result, "kinds"))
    rows = tuple(_row(one, recipes=recipes, unlike=unlike) for one in asked.parts(result, "runs"))
    named = (*(("Recipe",) if recipes else ()), *(("Kind",) if unlike else ()))
    columns = ("Run", *named, "Parameters", "Tokens", "Compute", "Loss", "The laws say", "Off by", "Weight",
               "Leverage", "Flags")  # fmt: skip
    caption = f"The runs: parameters ({asked.counts(result)}), loss in {asked.unit(result)}"
    return Table(caption, columns, rows)


def legend(result: Document) -> tuple[LegendEntry, ...]:
    """Runs, and those flagged by why."""
    runs = asked.parts(result, "runs")
    counts: dict[str, int] = {}
    for one in runs:
        for code in one["flags"]:
            counts[code] = counts.get(code, 0) + (code not in asked.ORDINARY)
    told = ", ".join(
        f"{count:,} {FLAGS.get(code, code.replace('_', ' '))}" for code, count in sorted(counts.items()) if count
    )
    flagged = (LegendEntry("limit", f"Flagged: {told}"),) if told else ()
    return (LegendEntry("other", "Runs fitted to", units.count(asked.fitted(result))), *flagged)


def height(_: Document) -> int:
    """Pixels."""
    return HEIGHT


def _spoken(result: Document) -> list[Document]:
    return [one for one in asked.parts(result, "runs") if one["residual"] is not None]


def _reach(values: list[float]) -> float:
    """Half of the axis: all but a few far runs, which a double click shows."""
    ordered = sorted(abs(value) for value in values)
    usual = ordered[min(len(ordered) - 1, int(0.98 * len(ordered)))]
    return 1.12 * max(min(ordered[-1], 3 * usual), 0.05)


def _row(one: Document, *, recipes: bool, unlike: bool) -> tuple[str, ...]:
    off = "–" if one["residual"] is None else f"{'+' if one['residual'] > 0 else ''}{said.percent(one['residual'])}"
    flags = ", ".join(FLAGS.get(code, code.replace("_", " ")) for code in one["flags"]) or "–"
    return (
        str(one["name"]),
        *((str(one.get("recipe") or "–"),) if recipes else ()),
        *((kinds.words(one),) if unlike else ()),
        said.size(one["params"]),
        said.size(one["tokens"]),
        said.flops(one["flops"]),
        "–" if one["loss"] is None else said.loss(one["loss"]),
        "–" if one["fitted"] is None else said.loss(one["fitted"]),
        off,
        _share(one["weight"]),
        _share(one["leverage"]),
        flags,
    )


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
