"""The whole run: what it takes beside training, and the failures and checkpoints behind it."""

from dataclasses import dataclass

import plotly.graph_objects as go

from frontend.figures.base import LegendEntry, Table, interval
from frontend.figures.theme import Theme
from solvers import units
from solvers.documents import Document

TRAINING = "training"
FRAME, ROW = 62, 30
SECONDS = {"min": 60.0, "h": 3600.0, "days": 86400.0}


@dataclass(frozen=True)
class Kind:
    """How a part of the run is called and coloured."""

    label: str
    colour: str


KINDS = {
    TRAINING: Kind("Training", "compute"),
    "checkpoints": Kind("Checkpoints", "data"),
    "lost": Kind("Work done again", "memory"),
    "detection": Kind("Until failures are seen", "bubble"),
    "restart": Kind("Restarts", "other"),
    "waiting": Kind("Waiting for nodes", "network"),
}


def shown(result: Document) -> bool:
    """Whether the plan says how its run goes; older ones and those over islands may not."""
    return bool(result["plan"].get("run"))


def title(result: Document) -> str:
    """What the bars say."""
    found = _beside(result)
    share = sum(part["time_share"] for part in found)
    most = KINDS[max(found, key=lambda part: part["time_share"])["part"]].label.lower()
    if "run_time_s" not in result["estimates"]:
        return f"Of a run, {_share(share)} is not training; most of that is {most}"
    seconds = sum(part["time_s"] for part in found)
    whole = units.show_named("run_time_s", result["estimates"]["run_time_s"]["value"])
    return f"Of {whole}, {units.show(seconds, units.DURATION)} are not training; most of that is {most}"


def figure(result: Document, theme: Theme) -> go.Figure:
    """A bar for each part beside training: hours, or shares where there are no tokens to count them from."""
    found = _beside(result)
    unit, values = _axis(found)
    axis = theme.axis(f"Time beside training ({unit})", rangemode="tozero", fixedrange=True)
    rows = theme.axis("", autorange="reversed", showgrid=False, fixedrange=True) | {"title": None}
    bars = go.Bar(
        x=values,
        y=[KINDS[part["part"]].label for part in found],
        orientation="h",
        marker={"color": [theme[f"fig-{KINDS[part['part']].colour}"] for part in found]},
        customdata=[[_time(part), _share(part["time_share"])] for part in found],
        hovertemplate="<b>%{y}</b><br>%{customdata[0]}%{customdata[1]} of the run<extra></extra>",
    )
    margin = {"l": 8, "r": 12, "t": 4, "b": 44}
    return go.Figure([bars], theme.layout(bargap=0.35, height=height(result), xaxis=axis, yaxis=rows, margin=margin))


def table(result: Document) -> Table:
    """Every part, training too."""
    parts = result["plan"]["run"]["parts"]
    timed = "time_s" in parts[0]
    columns = ("Part", *(("Time",) if timed else ()), "Share of the run")
    rows = tuple(
        (
            KINDS[part["part"]].label,
            *((units.show(part["time_s"], units.DURATION),) if timed else ()),
            _share(part["time_share"]),
        )
        for part in parts
        if part["time_share"] > 0
    )
    return Table("The whole run by part", columns, rows)


def legend(result: Document) -> tuple[LegendEntry, ...]:
    """The colours in words, with what they take."""
    return tuple(
        LegendEntry(KINDS[part["part"]].colour, KINDS[part["part"]].label, _share(part["time_share"]))
        for part in _beside(result)
    )


def height(result: Document) -> int:
    """Pixels."""
    return FRAME + ROW * len(_beside(result))


def facts(result: Document) -> tuple[tuple[str, str], ...]:
    """Failures, checkpoints and energy: the numbers behind the bars, with what was assumed."""
    run, estimates = result["plan"].get("run"), result["estimates"]
    if not run:
        return ()
    size, write = units.show(run["checkpoint_bytes"], units.SIZE), units.show(run["checkpoint_write_s"], units.DURATION)
    every = units.show(run["interval_s"], units.DURATION)
    formulas = [f"{name} {units.show(run[f'interval_{name.lower()}_s'], units.DURATION)}" for name in ("Young", "Daly")]
    failures = [("Failures to expect", f"{run['failures']:.3g}")] if "failures" in run else []
    found = [
        ("Goodput", _with_interval("goodput", estimates)),
        ("A failure every", units.show(run["mtbf_s"], units.DURATION)),
        *failures,
        ("Checkpoint", f"{size}, written in {write}"),
        ("Save every", f"{every}, {run['interval_steps']:,} steps ({', '.join(formulas)})"),
        (
            "After a failure",
            f"{units.show(run['assumed']['detection_s'] + run['restart_s'], units.DURATION)} to train on",
        ),
    ]
    for name, words in (
        ("energy_j", "Energy"),
        ("energy_j_per_step", "Energy of a step"),
        ("energy_cost_usd", "Its price"),
    ):
        if name in estimates:
            found.append((words, _with_interval(name, estimates)))
    return (*found, ("Assumed", _assumed(run["assumed"])))


def _assumed(assumed: Document) -> str:
    gpu = f"{assumed['gpu_mtbf_s'] / SECONDS['h']:,.0f}"
    spares = "" if assumed["spare_nodes"] is None else f", {assumed['spare_nodes']} spare nodes"
    rate = units.show(assumed["checkpoint_bytes_per_s"], units.RATE)
    return f"{gpu} h between failures of a GPU, storage at {rate}, PUE {assumed['pue']:g}{spares}"


def _with_interval(name: str, estimates: Document) -> str:
    return f"{units.show_named(name, estimates[name]['value'])} ({interval(name, estimates[name])})"


def _beside(result: Document) -> list[Document]:
    parts = [part for part in result["plan"]["run"]["parts"] if part["part"] != TRAINING and part["time_share"] > 0]
    return parts or [{"part": "lost", "time_s": 0.0, "time_share": 0.0}]


def _axis(found: list[Document]) -> tuple[str, list[float]]:
    if "time_s" not in found[0]:
        return "% of the run", [100.0 * part["time_share"] for part in found]
    longest = max(part["time_s"] for part in found)
    unit = next((name for name in ("days", "h") if longest >= 2 * SECONDS[name]), "min")
    return unit, [part["time_s"] / SECONDS[unit] for part in found]


def _time(part: Document) -> str:
    return f"{units.show(part['time_s'], units.DURATION)}, " if "time_s" in part else ""


def _share(share: float) -> str:
    return units.show(share, units.SHARE)
