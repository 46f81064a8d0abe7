"""How far off a GPU's operators are on curves of its own, on another GPU's, and on its datasheet alone.

`python -m solvers.cost.serving.operators.lent WHEEL`: medians of relative errors over a GPU's rows. Its own curve was
fitted to them; `lent` is what the GPU would get had nobody measured it (a whole GPU held out); `datasheet` takes the
catalogue's shares that large kernels reach and a guess of their starts.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from solvers.catalogue import Gpu, gpu
from solvers.cost.serving.curves import DecodeCurve, PrefillCurve, ProductCurve
from solvers.cost.serving.lookup import fits, key_of, nearest, reached
from solvers.cost.serving.operators.forms import FORMS
from solvers.cost.serving.operators.tables import Table, tables

OPERATORS = ("product", "expert", "decode", "latent_decode", "prefill", "latent_prefill")
# Seconds that a kernel takes to start where nobody measured it: estimates.
PRODUCT_START_S, OTHER_START_S = 3e-6, 1e-5


class Errors(NamedTuple):
    """Medians of one GPU, engine and numerics."""

    operator: str
    gpu: str
    own: float
    lent: float
    datasheet: float


def errors(measured: Sequence[Table], operator: str) -> Iterator[Errors]:
    """Of every curve that ships, on the rows of its table."""
    form = FORMS[operator]
    for table in measured:
        for numerics, rows in form.numerics(table).items():
            own = [
                fit.curve
                for fit in fits()[operator]
                if (fit.gpu, fit.engine, fit.version, fit.numerics) == (*_of(table), numerics)
            ]
            if own:
                on: Gpu = gpu(table.gpu)
                curves = (own[0], _lent(operator, numerics, on, table), _plain(operator, on))
                yield Errors(operator, table.gpu, *(_off(operator, curve, rows, numerics) for curve in curves))


def _of(table: Table) -> tuple[str, str, str]:
    return table.gpu, table.engine, table.version


def _lent(operator: str, numerics: str, on: Gpu, table: Table) -> Any:
    key = key_of(on)
    found = nearest(operator, numerics, key, (table.engine, table.version), without=on.name)
    return reached(found, key, (on.achievable_compute, on.achievable_memory), numerics)


def _plain(operator: str, on: Gpu) -> Any:
    compute, memory = on.achievable_compute, on.achievable_memory
    start = PRODUCT_START_S if operator == "product" else OTHER_START_S
    if operator in ("product", "expert"):
        return ProductCurve(compute, memory, start, 0.0, 0.0, 0.0, 0.0, 4.0)
    if operator.endswith("decode"):
        return DecodeCurve(compute, memory, start, 0.0, 0.0)
    return PrefillCurve(compute, 0.0, start)


def _off(operator: str, curve: Any, rows: Table, numerics: str) -> float:
    ratio = FORMS[operator].seconds(curve, rows, numerics) / rows.columns["seconds"]
    return float(np.median(np.abs(ratio - 1.0)))


def main(wheel: Path) -> None:
    """One line for each operator and GPU: the mean over engines and numerics."""
    sys.stdout.write(f"{'operator':<16}{'GPU':<14}{'curves':>7}{'own':>8}{'lent':>8}{'datasheet':>11}\n")
    for operator in OPERATORS:
        found: dict[str, list[Errors]] = defaultdict(list)
        for one in errors(tables(wheel, operator), operator):
            found[one.gpu].append(one)
            found["all"].append(one)
        for name, of_gpu in found.items():
            means = [float(np.mean([one[place] for one in of_gpu])) for place in (2, 3, 4)]
            line = "".join(f"{value:>{width}.1%}" for value, width in zip(means, (8, 8, 11), strict=True))
            sys.stdout.write(f"{operator:<16}{name:<14}{len(of_gpu):>7}{line}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
