"""What calibration sees of a run beside the model's slopes: features, labels with weights, group, class of noise.

Features are base-2 logarithms, so that 1 is a factor of two, or levels a unit or two apart. Classes share one length:
    0 size of the model   1 how it is cut   2 work of a micro-batch   3 hardware   4 where the step's time goes
Labels are effects that runs share: the software, its family, the GPU, the GPU with or without experts, and the model.
A term's share of the step, as the kernel sees it at its priors, stands for all that the layout does to the time.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from solvers.calibration.covariance import Floats, Ints, codes
from solvers.cost.layouts import FULL
from solvers.training.evidence.batch import Batch, Evaluated

SIZE, CUT, WORK, HARDWARE, SHARE = range(5)
# A 16-bit peak of about an A100: where the feature is zero does not matter, only distances do.
PEAK = 3e14
EFFECTS = ("software", "family", "gpu", "gpu and experts", "family and gpu", "model")


@dataclass(frozen=True)
class Described:
    """n runs: features [n, p] with their classes [p], labels and weights [n, e], group [n], family [n]."""

    features: Floats
    classes: Ints
    labels: Ints
    weights: Floats
    groups: Ints
    families: tuple[str, ...]


def described(batches: Sequence[Batch], found: Sequence[Evaluated], software: Sequence[str]) -> Described:
    """The runs that the batches own, in the owners' order; `found` at the priors, `software` by owner."""
    order = np.argsort(np.concatenate([batch.owner for batch in batches]), kind="stable")
    columns = [_columns(batch, one) for batch, one in zip(batches, found, strict=True)]
    names = list(columns[0])
    features = np.column_stack([np.concatenate([c[name][1] for c in columns])[order] for name in names])
    texts = [text for batch in batches for text in _texts(batch, software)]
    texts = [texts[place] for place in order]
    return Described(
        features=features,
        classes=np.array([columns[0][name][0] for name in names]),
        labels=np.column_stack([codes(text[effect] for text in texts) for effect in range(len(EFFECTS))]),
        weights=np.ones((len(texts), len(EFFECTS))),
        groups=codes(text[-1] for text in texts),
        families=tuple(text[1] for text in texts),
    )


def family(software: str) -> str:
    """The name of a framework without its version: the text before a space, a slash or a digit."""
    return re.split(r"[ /0-9]", software.strip())[0].casefold()


def _texts(batch: Batch, software: Sequence[str]) -> list[tuple[str, ...]]:
    a, hardware = batch.job.architecture, batch.hardware
    gpu = _joined(batch, hardware.peak_flops_per_s, hardware.half_peak_flops_per_s, hardware.memory_bytes_per_s)
    model = _joined(batch, a.hidden, a.layers, a.vocabulary, a.experts, a.heads)
    kind = "experts" if a.sparse else "dense"
    found: list[tuple[str, ...]] = []
    for place, owner in enumerate(batch.owner):
        name = software[owner].strip().casefold()
        base = family(name)
        chip = gpu[place]
        pair = f"{base} {chip}" if base else ""
        found.append((name, base, chip, f"{chip} {kind}", pair, model[place]))
    return found


def _joined(batch: Batch, *values: Any) -> list[str]:
    table = np.column_stack([np.broadcast_to(np.asarray(v, dtype=np.float64), (batch.size,)) for v in values])
    known: dict[bytes, str] = {}
    return [known.setdefault(row.tobytes(), " ".join(f"{v:.5g}" for v in row)) for row in table]


def _columns(batch: Batch, found: Evaluated) -> dict[str, tuple[int, Floats]]:
    job, hardware, shards, layouts = batch.job, batch.hardware, batch.shards, batch.layouts
    a = job.architecture
    sparse = np.ones(batch.size) * a.sparse
    spread_over = np.maximum(np.asarray(hardware.gpus) / hardware.domain, 1.0)
    columns = {
        "hidden": (SIZE, _log(a.hidden)),
        "layers": (SIZE, _log(a.layers)),
        "head width": (SIZE, _log(np.asarray(a.hidden) / a.heads)),
        "sparse": (SIZE, 4.0 * sparse),
        "experts": (SIZE, _log(np.asarray(a.experts) + 1.0) / 2.0),
        "tp": (CUT, _log(shards.tp)),
        "pp": (CUT, _log(layouts.pp)),
        "dp": (CUT, _log(layouts.dp)),
        "cp": (CUT, _log(shards.cp)),
        "ep": (CUT, _log(shards.ep)),
        "vpp": (CUT, _log(layouts.vpp)),
        "domains": (CUT, _log(spread_over)),
        "zero 3": (CUT, 2.0 * (layouts.zero == 3)),
        "full recomputation": (CUT, 1.5 * (layouts.recompute == FULL)),
        "micro-batch": (WORK, _log(shards.micro_batch)),
        "micro-batches": (WORK, _log(layouts.micro_batches)),
        "sequence": (WORK, _log(job.sequence_length)),
        "precision": (HARDWARE, 2.0 * _log(np.asarray(hardware.peak_flops_per_s) / hardware.half_peak_flops_per_s)),
        "peak": (HARDWARE, 2.0 * _log(np.asarray(hardware.half_peak_flops_per_s) / PEAK)),
    }
    for name, seconds in found.by_term().items():
        columns[f"share of {name}"] = (SHARE, 4.0 * np.sqrt(np.maximum(seconds, 0.0) / found.seconds))
    return {name: (kind, np.broadcast_to(value, (batch.size,))) for name, (kind, value) in columns.items()}


def _log(value: Any) -> Floats:
    found: Floats = np.log2(np.asarray(value, dtype=np.float64))
    return found
