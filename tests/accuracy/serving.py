"""How accurate serving is: closed loops of engines held out by whole groups, and open loops request by request."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from solvers.accuracy.document import Accuracy, Figure, Group, Groups, Line, Peer, Worst
from solvers.serving import calibration, tables
from solvers.serving.accuracy import score, told
from solvers.serving.evidence.columns import Row, number
from tests.accuracy.parts import WORST, peer, percent, rows, source, whole

NAME = "serving"
TOKEN, FIRST = "time per output token", "time to first token"
CLOSED, PEER = "closed_loop_engine_measurements.csv", tables.PEER
RUNS, REQUESTS, PROFILES = "open_loop_vllm_runs.csv", "open_loop_vllm_requests.csv", "lss_profile_*.csv"
MODELS, SYSTEMS = "whole models", "whole systems"
GOALS = {MODELS: "15 % dense, 20 % MoE", "groups, but for 3 points of each": "10 %"}
CLASSES = {"dense": "dense models", "moe": "mixtures of experts"}
MODES = {"agg": "prefill and decode together", "disagg": "prefill and decode apart"}
# Groups of fewer rows than these are not named.
FEWEST = 10
# LLMServingSim's published mean errors of TPOT and TTFT on its own runs.
THEIRS = {"RTX4090": "+0.2, +0.6 %", "RTXPRO6000": "-1.0, -4.0 %"}


@dataclass(frozen=True)
class Scores:
    """What the table prints, by line: a document, and aiconfigurator's errors beside ours on its rows."""

    lines: Mapping[str, Mapping[str, Any]]
    peers: Mapping[str, tuple[Peer, Peer] | None]
    open_loop: Sequence[Mapping[str, Any]]


def scores(data: Path) -> Scores:
    """Every line, computed: minutes of CPU time."""
    folder = data / NAME
    measured, theirs = rows(folder / CLOSED), {row["id"]: row for row in rows(folder / PEER)}
    lines, peers = {}, {}
    for name, protocol, _ in tables.LINES:
        lines[name], predictions = told(measured, protocol=protocol)
        peers[name] = against(measured, predictions, theirs)
    profiles = {path.name: path.read_text("utf-8") for path in sorted(folder.glob(PROFILES))}
    open_loop = score(rows(folder / REQUESTS), runs=rows(folder / RUNS), profiles=profiles)["runs"]
    return Scores(lines, peers, open_loop)


def against(
    measured: Sequence[Row], predictions: Mapping[int, tuple[float, float]], theirs: Mapping[str, Row]
) -> tuple[Peer, Peer] | None:
    """Aiconfigurator on the rows that both predicted: mean error of TPOT, median error of TTFT."""
    both = [(n, theirs[row["id"]]) for n, row in enumerate(measured) if n in predictions and row["id"] in theirs]
    both = [(n, one) for n, one in both if number(one, "predicted_tpot_ms")]
    if not both:
        return None
    parts = []
    for place, (quantity, fold) in enumerate((("tpot", np.mean), ("ttft", np.median))):
        came = np.array([number(measured[n], f"silicon_{quantity}_ms") for n, _ in both]) * tables.MILLI
        said = np.array([number(one, f"predicted_{quantity}_ms") for _, one in both]) * tables.MILLI
        ours = np.array([predictions[n][place] for n, _ in both])
        errors = [float(fold(np.abs(found / came - 1.0))) for found in (said, ours)]
        parts.append(peer(NAME, "aiconfigurator", error=errors[0], here=errors[1], rows=len(both)))
    return parts[0], parts[1]


def document(data: Path, *, at: date, command: str, found: Scores | None = None) -> Accuracy:
    """The document."""
    found = found or scores(data)
    folder = data / NAME
    lines = [line for name, _, _ in tables.LINES for line in _lines(name, found)]
    return whole({
        "kind": NAME,
        "date": at,
        "command": command,
        "calibration": calibration.name_of("published"),
        "headline": _headline(found),
        "errors_of": "Errors of the predicted time per output token and, in rows that say so, to the first token, as "
        "shares of what engines took in closed loops. Rows of a group are points of one sweep, so whole groups are "
        "held out.",
        "baseline": "a roofline times the constant that fits the other groups best",
        "interval_level": 0.8,
        "lines": lines,
        "main": [line.held_out for line in lines].index(MODELS),
        "groups": [_groups(name, found.lines[name]) for name in (MODELS, SYSTEMS)],
        "figures": list(_figures(found)),
        "worst": _worst(found.lines[MODELS]),
        "data": [
            source(folder / CLOSED, "measured by InferenceX; its terms do not let it ship"),
            source(folder / PEER, "our run of aiconfigurator 0.12.0 on those rows"),
            *(source(folder / name, "LLMServingSim, MIT") for name in (RUNS, REQUESTS)),
        ],
    })  # fmt: skip


def _headline(found: Scores) -> str:
    new = found.lines[MODELS]
    beside = found.peers[MODELS]
    of_peer = "" if beside is None else (
        f" On the {beside[0].rows} rows that aiconfigurator can predict it errs by {percent(beside[0].error)},"
        f" we by {percent(beside[0].here or 0.0)}."
    )  # fmt: skip
    return (
        f"The time per output token errs by {percent(new['tpot']['mape'])} in the mean for a model that nobody has"
        f" measured ({percent(new['tpot']['median'])} at the median), the time to the first token by"
        f" {percent(new['ttft']['median'])} at the median; a fitted roofline errs by"
        f" {percent(new['baseline']['tpot_mape'])}.{of_peer}"
    )


def _lines(name: str, found: Scores) -> Iterator[Line]:
    result, beside = found.lines[name], found.peers[name]
    folds = [part["tpot"]["mape"] for part in result["by_fold"].values() if part["rows"] >= FEWEST]
    rows_ = sum(fold["scored"] for fold in result["protocol"]["folds"])
    yield _tokens(
        name,
        {**result, "rows": rows_},
        peer=beside[0] if beside and name == MODELS else None,
        worst=max(folds) if result["protocol"]["name"].startswith("leave-out") else None,
        goal=GOALS.get(name, ""),
    )
    yield Line(
        held_out="time to the first token",
        quantity=FIRST,
        rows=rows_,
        mean=result["ttft"]["mape"],
        median=result["ttft"]["median"],
        peer=beside[1] if beside and name == MODELS else None,
        coverage=result["interval"]["ttft_coverage"],
        goal="25 % at the median" if name == MODELS else "",
        part=True,
    )
    yield from (_tokens(CLASSES[key], part, part=True) for key, part in result["by_class"].items())
    if name == MODELS:
        yield from (_tokens(MODES[key], part, part=True) for key, part in result["by_mode"].items())


def _tokens(name: str, told_of: Mapping[str, Any], **more: Any) -> Line:
    return Line(
        held_out=name,
        quantity=TOKEN,
        rows=told_of["rows"],
        mean=told_of["tpot"]["mape"],
        median=told_of["tpot"]["median"],
        baseline=told_of["baseline"]["tpot_mape"],
        coverage=told_of["interval"]["coverage"],
        **more,
    )


def _groups(name: str, result: Mapping[str, Any]) -> Groups:
    found = [
        Group(
            name=label,
            rows=part["rows"],
            error=part["tpot"]["mape"],
            baseline=part["baseline"]["tpot_mape"],
            coverage=part["interval"]["coverage"],
        )
        for label, part in result["by_fold"].items()
    ]
    return Groups(held_out=name, axis="Mean error of the time per output token", groups=tuple(found))


def _figures(found: Scores) -> Iterator[Figure]:
    new = found.lines[MODELS]
    yield Figure(
        what="published rows that can be expressed",
        found=f"{percent(new['covered'])} of {new['rows']:,}",
        goal="95 %",
        beside="aiconfigurator 0.12.0: 74 % of 1,636 tried",
    )
    for one in found.open_loop:
        theirs = next(
            (text for name, text in THEIRS.items() if name in one["hw"].replace(" ", "").replace("_", "")), ""
        )
        yield Figure(
            what=f"open loop of vLLM, {one['model']} on {one['hw']}, {one['requests']} requests: mean time per token, "
            "to the first token, nothing fitted",
            found=f"{100.0 * one['tpot_mean_error']:+.1f}, {100.0 * one['ttft_mean_error']:+.1f} %",
            beside=f"LLMServingSim {theirs}" if theirs else "",
        )


def _worst(result: Mapping[str, Any]) -> list[Worst]:
    """The sweeps that are furthest off with their models left out."""
    found = [
        Worst(name=label, held_out=MODELS, error=part["tpot"]["mape"], rows=part["rows"])
        for label, part in result["by_group"].items()
        if part["rows"] >= FEWEST
    ]
    return sorted(found, key=lambda one: -one.error)[:WORST]
