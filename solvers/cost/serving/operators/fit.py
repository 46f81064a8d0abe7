"""Fits each curve to its table by robust least squares of logarithms, and says how far off it is on held-out shapes.

Rows that cannot be what an engine does are left out, by rule and with the reason in the result:
    eager     a precision's smallest latency is over twice that of another engine on the same GPU: kernels timed with
              the host's launches, which engines replay from CUDA graphs (vLLM's `fp8_block`, TensorRT-LLM's `fp8`)
    absorbed  SGLang's prefill of latent attention was timed as decodes compute it (3.4 times the products), which the
              engine does not do
    scattered a curve that is over half off on shapes it has not seen
    stalled   kernels that need over three times as long as another engine's (or version's) on the same GPU where they
              matter most: a weight that is read for one row, a key that a decode reads, a pair of a long chunk
    few       under half of the rows of another version of the same engine
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from solvers.cost.layouts import Bools, Floats
from solvers.cost.serving.operators.forms import FORMS, Form
from solvers.cost.serving.operators.tables import Table

MOST_ROWS, HELD_OUT, SEED = 4000, 0.3, 0
# What is smaller than this of seconds, elements or shares is nothing.
LEAST = 1e-12
EAGER, SCATTERED, STALLED, FEW = 2.0, 0.5, 3.0, 0.5


@dataclass(frozen=True)
class Fitted:
    """One curve, its rows, and the median and mean relative error of shapes that it has not seen."""

    table: Table
    operator: str
    numerics: str
    curve: Any
    rows: int
    held_out: int
    median_error: float
    mean_error: float


@dataclass(frozen=True)
class LeftOut:
    """A table that was not fitted, and why."""

    table: str
    numerics: str
    reason: str


def fit_all(measured: Sequence[Table], operator: str) -> Iterator[Fitted | LeftOut]:
    """Curves of every GPU, engine and numerics that `operator` was `measured` of, and what was left out."""
    form = FORMS[operator]
    parts = [(table, numerics, rows) for table in measured for numerics, rows in form.numerics(table).items()]
    found = []
    for table, numerics, rows in parts:
        least = [_least(other) for one, name, other in parts if (one.gpu, name) == (table.gpu, numerics)]
        if operator == "product" and _least(rows) > EAGER * min(least):
            yield LeftOut(table.name, numerics, "eager")
        elif operator == "latent_prefill" and table.engine == "sglang":
            yield LeftOut(table.name, numerics, "absorbed")
        else:
            found.append(_fitted(rows, operator, numerics))
    working = [one for one in found if not isinstance(_at_work(one, found), LeftOut)]
    yield from (_judged(one, found, working) for one in found)


def _judged(one: Fitted, every: list[Fitted], working: list[Fitted]) -> Fitted | LeftOut:
    """The curve, if its residuals and its speed are those of an engine at work, and its rows are not few."""
    fit = _at_work(one, every)
    versions = [peer.rows for peer in _peers(one, working) if peer.table.engine == one.table.engine]
    if isinstance(fit, Fitted) and one.rows < FEW * max(versions):
        return LeftOut(one.table.name, one.numerics, "few")
    return fit


def _at_work(one: Fitted, every: list[Fitted]) -> Fitted | LeftOut:
    if one.median_error > SCATTERED:
        return LeftOut(one.table.name, one.numerics, "scattered")
    if _unit_s(one) > STALLED * min(_unit_s(peer) for peer in _peers(one, every)):
        return LeftOut(one.table.name, one.numerics, "stalled")
    return one


def _peers(one: Fitted, every: list[Fitted]) -> list[Fitted]:
    return [other for other in every if (other.table.gpu, other.numerics) == (one.table.gpu, one.numerics)]


def _unit_s(one: Fitted) -> float:
    """Seconds of what the operator does most of, on its GPU; 0 where there is no such thing."""
    unit = FORMS[one.operator].unit
    return unit(one.curve, one.table, one.numerics) if unit else 0.0


def _least(rows: Table) -> float:
    return float(rows.columns["seconds"].min())


def _fitted(rows: Table, operator: str, numerics: str) -> Fitted:
    form = FORMS[operator]
    held = held_out(rows, form.shape)
    found = fit_rows(rows.take(~held), form, numerics)
    error = np.abs(form.seconds(found, rows.take(held), numerics) / rows.take(held).columns["seconds"] - 1.0)
    curve = fit_rows(rows, form, numerics)
    return Fitted(
        rows, operator, numerics, curve, rows.size, int(held.sum()), float(np.median(error)), float(np.mean(error))
    )


def held_out(rows: Table, shape: tuple[str, ...]) -> Bools:
    """Which rows are of shapes that are kept back."""
    keys = np.stack([rows.floats(name) for name in shape], axis=1)
    _, place = np.unique(keys, axis=0, return_inverse=True)
    chance = np.random.default_rng(SEED).random(int(place.max()) + 1)
    few: Bools = (chance < np.quantile(chance, HELD_OUT))[place.ravel()]
    return few


def fit_rows(rows: Table, form: Form, numerics: str) -> Any:
    """The curve of `rows`, of which at most MOST_ROWS are looked at."""
    from scipy.optimize import least_squares  # noqa: PLC0415 -- slow import

    if rows.size > MOST_ROWS:
        rows = rows.take(np.random.default_rng(SEED).permutation(rows.size)[:MOST_ROWS])
    measured = np.log(rows.columns["seconds"])
    low, high = (np.array(side, dtype=np.float64) for side in (form.low, form.high))
    span = high - low

    def off(scaled: Floats) -> Floats:
        """Logarithms of ratio."""
        ratio: Floats = np.log(form.seconds(form.curve(*(low + span * scaled)), rows, numerics)) - measured
        return ratio

    first = np.clip((np.array(form.start) - low) / span, 1e-3, 1.0 - 1e-3)
    found = least_squares(
        off, first, bounds=(0.0, 1.0), x_scale=np.maximum(first, 1e-2), loss="soft_l1", f_scale=0.1, max_nfev=80
    )
    return form.curve(*(float(f"{value:.4g}") if value > LEAST else 0.0 for value in low + span * found.x))
