"""The accuracy table of closed-loop serving as Markdown: `make accuracy`.

    python -m solvers.serving.tables [FILE]

Without a file: `../shared/data/serving` where that lies beside the checkout; its measurements' terms do not let the
project carry them. Each line is `isoflop accuracy serving --data FILE --protocol ...`; aiconfigurator's own predictions
are scored on the rows that it could predict, and ours on the same rows.
"""

import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from solvers.errors import SpecError
from solvers.serving.accuracy import told
from solvers.serving.evidence.columns import Row, number

SHARED = Path(__file__).parents[3] / "shared" / "data" / "serving" / "closed_loop_engine_measurements.csv"
PEER = "aiconfigurator_0.12.0_predictions.csv"
COLUMNS = (
    "what is held out", "rows", "TPOT MAPE / median", "dense", "MoE", "roofline x constant", "TTFT median",
    "80 % interval covers", "bar",
)  # fmt: skip
LINES = (
    ("all: nothing fitted to any row", "prior", "-"),
    ("whole models", "leave-out:model_path", "dense 15 %, MoE 20 %; TTFT 25 %; 75-88 %"),
    ("whole systems", "leave-out:system", "-"),
    ("whole engines", "leave-out:backend", "-"),
    ("groups, but for 3 points of each", "calibrate:3", "10 %"),
)
MILLI = 1e-3


def table(rows: Sequence[Row], peer: Mapping[str, Row]) -> list[str]:
    """The lines."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    beside = []
    covered = ""
    for name, protocol, bar in LINES:
        try:
            found, predictions = told(rows, protocol=protocol)
        except SpecError as refused:
            beside.append(f"{name}: not scored. {refused}")
            continue
        classes = {kind: part["tpot"]["mape"] for kind, part in found["by_class"].items()}
        scored = sum(fold["scored"] for fold in found["protocol"]["folds"])
        cells = (
            name,
            f"{scored}",
            f"{_percent(found['tpot']['mape'])} / {_percent(found['tpot']['median'])}",
            _percent(classes.get("dense")),
            _percent(classes.get("moe")),
            _percent(found["baseline"]["tpot_mape"]),
            _percent(found["ttft"]["median"]),
            _percent(found["interval"]["coverage"]),
            bar,
        )
        lines.append("| " + " | ".join(cells) + " |")
        beside += [f"{name}: {line}" for line in _against(rows, predictions, peer)]
        covered = f"Covered: {_percent(found['covered'])} of {found['rows']} rows (bar 95 %)."
    return [*lines, "", covered, *beside]


def _against(rows: Sequence[Row], predictions: Mapping[int, tuple[float, float]], peer: Mapping[str, Row]) -> list[str]:
    """Both predictors on the rows that both predicted."""
    both = [
        (place, peer[row["id"]])
        for place, row in enumerate(rows)
        if place in predictions and number(peer.get(row["id"], {}), "predicted_tpot_ms")
    ]
    if not both:
        return []
    measured = np.array([number(rows[place], "silicon_tpot_ms") * MILLI for place, _ in both])
    first = np.array([number(rows[place], "silicon_ttft_ms") * MILLI for place, _ in both])
    ours = np.array([predictions[place] for place, _ in both])
    theirs = np.array([[number(one, f"predicted_{n}_ms") * MILLI for n in ("tpot", "ttft")] for _, one in both])
    parts = [
        f"{who} TPOT MAPE {_percent(_errors(seen[:, 0], measured).mean())},"
        f" TTFT median {_percent(np.median(_errors(seen[:, 1], first)))}"
        for who, seen in (("ours", ours), ("aiconfigurator", theirs))
    ]
    return [f"on the {len(both)} rows that aiconfigurator 0.12.0 predicts: {'; '.join(parts)}."]


def _errors(predicted: Any, measured: Any) -> Any:
    return np.abs(predicted / measured - 1.0)


def _percent(share: Any) -> str:
    return "-" if share is None else f"{100.0 * float(share):.1f} %"


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def main(paths: Sequence[Path]) -> None:
    """Print the table, or say that the measurements are not there."""
    path = paths[0] if paths else SHARED
    if not path.exists():
        sys.stdout.write(f"### Serving, closed loops\n\nNot scored: {path} is not there.\n")
        return
    beside = path.with_name(PEER)
    peer = {row["id"]: row for row in _rows(beside)} if beside.exists() else {}
    sys.stdout.write("### Serving, closed loops\n\n" + "\n".join(table(_rows(path), peer)) + "\n")


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
