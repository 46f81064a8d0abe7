"""`isoflop accuracy training`: how far predictions are from measurements that they have not seen.

Without a protocol and without rows to calibrate on the model is scored as it ships: measurements that its calibration
has seen are scored apart from those it has not.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from solvers.calibration.covariance import Ints
from solvers.cost.coefficients import DEFAULT
from solvers.errors import Problem, SpecError
from solvers.training import calibration
from solvers.training.evidence.baseline import guesses, guesses_of_others
from solvers.training.evidence.columns import Row
from solvers.training.evidence.memory_fit import fit_memory, peaks_of, predicted_peak
from solvers.training.evidence.peaks import score_memory
from solvers.training.evidence.posterior import LEVEL, Posterior, learned, predicted, unlearned
from solvers.training.evidence.protocols import Evidence, Fold, fingerprint, maker_of, once
from solvers.training.evidence.scores import (
    Scored,
    baseline_mape,
    by_part,
    coverage,
    joined,
    kind,
    kinds_of,
    mean,
    part_document,
    ranking,
    summary,
)
from solvers.training.evidence.table import Table, table_of
from solvers.training.memory import calibrated, memory_document, memory_interval

# Without these a row of a table cannot be a training run.
NEEDED = ("gpu", "gpus", "seq_len")
ONE_OF = ("step_time_s", "tok_s_gpu", "tflops_gpu", "peak_mem_gib")


def score(
    rows: Sequence[Row],
    *,
    calibrate_on: Sequence[Row] = (),
    protocol: str | None = None,
    seeds: int = 1,
    memory: Sequence[Row] = (),
) -> dict[str, Any]:
    """The contract's `accuracy training` document, with `memory`, rows of published parts of memory, scored beside it.

    SpecError says what is wrong with the files or the protocol.
    """
    make = maker_of(protocol) if protocol else None
    for name, table_rows in (("data", rows), ("calibrate-on", calibrate_on)):
        _checked(table_rows, name=name, empty=name == "calibrate-on")
    table = table_of([*rows, *calibrate_on])
    evidence = _evidence(table, count=len(rows))
    folds = [fold for seed in range(seeds) for fold in make(evidence, seed)] if make else once(evidence)
    ships = make is None and not calibrate_on
    scored = _as_it_ships(table, evidence.scored) if ships else joined(_scored(table, folds))
    counted = _at_priors(table, np.flatnonzero([r.counted and r.place < len(rows) for r in table.runs]))
    return {
        **_read(table, count=len(rows)),
        "scored": len(np.unique(scored.run)),
        "step_time": summary(scored.errors()),
        "step_time_from_flops": {"rows": len(counted.run), **summary(counted.errors())},
        "peak_memory": _memory(rows, calibrate_on),
        **({"memory": score_memory(memory, coefficients=calibrated(DEFAULT))} if memory else {}),
        "constant_mfu_baseline": {"mape": baseline_mape(scored)},
        "interval": {"level": LEVEL, "coverage": coverage(scored)},
        "ranking": ranking(scored),
        "protocol": _protocol(protocol, folds, scored, seeds),
        **(_seen(scored) if ships else {}),
        "by_source": by_part(scored, kinds_of(scored)),
        "by_kind": by_part(scored, [kind(run) for run in scored.runs()]),
        "by_group": by_part(scored, scored.fold),
    }


def _evidence(table: Table, *, count: int) -> Evidence:
    timed = table.timed()
    places = np.array([table.runs[place].place for place in timed], dtype=np.int64)
    return Evidence(table=table, scored=timed[places < count], beside=timed[places >= count])


def _scored(table: Table, folds: Sequence[Fold]) -> list[Scored]:
    """Each fold's predictions; a fit starts from the scales of the one before."""
    found = [_at_priors(table, np.zeros(0, dtype=np.int64))]
    before: Posterior | None = None
    for fold in folds:
        if not fold.train.size:
            found.append(_at_priors(table, fold.test))
            continue
        before = learned(table, fold.train, start=before)
        seen = predicted(before, table, fold.test)
        low, high = seen.interval()
        found.append(
            Scored(
                table=table,
                run=fold.test,
                seed=np.full(len(fold.test), fold.seed),
                fold=(fold.label,) * len(fold.test),
                seconds=np.exp(seen.mean),
                low=np.exp(low),
                high=np.exp(high),
                guess=guesses(table, fold.train, fold.test),
            )
        )
    return found


def _as_it_ships(table: Table, index: Ints) -> Scored:
    """Predictions of the calibration that ships."""
    if not index.size:
        return _at_priors(table, index)
    seen = predicted(calibration.posterior("published"), table, index)
    low, high = seen.interval()
    priors = _at_priors(table, index)
    return replace(priors, seconds=np.exp(seen.mean), low=np.exp(low), high=np.exp(high))


def _seen(scored: Scored) -> dict[str, Any]:
    """Scores of the rows that the shipped calibration has seen, and of the others."""
    known = set(calibration.document()["seen"])
    seen = np.array([fingerprint(run.row) in known for run in scored.runs()], dtype=bool)
    return {
        "calibration": calibration.name_of("published"),
        "by_seen": {"seen": part_document(scored.take(seen)), "unseen": part_document(scored.take(~seen))},
    }


def _at_priors(table: Table, index: Ints) -> Scored:
    """Nothing fitted; the guess of each run is the median of all others."""
    if not index.size:
        nothing = np.zeros(0)
        return Scored(table, index, index, (), nothing, nothing, nothing, nothing)
    low, high = predicted(unlearned(), table, index).interval()
    return Scored(
        table=table,
        run=index,
        seed=np.zeros(len(index), dtype=np.int64),
        fold=("all",) * len(index),
        seconds=table.prior.step_time_s[index],
        low=np.exp(low),
        high=np.exp(high),
        guess=guesses_of_others(table, index),
    )


def _read(table: Table, *, count: int) -> dict[str, Any]:
    own = [place for place, run in enumerate(table.runs) if run.place < count]
    reasons = Counter(reason for place, reason in table.reasons.items() if place < count)
    return {
        "rows": count,
        "expressible": len(own),
        "not_expressible": dict(sorted(reasons.items())),
        "fits_memory": int(table.prior.fits[own].sum()),
    }


def _memory(rows: Sequence[Row], calibrate_on: Sequence[Row]) -> dict[str, Any]:
    """Peaks as the model ships, or fitted to the rows to calibrate on; `left_out`: each group by a fit to the others.

    `seen` counts the peaks that the shipped fit has seen.
    """
    peaks = peaks_of(rows)
    seen = {run["id"] for run in memory_document()["runs"]}
    coefficients = calibrated(DEFAULT)
    if calibrate_on:
        coefficients = replace(DEFAULT, **fit_memory(peaks_of(calibrate_on)).coefficients)
        seen = {peak.row.get("id") for peak in peaks_of(calibrate_on)}
    shown = [predicted_peak(peak, coefficients) for peak in peaks]
    errors = np.array([bytes_ / peak.measured - 1.0 for bytes_, peak in zip(shown, peaks, strict=True)])
    intervals = [memory_interval(bytes_) for bytes_ in shown]
    left_out = fit_memory(peaks).errors
    return {
        "rows": len(peaks),
        "seen": sum(peak.row.get("id") in seen for peak in peaks),
        "mape": mean(np.abs(errors)),
        "worst_under": float(errors.min()) if len(errors) else None,
        "coverage": mean([i.low <= peak.measured <= i.high for i, peak in zip(intervals, peaks, strict=True)]),
        "left_out": {
            "mape": mean(np.abs(left_out)),
            "worst_under": float(left_out.min()) if len(left_out) else None,
        },
    }


def _protocol(name: str | None, folds: Sequence[Fold], scored: Scored, seeds: int) -> dict[str, Any]:
    """How rows were held out, and scores on one node and on several: mean and worst over the seeds."""
    nodes = np.array([run.case.nodes for run in scored.runs()])
    found: dict[str, Any] = {
        "name": name or "as it ships",
        "seeds": seeds,
        "folds": [
            {"label": f.label, "seed": f.seed, "calibrated_on": len(f.train), "scored": len(f.test)} for f in folds
        ],
    }
    for label, where in (("one_node", nodes == 1), ("several_nodes", nodes > 1)):
        parts = [part_document(scored.take(where & (scored.seed == seed))) for seed in sorted(set(scored.seed))]
        parts = [part for part in parts if part["rows"]]
        mapes, regrets = [p["mape"] for p in parts], [p["regret"]["mean"] for p in parts if p["regret"]["groups"]]
        worst = [p["regret"]["worst"] for p in parts if p["regret"]["groups"]]
        found[label] = {
            "mape": {"mean": mean(mapes), "worst": max(mapes, default=None)},
            "regret": {"mean": mean(regrets), "worst": max(worst, default=None)},
        }
    return found


def _checked(rows: Sequence[Row], *, name: str, empty: bool) -> None:
    """SpecError for a file without rows or without the columns that every measurement needs."""
    if not rows:
        if empty:
            return
        raise SpecError(Problem("empty", "The file has a header and no rows.", name, "Give one row for each run."))
    columns = {column for row in rows for column in row}
    missing = [column for column in NEEDED if column not in columns]
    if missing:
        message = f"The file has no column called {' or '.join(repr(c) for c in missing)}."
        raise SpecError(
            Problem("missing_column", message, name, f"Its first row has: {', '.join(sorted(columns))[:300]}.")
        )
    if not columns.intersection(ONE_OF):
        message = "The file has no column with a measurement."
        raise SpecError(Problem("missing_column", message, name, f"One of {', '.join(ONE_OF)} is needed."))
