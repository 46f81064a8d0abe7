"""How accurate training is: published steps held out part by part, and published memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from solvers.accuracy.document import Accuracy, Figure, Group, Groups, Line, Peer, Worst
from solvers.training import calibration, tables
from solvers.training.accuracy import score
from solvers.training.evidence.peaks import score_memory
from tests.accuracy.parts import WORST, peer, percent, rows, source, whole

NAME = "training"
STEP, MEMORY = "step time", "peak memory"
NEEDS = ("measurements.csv", "memory.csv")
KORTHIKANTI = "Korthikanti et al., table 5: at the priors"
MODELS = "NVIDIA (Bridge, NeMo, Launcher): a model"
ALL = "all rows: random fifth"
SIZES = ("vTrain, several nodes: a model size, with one-node rows", "llm-foundry: a model size")
OPEN = "openly licensed; each row's source and licence in published.yaml"
CLOSED = "published figures whose terms do not all let them ship"
LEFT_OUT = "peak memory: the group of each run"


@dataclass(frozen=True)
class Scores:
    """What the tables print, as documents: lines by name, memory by part, and all rows as the model ships."""

    lines: Mapping[str, Mapping[str, Any]]
    memory: Mapping[str, Any]
    peaks: Mapping[str, Any]
    every: Mapping[str, Any]


def scores(data: Path) -> Scores:
    """Every line, computed: about a minute of CPU time."""
    shipped, shared = rows(tables.SHIPPED), rows(data / NAME / NEEDS[0])
    lines = {}
    for line in tables.LINES:
        every = shared if line.name == KORTHIKANTI else shipped
        beside = [row for row in every if line.beside and line.beside(row)]
        scored = [row for row in every if line.keep(row)]
        lines[line.name] = score(scored, calibrate_on=beside, protocol=line.protocol, seeds=line.seeds)
    return Scores(
        lines,
        score_memory(rows(data / NAME / NEEDS[1])),
        score(shipped, protocol="prior")["peak_memory"],
        score(shared, protocol="prior"),
    )


def document(data: Path, *, at: date, command: str, found: Scores | None = None) -> Accuracy:
    """The document."""
    found = found or scores(data)
    return whole({
        "kind": NAME,
        "date": at,
        "command": command,
        "calibration": calibration.name_of("published"),
        "headline": _headline(found.lines),
        "errors_of": "Errors of the predicted time of a training step, as shares of what was measured; regret is the "
        "measured time of the layout that we would pick over the best measured one's.",
        "baseline": "every run reaches the median utilisation of the runs that taught the model",
        "interval_level": 0.8,
        "lines": [*_lines(found.lines), *_memory(found)],
        "main": _main(found.lines),
        "groups": _groups(found.lines),
        "figures": _figures(found.every),
        "worst": _worst(found.lines),
        "data": [
            source(tables.SHIPPED, OPEN),
            *(source(data / NAME / name, CLOSED) for name in NEEDS),
        ],
    })  # fmt: skip


def _main(lines: Mapping[str, Any]) -> int:
    """The place of the line of new models."""
    return [line.held_out for line in _lines(lines)].index(MODELS)


def _headline(lines: Mapping[str, Any]) -> str:
    new, known = lines[MODELS], lines[ALL]
    return (
        f"The time of a step errs by {percent(new['step_time']['mape'])} in the mean for a model that nobody has"
        f" measured ({percent(new['step_time']['median'])} at the median), by {percent(known['step_time']['mape'])}"
        " where other runs of it are known; assuming one utilisation for all errs by"
        f" {percent(new['constant_mfu_baseline']['mape'])} and {percent(known['constant_mfu_baseline']['mape'])}."
    )


def _lines(lines: Mapping[str, Any]) -> list[Line]:
    found = []
    for line in tables.LINES:
        result = lines[line.name]
        found.append(_drawn(line, result) if line.nodes else _line(line, result))
        if any("MoE" in name for name in result["by_kind"]):
            found += [_part(name, part) for name, part in result["by_kind"].items()]
    return found


def _line(line: tables.Line, result: Mapping[str, Any]) -> Line:
    regrets = [one["regret"] for one in result["ranking"]]
    parts = [part["mape"] for part in result["by_group"].values()]
    return Line(
        held_out=line.name,
        quantity=STEP,
        rows=result["scored"],
        mean=result["step_time"]["mape"],
        median=result["step_time"]["median"],
        worst=max(parts) if len(parts) > 1 else None,
        baseline=result["constant_mfu_baseline"]["mape"],
        peer=_peer(line.name),
        regret=(sum(regrets) / len(regrets), max(regrets)) if regrets else None,
        coverage=result["interval"]["coverage"],
        goal=_goal(line.bar),
    )


def _drawn(line: tables.Line, result: Mapping[str, Any]) -> Line:
    """Rows on one node or on several: means over the draws, the worst of them."""
    part = result["protocol"][line.nodes]
    kept = result["by_kind"][f"dense / {str(line.nodes).replace('_', ' ')}"]
    return Line(
        held_out=line.name,
        quantity=STEP,
        rows=kept["rows"] // line.seeds,
        mean=part["mape"]["mean"],
        median=kept["median"],
        worst=part["mape"]["worst"],
        baseline=kept["constant_mfu_mape"],
        peer=peer(NAME, "several nodes"),
        regret=(part["regret"]["mean"], part["regret"]["worst"]),
        coverage=kept["coverage"],
        goal=_goal(line.bar),
    )


def _part(name: str, part: Mapping[str, Any]) -> Line:
    regret = part["regret"]
    return Line(
        held_out=name,
        quantity=STEP,
        rows=part["rows"],
        mean=part["mape"],
        median=part["median"],
        baseline=part["constant_mfu_mape"],
        regret=(regret["mean"], regret["worst"]) if regret["groups"] else None,
        coverage=part["coverage"],
        part=True,
    )


def _peer(name: str) -> Peer | None:
    if name == KORTHIKANTI:
        return peer(NAME, "Korthikanti")
    places = ("several nodes", "one node") if name.startswith("vTrain") else ()
    return next((peer(NAME, place) for place in places if place in name.partition(":")[0]), None)


def _goal(bar: str) -> str:
    return "" if bar == "-" else bar


def _memory(found: Scores) -> list[Line]:
    left = found.peaks["left_out"]
    lines = [
        Line(
            held_out=LEFT_OUT,
            quantity=MEMORY,
            rows=found.peaks["rows"],
            mean=left["mape"],
            worst=-left["worst_under"],
            goal=_goal("8 %, none under by 10 %"),
        )
    ]
    for name, bar in tables.MEMORY_BARS.items():
        part = found.memory[name]
        if name != "peak":
            words = f"memory, Korthikanti et al.: {name.replace('_', ' ')}"
            lines.append(
                Line(
                    held_out=words,
                    quantity="memory",
                    rows=part["rows"],
                    mean=part["mape"],
                    worst=part["max"],
                    peer=peer(NAME, name),
                    goal=_goal(bar),
                )
            )
    return lines


def _groups(lines: Mapping[str, Any]) -> list[Groups]:
    return [
        Groups(
            held_out=name,
            axis="Mean error of the step time",
            groups=tuple(
                Group(
                    name=label.replace("_", " "),
                    rows=part["rows"],
                    error=part["mape"],
                    baseline=part["constant_mfu_mape"],
                    coverage=part["coverage"],
                )
                for label, part in lines[name]["by_group"].items()
            ),
        )
        for name in (MODELS, *SIZES)
    ]


def _figures(every: Mapping[str, Any]) -> list[Figure]:
    share = every["fits_memory"] / every["expressible"]
    return [
        Figure(what="published runs that can be expressed", found=f"{every['expressible']:,} of {every['rows']:,}"),
        Figure(what="... of these said to fit in memory", found=percent(share), goal="99 %"),
    ]


def _worst(lines: Mapping[str, Any]) -> Sequence[Worst]:
    """The held-out models and sizes that are furthest off."""
    found = [
        Worst(name=label.replace("_", " "), held_out=name, error=part["mape"], rows=part["rows"])
        for name in (MODELS, *SIZES)
        for label, part in lines[name]["by_group"].items()
    ]
    return sorted(found, key=lambda one: -one.error)[:WORST]
