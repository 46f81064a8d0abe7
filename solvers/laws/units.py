"""Conventions of what N counts, and units of loss. Neither is ever mixed silently: a conversion names what it needs.

body       everything but token embeddings and the output head
with_head  body + V h           the head counts as a layer of computation
total      body + V h (tied) or body + 2 V h
active     what one token passes through: body times the active share, for mixtures of experts
nats per token = bits per byte * ln 2 * bytes per token, and so for characters
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from solvers.errors import Problem, nearest
from solvers.laws.errors import BadRuns

Floats = NDArray[np.float64]

COUNTS = {
    "non-embedding": "parameters without token embeddings and output head",
    "with-head": "parameters without token embeddings, with the output head",
    "total": "all parameters",
    "active": "parameters without embeddings that one token passes through",
}
LOSS_UNITS = {
    "nats/token": "nats per token",
    "nats/byte": "nats per byte",
    "bits/byte": "bits per byte",
    "bits/char": "bits per character",
}


@dataclass(frozen=True)
class Shape:
    """What a conversion of N needs to know of a model; 0 is unknown. `active` is the active share of the body."""

    vocabulary: float = 0.0
    hidden: float = 0.0
    tied: bool = False
    active: float = 0.0

    @property
    def embedding(self) -> float:
        """Parameters of one table from tokens to the hidden size."""
        return self.vocabulary * self.hidden


@dataclass(frozen=True)
class Text:
    """How long a token of the text is; 0 is unknown."""

    bytes_per_token: float = 0.0
    chars_per_token: float = 0.0


def known(what: str, name: str, names: Iterable[str]) -> None:
    """BadRuns, with the nearest name, where `name` is none of `names`."""
    if name not in names:
        raise BadRuns(Problem("unknown_name", f"There is no {what} called '{name[:80]}'.", "", nearest(name, names)))


def convert_params(params: Floats | float, *, counts: str, to: str, shape: Shape) -> Floats:
    """N [...] counted as `to` instead of as `counts`. BadRuns names what the shape lacks."""
    known("convention of N", counts, COUNTS)
    known("convention of N", to, COUNTS)
    values = np.asarray(params, dtype=np.float64)
    if counts == to:
        return values
    _needs(shape, counts, to)
    body = (values - _beside(counts, shape)) / _share(counts, shape)
    if not np.all(body > 0.0):
        message = f"A model of {float(values.min()):.4g} parameters ({counts}) has embeddings of {shape.embedding:.4g}."
        raise BadRuns(
            Problem("params_below_embeddings", message, "/params", "Check what N counts, and the vocabulary.")
        )
    found: Floats = body * _share(to, shape) + _beside(to, shape)
    return found


def _needs(shape: Shape, *counts: str) -> None:
    wanted = {"vocabulary", "hidden"} if set(counts) & {"with-head", "total"} else set()
    wanted |= {"active"} if "active" in counts else set()
    lacking = [field.name for field in fields(Shape) if field.name in wanted and not getattr(shape, field.name) > 0.0]
    if lacking:
        message = f"N cannot be turned from {counts[0]} into {counts[1]} parameters without: {', '.join(lacking)}."
        raise BadRuns(Problem("mixed_units", message, "/counts", f"Give the model's {' and '.join(lacking)}."))


def _beside(counts: str, shape: Shape) -> float:
    tables = {"with-head": 1, "total": 1 if shape.tied else 2}.get(counts, 0)
    return tables * shape.embedding


def _share(counts: str, shape: Shape) -> float:
    return shape.active if counts == "active" else 1.0


def convert_loss(loss: Floats | float, *, unit: str, to: str, text: Text) -> Floats:
    """Losses [...] in the unit `to` instead of `unit`. BadRuns names what is not known of the text."""
    known("unit of loss", unit, LOSS_UNITS)
    known("unit of loss", to, LOSS_UNITS)
    values = np.asarray(loss, dtype=np.float64)
    found: Floats = values if unit == to else values * _nats_per_token(unit, to, text) / _nats_per_token(to, unit, text)
    return found


def _nats_per_token(unit: str, other: str, text: Text) -> float:
    """Nats per token of 1 `unit`."""
    measure, per = unit.split("/")
    length = {"token": 1.0, "byte": text.bytes_per_token, "char": text.chars_per_token}[per]
    if per == other.split("/")[1]:
        length = 1.0
    if not length > 0.0:
        message = f"Loss cannot be turned between {unit} and {other} without {per}s per token."
        raise BadRuns(Problem("mixed_units", message, "/loss_unit", f"Give the text's {per}s per token."))
    return length * (math.log(2.0) if measure == "bits" else 1.0)
