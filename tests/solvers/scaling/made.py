"""Made runs of a Chinchilla law, and specs that carry them."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from solvers import kinds
from solvers.documents import Document, read
from solvers.scaling.spec import ScalingSpec

LAW = {"E": 1.8172, "A": 477.8, "B": 2143.0, "alpha": 0.3473, "beta": 0.3672}
SIZES, RATIOS = (6e7, 1.2e8, 2.5e8, 5e8), (8.0, 20.0, 50.0, 100.0)
ASKED = {"flops": 1e21}


def loss(params: float, tokens: float, law: dict[str, float] = LAW) -> float:
    """Chinchilla's form."""
    return law["E"] + law["A"] / params ** law["alpha"] + law["B"] / tokens ** law["beta"]


def best_params(flops: float, law: dict[str, float] = LAW) -> float:
    """The closed form of the best size (equation 4 [hoffmann2022chinchilla])."""
    alpha, beta = law["alpha"], law["beta"]
    scale = (alpha * law["A"] / (beta * law["B"])) ** (1.0 / (alpha + beta))
    return float(scale * (flops / 6.0) ** (beta / (alpha + beta)))


def grid(law: dict[str, float] = LAW, *, scatter: float = 0.0, seed: int = 0) -> list[tuple[float, float, float]]:
    """Parameters, tokens and loss of runs over sizes and ratios."""
    rng = np.random.default_rng(seed)
    return [
        (params, ratio * params, loss(params, ratio * params, law) * math.exp(scatter * rng.standard_normal()))
        for params in SIZES
        for ratio in RATIOS
    ]


def wide() -> list[tuple[float, float, float]]:
    """Runs without scatter over more sizes and ratios, so that what is believed of laws counts for little."""
    sizes = [(float(n), float(ratio * n)) for n in np.geomspace(3e7, 2e9, 8) for ratio in np.geomspace(5.0, 320.0, 8)]
    return [(params, tokens, loss(params, tokens)) for params, tokens in sizes]


def thousands(notes: int = 850) -> str:
    """As many runs as are read, as the text of a table with so many characters of notes to each."""
    sizes = [(float(n), float(ratio * n)) for n in np.geomspace(3e7, 2e9, 80) for ratio in np.geomspace(5.0, 320.0, 50)]
    return csv([(n, d, loss(n, d), "x" * notes) for n, d in sizes], "params,tokens,loss,notes")


def csv(rows: Sequence[Sequence[Any]], head: str = "params,tokens,loss") -> str:
    """Rows as the text of a table."""
    return "\n".join([head, *(",".join(str(cell) for cell in row) for row in rows)]) + "\n"


def document(rows: Sequence[Sequence[Any]] | None = None, **changes: Any) -> Document:
    """A spec's document; `runs` and others may be replaced."""
    runs = {"csv": csv(grid() if rows is None else rows), "counts": "total", "loss_unit": "nats/token"}
    return {"kind": "scaling", "runs": runs, "target": ASKED, **changes}


def asked(rows: Sequence[Sequence[Any]] | None = None, **changes: Any) -> ScalingSpec:
    """A spec."""
    found = kinds.parse(document(rows, **changes))
    assert isinstance(found, ScalingSpec)
    return found


def without_runs(**changes: Any) -> ScalingSpec:
    """A spec before any run was made."""
    found = kinds.parse({"kind": "scaling", "target": ASKED, **changes})
    assert isinstance(found, ScalingSpec)
    return found


def example(name: str) -> ScalingSpec:
    """A spec that ships."""
    found = kinds.parse(read(kinds.examples("scaling")[name]))
    assert isinstance(found, ScalingSpec)
    return found
