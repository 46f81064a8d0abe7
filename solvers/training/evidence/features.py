"""What calibration sees of a run beside the model's slopes: features, labels with weights, group, class of noise.

Features are base-2 logarithms, so that 1 is a factor of two, or levels a unit or two apart. Classes share one length:
    0 size of the model   1 how it is cut   2 work of a micro-batch   3 hardware   4 where the step's time goes
Labels name effects that runs share: the software, its family, the GPU, the GPU with or without experts, and the model.
A term's share of the step, as the kernel sees it at its priors, stands for all that the layout does to the time.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from solvers.calibration.covariance import Floats, Ints, Smooth, codes
from solvers.cost.layouts import FULL
from solvers.cost.step import StepTime
from solvers.training.evidence.batch import Batch, Evaluated

SIZE, CUT, WORK, HARDWARE, SHARE = range(5)
# A 16-bit peak of about an A100: where the feature is zero does not matter, only distances do.
PEAK = 3e14
SHARE_SCALE, LEAST_SHARE = 4.0, 0.02
COLUMNS: dict[str, int] = {
    "hidden": SIZE,
    "layers": SIZE,
    "head width": SIZE,
    "sparse": SIZE,
    "experts": SIZE,
    "tp": CUT,
    "pp": CUT,
    "dp": CUT,
    "cp": CUT,
    "ep": CUT,
    "vpp": CUT,
    "domains": CUT,
    "zero 3": CUT,
    "full recomputation": CUT,
    "micro-batch": WORK,
    "micro-batches": WORK,
    "sequence": WORK,
    "precision": HARDWARE,
    "peak": HARDWARE,
    **{f"share of {term.name}": SHARE for term in fields(StepTime)},
}
EFFECTS = ("software", "family", "gpu", "gpu and experts", "family and gpu", "model")


@dataclass(frozen=True)
class Described:
    """n runs: features [n, p], labels [n, e], weights [n, 2], group, job and family [n]."""

    features: Floats
    labels: Ints
    weights: Floats
    groups: Ints
    jobs: Ints
    families: tuple[str, ...]


def described(batches: Sequence[Batch], found: Sequence[Evaluated], software: Sequence[str]) -> Described:
    """The runs that the batches own, in the owners' order; `found` at the priors, `software` by owner."""
    order = np.argsort(np.concatenate([batch.owner for batch in batches]), kind="stable")
    columns = [_columns(batch, one) for batch, one in zip(batches, found, strict=True)]
    features = np.column_stack([np.concatenate([c[name] for c in columns])[order] for name in COLUMNS])
    texts = [text for batch in batches for text in _texts(batch, software)]
    texts = [texts[place] for place in order]
    return Described(
        features=features,
        labels=np.column_stack([codes(text[effect] for text in texts) for effect in range(len(EFFECTS))]),
        weights=weights_of(features),
        groups=codes(text[len(EFFECTS) - 1] for text in texts),
        jobs=codes(" / ".join(text[len(EFFECTS) - 1 :] + text[:1] + text[2:3]) for text in texts),
        families=tuple(text[1] for text in texts),
    )


def smooth() -> Smooth:
    """Two smooth parts: what all layouts of a job share, and what layouts add to it."""
    return Smooth(classes=tuple(COLUMNS.values()), parts=((SIZE, HARDWARE), (SIZE, CUT, WORK, HARDWARE, SHARE)))


def weights_of(features: Floats) -> Floats:
    """A job's discrepancy counts whole; that between its layouts by the share of the step that is not compute.

    Compute is the same work in all of them: what it takes longer or shorter is the job's.
    """
    share = (features[:, _place("share of compute")] / SHARE_SCALE) ** 2
    return np.column_stack([np.ones(len(features)), np.sqrt(np.maximum(1.0 - share, LEAST_SHARE))])


def kinds_of(features: Floats) -> Ints:
    """1 for runs with experts, 0 for dense ones."""
    return (features[:, _place("sparse")] > 0).astype(np.int64)


def _place(column: str) -> int:
    return list(COLUMNS).index(column)


def family(software: str) -> str:
    """The name of a framework without its version: the text before a space, a slash or a digit."""
    return re.split(r"[ /0-9]", software.strip())[0].casefold()


def _texts(batch: Batch, software: Sequence[str]) -> list[tuple[str, ...]]:
    a, hardware = batch.job.architecture, batch.hardware
    gpu = _joined(batch, hardware.peak_flops_per_s, hardware.half_peak_flops_per_s, hardware.memory_bytes_per_s)
    model = _joined(batch, a.hidden, a.layers, a.vocabulary, a.experts, a.heads)
    job = _joined(batch, hardware.gpus, batch.job.global_batch, batch.job.sequence_length)
    kind = "experts" if a.sparse else "dense"
    found: list[tuple[str, ...]] = []
    for place, owner in enumerate(batch.owner):
        name = software[owner].strip().casefold()
        base = family(name)
        chip = gpu[place]
        pair = f"{base} {chip}" if base else ""
        found.append((name, base, chip, f"{chip} {kind}", pair, model[place], job[place]))
    return found


def _joined(batch: Batch, *values: Any) -> list[str]:
    table = np.column_stack([np.broadcast_to(np.asarray(v, dtype=np.float64), (batch.size,)) for v in values])
    known: dict[bytes, str] = {}
    return [known.setdefault(row.tobytes(), " ".join(f"{v:.5g}" for v in row)) for row in table]


def _columns(batch: Batch, found: Evaluated) -> dict[str, Floats]:
    job, hardware, shards, layouts = batch.job, batch.hardware, batch.shards, batch.layouts
    a = job.architecture
    sparse = np.ones(batch.size) * a.sparse
    spread_over = np.maximum(np.asarray(hardware.gpus) / hardware.domain, 1.0)
    columns = {
        "hidden": _log(a.hidden),
        "layers": _log(a.layers),
        "head width": _log(np.asarray(a.hidden) / a.heads),
        "sparse": 4.0 * sparse,
        "experts": _log(np.asarray(a.experts) + 1.0) / 2.0,
        "tp": _log(shards.tp),
        "pp": _log(layouts.pp),
        "dp": _log(layouts.dp),
        "cp": _log(shards.cp),
        "ep": _log(shards.ep),
        "vpp": _log(layouts.vpp),
        "domains": _log(spread_over),
        "zero 3": 2.0 * (layouts.zero == 3),
        "full recomputation": 1.5 * (layouts.recompute == FULL),
        "micro-batch": _log(shards.micro_batch),
        "micro-batches": _log(layouts.micro_batches),
        "sequence": _log(job.sequence_length),
        "precision": 2.0 * _log(np.asarray(hardware.peak_flops_per_s) / hardware.half_peak_flops_per_s),
        "peak": 2.0 * _log(np.asarray(hardware.half_peak_flops_per_s) / PEAK),
    }
    for name, seconds in found.by_term().items():
        columns[f"share of {name}"] = SHARE_SCALE * np.sqrt(np.maximum(seconds, 0.0) / found.seconds)
    return {name: np.broadcast_to(value, (batch.size,)) for name, value in columns.items()}


def _log(value: Any) -> Floats:
    found: Floats = np.log2(np.asarray(value, dtype=np.float64))
    return found
