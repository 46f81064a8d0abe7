"""Make `data/residuals.yaml`: quantiles of measured / predicted over published runs that nothing was fitted to.

    python -m solvers.training.residuals < measurements.csv > solvers/training/data/residuals.yaml

The cost model runs at its priors, so every row is out of sample. Only rows whose licence lets us carry figures over are
used. Within a class each source weighs the same, however many rows it published; the quantiles are those of the
weighted residuals. An interval always holds its own value: a class that is biased to one side reaches to 1 at least.
"""

import csv
import sys
from collections import Counter
from typing import Any

import numpy as np
import yaml

from solvers.training.accuracy import LEVEL, Scored, score_rows
from solvers.training.evidence.columns import Row
from solvers.training.evidence.rows import from_flops
from solvers.training.intervals import MEMORY, class_of

LICENCES = {
    "vTrain (KAIST/Samsung, MICRO-57)": "MIT",
    "MosaicML llm-foundry": "Apache-2.0",
    "torchtitan": "BSD-3-Clause",
    "NVIDIA Megatron-Bridge docs": "Apache-2.0",
    "NVIDIA NeMo docs": "Apache-2.0",
    "NVIDIA NeMo-Framework-Launcher": "Apache-2.0",
}
COMMAND = "python -m solvers.training.residuals < measurements.csv"


def residual_document(rows: list[Row]) -> dict[str, Any]:
    """The file as a document: quantiles by class, and where they come from."""
    licensed = [row for row in rows if row.get("source") in LICENCES]
    scored, _ = score_rows(licensed)
    timed = [s for s in scored if s.measured_s and not from_flops(s.row)]
    classes: dict[str, list[Scored]] = {}
    for s in timed:
        classes.setdefault(class_of(moe=s.case.moe, nodes=s.case.nodes), []).append(s)
    memory = [s for s in scored if s.measured_bytes]
    return {
        "level": LEVEL,
        "how": "measured / predicted at the priors; each source weighs the same within its class",
        "command": COMMAND,
        "sources": [_source(name, licensed) for name in LICENCES if any(row["source"] == name for row in licensed)],
        "step_time": {name: _class(members) for name, members in sorted(classes.items())},
        MEMORY: _quantiles(np.array([(s.measured_bytes or 0.0) / s.shown_bytes for s in memory]), memory),
    }


def _class(members: list[Scored]) -> dict[str, Any]:
    return _quantiles(np.array([s.seconds / s.prediction.step_time_s for s in members]), members)


def _quantiles(ratios: Any, members: list[Scored]) -> dict[str, Any]:
    sizes = Counter(s.row["source"] for s in members)
    weights = np.array([1.0 / sizes[s.row["source"]] for s in members])
    tail = (1.0 - LEVEL) / 2.0
    low, median, high = (weighted_quantile(ratios, weights, share) for share in (tail, 0.5, 1.0 - tail))
    return {
        "quantiles": [round(min(low, 1.0), 4), round(max(high, 1.0), 4)],
        "median": round(median, 4),
        "rows": dict(sorted(sizes.items())),
    }


def weighted_quantile(values: Any, weights: Any, share: float) -> float:
    """The least value below which, itself included, lies at least `share` of the weight."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][np.searchsorted(reached, share)])


def _source(name: str, rows: list[Row]) -> dict[str, Any]:
    own = [row for row in rows if row["source"] == name]
    files = sorted({f"{row['src_file']} @ {row['src_commit']}" for row in own})
    return {"name": name, "licence": LICENCES[name], "files": files, "rows": len(own)}


if __name__ == "__main__":
    yaml.safe_dump(residual_document(list(csv.DictReader(sys.stdin))), sys.stdout, sort_keys=False, width=120)
