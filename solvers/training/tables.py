"""Every accuracy table of the README, as Markdown: `make accuracy`.

    python -m solvers.training.tables [FILE ...]

Without files: the measurements that ship, and all of `../shared/data/training` where that lies beside the checkout.
Each line is one `isoflop accuracy training` command; what it filters is written out, so that anybody can repeat it.
"""

import csv
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from solvers.training.accuracy import score
from solvers.training.evidence.columns import Row
from solvers.training.evidence.peaks import score_memory

SHIPPED = Path(__file__).parent / "data" / "published.csv"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "training" / "measurements.csv"
MEMORY = "memory.csv"
MEMORY_COLUMNS = ("memory", "figures", "MAPE", "worst", "worst under", "bar")
MEMORY_BARS = {"parameters_and_optimizer": "3 %", "activations": "2 %", "activation_shares": "5 %", "peak": "-"}
COLUMNS = (
    "what is held out", "rows", "MAPE", "median", "worst part", "constant guess", "regret mean / worst",
    "80 % interval covers", "bar",
)  # fmt: skip

Keep = Callable[[Row], bool]


@dataclass(frozen=True)
class Line:
    """One line of the table: which rows are scored, which calibrate beside them, how they are held out."""

    name: str
    keep: Keep
    protocol: str
    bar: str
    beside: Keep | None = None
    seeds: int = 1
    nodes: str | None = None


def _of(source: str, *, file: str = "") -> Keep:
    return lambda row: row["source"].startswith(source) and row["src_file"].endswith(file)


def _nvidia(row: Row) -> bool:
    return row["source"].startswith("NVIDIA")


VTRAIN = "vTrain"
MULTI, SINGLE = _of(VTRAIN, file="ground_truth_multi.csv"), _of(VTRAIN, file="ground_truth_single.csv")
LINES = (
    Line("vTrain, several nodes: random fifth", MULTI, "cv5", "6.5 %, median 4 %"),
    Line("vTrain, several nodes: fifth of the TP, PP, GPUs groups", MULTI, "cv5-grouped", "-"),
    Line(
        "vTrain, several nodes: a model size, with one-node rows",
        MULTI,
        "leave-out:model",
        "9 % each; regret 1 %, worst 4 %",
        beside=SINGLE,
    ),
    Line(
        "vTrain: all but 60 one-node and 10 several-node runs, 20 draws",
        _of(VTRAIN),
        "calibrate:60,10",
        "8 %; regret 1.5 %",
        seeds=20,
        nodes="several_nodes",
    ),
    Line("vTrain, one node: random fifth", SINGLE, "cv5", "7 %"),
    Line("vTrain, one node: fifth of the TP, PP, GPUs groups", SINGLE, "cv5-grouped", "-"),
    Line("llm-foundry: random fifth", _of("MosaicML"), "cv5", "4 %"),
    Line("llm-foundry: a model size", _of("MosaicML"), "leave-out:model", "7 % each"),
    Line("Korthikanti et al., table 5: at the priors", _of("Korthikanti"), "prior", "5 %, worst 9 %"),
    Line("NVIDIA (Bridge, NeMo, Launcher): a model", _nvidia, "leave-out:model", "dense 10 %, MoE 15 %"),
    Line("all rows: random fifth", bool, "cv5", "80 % interval covers 75-88 %"),
)


def table(rows: Sequence[Row]) -> list[str]:
    """The table as Markdown; lines whose rows are not there are left out."""
    found = [f"| {' | '.join(COLUMNS)} |", f"| --- |{' ---: |' * (len(COLUMNS) - 2)} --- |"]
    for line in LINES:
        scored = [row for row in rows if line.keep(row)]
        beside = [row for row in rows if line.beside and line.beside(row)]
        if scored:
            result = score(scored, calibrate_on=beside, protocol=line.protocol, seeds=line.seeds)
            found += [f"| {' | '.join(cells)} |" for cells in _cells(line, result)]
    return found


def _cells(line: Line, result: dict[str, Any]) -> list[tuple[str, ...]]:
    if line.nodes:
        return [_drawn(line, result)]
    found = [_line(line.name, result, line.bar)]
    if any("MoE" in name for name in result["by_kind"]):
        found += [_part(f"... {name}", part) for name, part in result["by_kind"].items()]
    return found


def _drawn(line: Line, result: dict[str, Any]) -> tuple[str, ...]:
    """Scores of the rows on one node or on several: means over the draws."""
    part = result["protocol"][line.nodes]
    kept = result["by_kind"][f"dense / {str(line.nodes).replace('_', ' ')}"]
    return (
        line.name,
        str(kept["rows"] // line.seeds),
        _percent(part["mape"]["mean"]),
        _percent(kept["median"]),
        _percent(part["mape"]["worst"]),
        _percent(kept["constant_mfu_mape"]),
        f"{_percent(part['regret']['mean'])} / {_percent(part['regret']['worst'])}",
        _percent(kept["coverage"]),
        line.bar,
    )


def _line(name: str, result: dict[str, Any], bar: str) -> tuple[str, ...]:
    step, regrets = result["step_time"], [entry["regret"] for entry in result["ranking"]]
    parts = [part["mape"] for part in result["by_group"].values()]
    return (
        name,
        str(result["scored"]),
        _percent(step["mape"]),
        _percent(step["median"]),
        _percent(max(parts)),
        _percent(result["constant_mfu_baseline"]["mape"]),
        f"{_percent(sum(regrets) / len(regrets))} / {_percent(max(regrets))}" if regrets else "-",
        _percent(result["interval"]["coverage"]),
        bar,
    )


def _part(name: str, part: dict[str, Any]) -> tuple[str, ...]:
    regret = part["regret"]
    regrets = f"{_percent(regret['mean'])} / {_percent(regret['worst'])}" if regret["groups"] else "-"
    guess = _percent(part["constant_mfu_mape"])
    cells = (_percent(part["mape"]), _percent(part["median"]), "-", guess, regrets, _percent(part["coverage"]))
    return (name, str(part["rows"]), *cells, "")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100.0 * share:.1f} %"


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def memory_table(rows: Sequence[Row]) -> list[str]:
    """Published parts of a GPU's memory against the model at its priors, as Markdown."""
    found = [f"| {' | '.join(MEMORY_COLUMNS)} |", "| --- | ---: | ---: | ---: | ---: | --- |"]
    scores = score_memory(rows)
    for name, bar in MEMORY_BARS.items():
        part = scores[name]
        under = _percent(part["worst_under"])
        cells = (str(part["rows"]), _percent(part["mape"]), _percent(part["max"]), under, bar)
        found.append(f"| {' | '.join((name.replace('_', ' '), *cells))} |")
    return found


def peaks_table(rows: Sequence[Row]) -> list[str]:
    """Published peaks, each group of like runs predicted by a fit to the others; and which runs fit at all."""
    result = score(rows, protocol="prior")
    peak, left = result["peak_memory"], result["peak_memory"]["left_out"]
    fits = result["fits_memory"] / result["expressible"]
    peaks = (
        f"Peak memory: {peak['rows']} runs, MAPE {_percent(peak['mape'])} as it ships (worst under"
        f" {_percent(peak['worst_under'])}); {_percent(left['mape'])} with the group of each run left out (worst under"
        f" {_percent(left['worst_under'])}; bar 8 %, none under by more than 10 %)."
    )
    expressible = (
        f"Expressible: {result['expressible']} of {result['rows']} runs; of these {_percent(fits)} are said to fit in"
        " memory (bar 99 %)."
    )
    return [peaks, "", expressible]


def main(paths: Sequence[Path]) -> None:
    """Print the tables of each file."""
    for path in paths:
        rows = _rows(path)
        lines = [*table(rows), "", *peaks_table(rows)]
        beside = path.with_name(MEMORY)
        if beside.exists():
            lines += ["", *memory_table(_rows(beside))]
        sys.stdout.write(f"### {path.name}\n\n" + "\n".join(lines) + "\n\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]] or [path for path in (SHIPPED, SHARED) if path.exists()])
