"""Covariance of what a model leaves unexplained, between rows.

K = G G^T + sum_e s_e^2 [label_e = label_e'] w_e w_e' + a^2 M(r),    r^2 = sum_c D_c^2 / l_c^2

G    slopes d log model / d z: what the coefficients' prior means for the rows
e    effects: a level of a label shared by two rows, times a weight of each
M    Matern 5/2 of the distance over features, one length l for each class c of features
     (equation 4.17 [rasmussen2006gaussian])
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROOT_5 = float(np.sqrt(5.0))
# A label that no other row shares, whatever it says.
ALONE = -1


def codes(labels: Iterable[str]) -> Ints:
    """Numbers for labels, the same in every run and file; an empty label is shared with nobody."""
    return np.array([_code(label) for label in labels], dtype=np.int64)


def _code(label: str) -> int:
    return int.from_bytes(hashlib.sha256(label.encode()).digest()[:6]) if label else ALONE


@dataclass(frozen=True)
class Rows:
    """What the covariance sees of n rows: slopes [n, d], features [n, p], labels and weights [n, e]."""

    slopes: Floats
    features: Floats
    labels: Ints
    weights: Floats

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.features)

    def take(self, index: Ints) -> "Rows":
        """The chosen rows, in that order."""
        return Rows(self.slopes[index], self.features[index], self.labels[index], self.weights[index])


@dataclass(frozen=True)
class Scales:
    """Logarithms of the hyper-parameters: s [e], a, l [c], and the noise's standard deviation for each class [k]."""

    effects: Floats
    amplitude: Floats
    lengths: Floats
    noise: Floats

    def flat(self) -> Floats:
        """All of them as one vector."""
        return np.concatenate([self.effects, self.amplitude, self.lengths, self.noise])

    def like(self, flat: Floats) -> "Scales":
        """A vector as scales of these sizes."""
        ends = np.cumsum([len(self.effects), 1, len(self.lengths)])
        return Scales(*np.split(flat, ends))


def distances(a: Floats, b: Floats, classes: Ints) -> Floats:
    """Squared distances [c, n, m] within each class of features; `classes` [p] counts from 0."""
    found = np.empty((int(classes.max()) + 1, len(a), len(b)))
    for c in range(len(found)):
        x, y = a[:, classes == c], b[:, classes == c]
        squares = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1)[None]
        found[c] = np.maximum(squares - 2.0 * x @ y.T, 0.0)
    return found


def radius(squared: Floats, scales: Scales) -> Floats:
    """The scaled distance r [n, m]."""
    found: Floats = np.sqrt(np.tensordot(np.exp(-2.0 * scales.lengths), squared, axes=1))
    return found


def matern(r: Floats) -> Floats:
    """Correlation at scaled distance r."""
    found: Floats = (1.0 + ROOT_5 * r + 5.0 / 3.0 * r * r) * np.exp(-ROOT_5 * r)
    return found


def shared(a: Rows, b: Rows, effect: int) -> Floats:
    """Covariance [n, m] of one effect of size 1."""
    left, right = a.labels[:, effect], b.labels[:, effect]
    alike = (left[:, None] == right[None]) & (left[:, None] != ALONE)
    found: Floats = alike * np.outer(a.weights[:, effect], b.weights[:, effect])
    return found


def covariance(a: Rows, b: Rows, scales: Scales, classes: Ints) -> Floats:
    """K [n, m], without noise."""
    total = a.slopes @ b.slopes.T
    for effect, log_size in enumerate(scales.effects):
        total += np.exp(2.0 * log_size) * shared(a, b, effect)
    r = radius(distances(a.features, b.features, classes), scales)
    found: Floats = total + np.exp(2.0 * scales.amplitude) * matern(r)
    return found


def variances(rows: Rows, scales: Scales) -> Floats:
    """The diagonal of K [n]."""
    effects = (np.exp(2.0 * scales.effects) * rows.weights**2).sum(axis=1)
    found: Floats = (rows.slopes**2).sum(axis=1) + effects + np.exp(2.0 * scales.amplitude)
    return found
