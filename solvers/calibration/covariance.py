"""Covariance of what a model leaves unexplained, between rows.

K = G G^T + sum_e [label_e = label_e'] sum_b s_eb^2 f_b f_b' + sum_k a_k^2 w_k w_k' M(r_k)
r_k^2 = sum_c D_c^2 / l_kc^2

G    slopes d log model / d z: what the coefficients' prior means for the rows
e    effects: a level of a label that two rows share has a number for each function f_b of the row, the first mostly 1
k    smooth parts, each over some classes c of features, with one length l for each and a weight w of each row
M    Matern 5/2 (equation 4.17 [rasmussen2006gaussian])
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROOT_5 = float(np.sqrt(5.0))
# A label that no other row shares, whatever it says.
ALONE = -1
# Entries of K that are made at once.
ENTRIES = 32_768


def codes(labels: Iterable[str]) -> Ints:
    """Numbers for labels, the same in every run and file; an empty label is shared with nobody."""
    return np.array([_code(label) for label in labels], dtype=np.int64)


def _code(label: str) -> int:
    return int.from_bytes(hashlib.sha256(label.encode()).digest()[:6]) if label else ALONE


@dataclass(frozen=True)
class Rows:
    """What the covariance sees of n rows: slopes [n, d], features [n, p], labels [n, e], weights [n, k], f [n, b]."""

    slopes: Floats
    features: Floats
    labels: Ints
    weights: Floats
    basis: Floats

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.features)

    def take(self, index: Ints | slice) -> "Rows":
        """The chosen rows, in that order."""
        return Rows(*(getattr(self, field.name)[index] for field in fields(self)))

    def beside(self, other: "Rows") -> "Rows":
        """These rows, then the others."""
        return Rows(*(np.concatenate([getattr(one, field.name) for one in (self, other)]) for field in fields(self)))


@dataclass(frozen=True)
class Smooth:
    """The class of each feature [p], and the classes that each smooth part sees."""

    classes: tuple[int, ...]
    parts: tuple[tuple[int, ...], ...]

    @property
    def lengths(self) -> int:
        """How many lengths there are."""
        return sum(map(len, self.parts))

    def slices(self) -> list[slice]:
        """Where the lengths of each part lie."""
        ends = np.cumsum([0, *map(len, self.parts)])
        return [slice(int(a), int(b)) for a, b in pairwise(ends)]


@dataclass(frozen=True)
class Scales:
    """Logarithms of the hyper-parameters: s [e b], label by label, a [k], l of all parts, and each class's noise."""

    effects: Floats
    amplitude: Floats
    lengths: Floats
    noise: Floats

    def flat(self) -> Floats:
        """All of them as one vector."""
        return np.concatenate([self.effects, self.amplitude, self.lengths, self.noise])

    def like(self, flat: Floats) -> "Scales":
        """A vector as scales of these sizes."""
        ends = np.cumsum([len(self.effects), len(self.amplitude), len(self.lengths)])
        return Scales(*np.split(flat, ends))


def distances(a: Floats, b: Floats, smooth: Smooth) -> Floats:
    """Squared distances [c, n, m] within each class of features."""
    classes = np.array(smooth.classes)
    found = np.empty((int(classes.max()) + 1, len(a), len(b)))
    for c in range(len(found)):
        x, y = a[:, classes == c], b[:, classes == c]
        np.add.outer((x**2).sum(axis=1), (y**2).sum(axis=1), out=found[c])
        found[c] -= 2.0 * x @ y.T
        np.maximum(found[c], 0.0, out=found[c])
    return found


def radius(squared: Floats, lengths: Floats, part: tuple[int, ...]) -> Floats:
    """The scaled distance r [n, m] of one part."""
    total = np.exp(-2.0 * lengths[0]) * squared[part[0]]
    for place, log_length in enumerate(lengths[1:], start=1):
        total += np.exp(-2.0 * log_length) * squared[part[place]]
    found: Floats = np.sqrt(total)
    return found


def matern(r: Floats) -> Floats:
    """Correlation at scaled distance r."""
    scaled = ROOT_5 * r
    found: Floats = 1.0 + scaled + scaled * scaled / 3.0
    found *= np.exp(-scaled)
    return found


def constant(count: int) -> Floats:
    """The basis [n, 1] of effects that are one number for each level."""
    return np.ones((count, 1))


def alike(a: Rows, b: Rows, effect: int) -> Floats:
    """1 where two rows [n, m] share the level of a label, else 0."""
    left, right = a.labels[:, effect], b.labels[:, effect]
    same = (left[:, None] == right[None]) & (left[:, None] != ALONE)
    found: Floats = same.astype(np.float64)
    return found


def sizes_of(scales: Scales, labels: Ints) -> Floats:
    """Variances s^2 [e, b] of the numbers that a level has."""
    found: Floats = np.exp(2.0 * scales.effects).reshape(labels.shape[1], -1)
    return found


def covariance(a: Rows, b: Rows, scales: Scales, smooth: Smooth) -> Floats:
    """K [n, m], without noise; some rows at a time, whose arrays stay in the processor's cache."""
    found = np.empty((a.size, b.size))
    step = max(ENTRIES // max(b.size, 1), 1)
    for start in range(0, a.size, step):
        rows = slice(start, start + step)
        if a is b:
            found[rows, rows.start :] = _covariance(a.take(rows), b.take(slice(start, None)), scales, smooth)
            found[rows.stop :, rows] = found[rows, rows.stop :].T
        else:
            found[rows] = _covariance(a.take(rows), b, scales, smooth)
    return found


def _covariance(a: Rows, b: Rows, scales: Scales, smooth: Smooth) -> Floats:
    total: Floats = a.slopes @ b.slopes.T
    for effect, sizes in enumerate(sizes_of(scales, a.labels)):
        total += alike(a, b, effect) * ((a.basis * sizes) @ b.basis.T)
    squared = distances(a.features, b.features, smooth)
    for k, (part, place) in enumerate(zip(smooth.parts, smooth.slices(), strict=True)):
        left = np.exp(2.0 * scales.amplitude[k]) * a.weights[:, k]
        total += np.outer(left, b.weights[:, k]) * matern(radius(squared, scales.lengths[place], part))
    return total


def variances(rows: Rows, scales: Scales) -> Floats:
    """The diagonal of K [n]."""
    found: Floats = (rows.slopes**2).sum(axis=1) + rows.basis**2 @ sizes_of(scales, rows.labels).sum(axis=0)
    found += (np.exp(2.0 * scales.amplitude) * rows.weights**2).sum(axis=1)
    return found
