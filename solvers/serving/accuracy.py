"""`isoflop accuracy serving`: how far predictions are from measurements of engines that they have not seen.

Closed-loop rows are run closed-loop at their concurrency; with `runs`, open-loop requests are simulated one by one.
Without a protocol and without rows to calibrate on the model is scored as it ships.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from solvers.calibration.covariance import Floats, Ints
from solvers.errors import Problem, SpecError
from solvers.serving import calibration
from solvers.serving.evidence.baseline import guesses, rooflines
from solvers.serving.evidence.closed_loop import table_of
from solvers.serving.evidence.columns import Row
from solvers.serving.evidence.features import names_of
from solvers.serving.evidence.posterior import (
    FIRST,
    LEVEL,
    TOKEN,
    Ends,
    Material,
    learned,
    material_of,
    predicted,
    unlearned,
)
from solvers.serving.evidence.protocols import Fold, folds_of
from solvers.serving.evidence.rows import Question, questions_of

NEEDED = ("model_path", "system", "backend", "isl", "osl", "silicon_tpot_ms")
# A first token that nobody measured is written as nothing.
LEAST_TTFT_S = 1e-6


@dataclass(frozen=True)
class Scored:
    """n scored rows, a row once for each seed: places, folds' names, log predictions and ends of the interval."""

    at: Ints
    fold: tuple[str, ...]
    token: Ends
    first: Ends
    guess: Floats


def score(
    rows: Sequence[Row],
    *,
    calibrate_on: Sequence[Row] = (),
    protocol: str | None = None,
    seeds: int = 1,
    memory: Sequence[Row] = (),
    runs: Sequence[Row] = (),
    profiles: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The contract's `accuracy serving` document; with `runs` that of open-loop runs, whose requests `rows` are.

    SpecError says what is wrong with the files or the protocol.
    """
    if memory:
        hint = "Serving's memory shows in KV blocks, not in a table of peaks."
        raise SpecError(Problem("unknown_option", "There is no memory table for serving.", "memory", hint))
    if runs:
        from solvers.serving.evidence.open_loop import score_open_loop  # noqa: PLC0415 -- compiles a simulator

        return dict(score_open_loop(runs, rows, profiles or {}))
    return told(rows, calibrate_on=calibrate_on, protocol=protocol, seeds=seeds)[0]


def told(
    rows: Sequence[Row], *, calibrate_on: Sequence[Row] = (), protocol: str | None = None, seeds: int = 1
) -> tuple[dict[str, Any], dict[int, tuple[float, float]]]:
    """The document of closed-loop rows, and seconds of TPOT and TTFT that were predicted for the row at each place."""
    _checked(rows)
    questions, reasons = questions_of([*rows, *calibrate_on])
    scored = sum(question.place < len(rows) for question in questions)
    missing = [reason for place, reason in reasons.items() if place < len(rows)]
    ships = protocol is None and not calibrate_on
    folds = [fold for seed in range(seeds) for fold in folds_of(protocol, questions, scored=scored, seed=seed)]
    material = material_of(questions, table_of(questions))
    found = _scored(material, folds, ships=ships)
    document = {
        "rows": len(rows),
        "covered": scored / len(rows),
        "not_covered": dict(sorted(Counter(missing).items())),
        **_document(material, found),
        "by_class": _by(material, found, names_of(questions)),
        "by_mode": _by(material, found, ["disagg" if q.disaggregated else "agg" for q in questions]),
        "by_fold": _by_fold(material, found),
        "by_group": _by(material, found, [_shown(q) for q in questions]),
        "protocol": {
            "name": protocol or ("as it ships" if ships else "calibrate-on"),
            "seeds": seeds,
            **({"calibration": calibration.name_of("published")} if ships else {}),
            "folds": [
                {"label": fold.label, "calibrated_on": len(fold.train), "scored": len(fold.test)} for fold in folds
            ],
        },
    }
    means = zip(found.at, np.exp(found.token.mean), np.exp(found.first.mean), strict=True)
    return document, {questions[place].place: (float(tpot), float(ttft)) for place, tpot, ttft in means}


def _scored(material: Material, folds: Sequence[Fold], *, ships: bool) -> Scored:
    parts = []
    roofline, measured = rooflines(material.questions), np.exp(material.log_tpot)
    for fold in folds:
        posterior = learned(material, fold.train) if len(fold.train) else unlearned()
        token, first = (
            calibration.shipped("published").ends(material, fold.test, output)
            if ships
            else predicted(posterior, material, fold.test, output)
            for output in (TOKEN, FIRST)
        )
        guess = guesses(roofline, measured, fold.train, fold.test)
        parts.append(Scored(fold.test, (fold.label,) * len(fold.test), token, first, guess))
    return Scored(
        np.concatenate([part.at for part in parts]),
        tuple(label for part in parts for label in part.fold),
        _joined([part.token for part in parts]),
        _joined([part.first for part in parts]),
        np.concatenate([part.guess for part in parts]),
    )


def _joined(parts: Sequence[Ends]) -> Ends:
    return Ends(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("mean", "low", "high")))


def _document(material: Material, found: Scored, keep: Any = slice(None)) -> dict[str, Any]:
    """Scores of the rows chosen by `keep`."""
    at = found.at[keep]
    token, first = material.log_tpot[at], material.log_ttft[at]
    timed = np.array([material.questions[place].ttft_s > LEAST_TTFT_S for place in at], dtype=bool)
    tpot, ttft = np.exp(found.token.mean[keep] - token) - 1.0, np.exp(found.first.mean[keep] - first) - 1.0
    inside = (found.token.low[keep] <= token) & (token <= found.token.high[keep])
    inside_first = ((found.first.low[keep] <= first) & (first <= found.first.high[keep]))[timed]
    return {
        "tpot": _summary(tpot),
        "ttft": _summary(ttft[timed]),
        "baseline": {"tpot_mape": _mean(np.abs(found.guess[keep] / np.exp(token) - 1.0))},
        "interval": {"level": LEVEL, "coverage": _mean(inside), "ttft_coverage": _mean(inside_first)},
    }


def _by(material: Material, found: Scored, names: Sequence[str]) -> dict[str, Any]:
    labels = np.array(names)[found.at]
    return {
        str(name): {"rows": int((labels == name).sum()), **_document(material, found, labels == name)}
        for name in sorted(set(labels))
    }


def _by_fold(material: Material, found: Scored) -> dict[str, Any]:
    labels = np.array(found.fold)
    return {
        str(name): {"rows": int((labels == name).sum()), **_document(material, found, labels == name)}
        for name in dict.fromkeys(found.fold)
    }


def _shown(question: Question) -> str:
    mode = "disagg" if question.disaggregated else "agg"
    numbers = question.row.get("precision") or "16 bit"
    return f"{question.model.name} / {question.node.gpu.name} / {question.software.name} / {numbers} / {mode}"


def _summary(errors: Floats) -> dict[str, float | None]:
    if not len(errors):
        return {"mape": None, "median": None, "bias": None}
    size = np.abs(errors)
    return {"mape": float(size.mean()), "median": float(np.median(size)), "bias": float(np.median(errors))}


def _mean(values: Any) -> float | None:
    return float(np.mean(values)) if len(values) else None


def _checked(rows: Sequence[Row]) -> None:
    """SpecError for a file without rows or without the columns that every measurement needs."""
    if not rows:
        raise SpecError(Problem("empty", "The file has a header and no rows.", "data", "Give one row for each run."))
    missing = [column for column in NEEDED if column not in rows[0]]
    if missing:
        message = f"The file has no column called {' or '.join(repr(column) for column in missing)}."
        hint = f"Its first row has: {', '.join(rows[0])[:300]}."
        raise SpecError(Problem("missing_column", message, "data", hint))
