"""The fit of a curve finds the curve that made the rows, and holds whole shapes back."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.cost.serving.curves import DecodeCurve, PrefillCurve, ProductCurve, ReduceCurve
from solvers.cost.serving.operators.fit import LeftOut, _fitted, _judged, fit_rows, held_out
from solvers.cost.serving.operators.forms import FORMS
from solvers.cost.serving.operators.tables import Table


def _table(columns, engine="vllm"):
    size = len(next(iter(columns.values())))
    return Table("made up", "h100-sxm", engine, "1.0", {**columns, "seconds": np.ones(size)})


def _grid(**columns):
    mesh = np.meshgrid(*columns.values(), indexing="ij")
    return {name: values.ravel().astype(float) for name, values in zip(columns, mesh, strict=True)}


def _made(operator, curve, columns, numerics):
    table = _table(columns)
    seconds = FORMS[operator].seconds(curve, table, numerics)
    return Table(table.name, table.gpu, table.engine, table.version, {**table.columns, "seconds": seconds})


PRODUCTS = _grid(m=[1, 16, 64, 256, 1024, 8192], n=[512, 1024, 4096, 8192], k=[1024, 4096, 14336])
CASES = {
    "product": (ProductCurve(0.7, 0.8, 4e-6, 2e-10, 40.0, 80.0, 120.0, 3.5), PRODUCTS, "bf16"),
    "decode": (
        DecodeCurve(0.4, 0.9, 1e-5, 2e-8, 1e-9),
        _grid(
            batch_size=[1, 8, 64], step=[127, 2047, 16383], num_heads=[8, 32, 64], num_key_value_heads=[8],
            head_dim=[128],
        ),
        "fp16",
    ),
    "prefill": (
        PrefillCurve(0.6, 300.0, 1.5e-5),
        _grid(batch_size=[1, 8], isl=[64, 512, 4096], step=[0], num_heads=[8, 32, 64], head_dim=[64, 128]),
        "fp16",
    ),
    "reduce": (
        ReduceCurve(0.6, 4e-6, 3e-7, 0.7, 1.5e-5, 1e-6),
        _grid(num_gpus=[2, 4, 8], message_size=[1e3, 1e4, 1e5, 1e6, 1e7, 1e8]),
        "fp16",
    ),
}  # fmt: skip


@pytest.mark.parametrize("operator", CASES)
def test_the_fit_gives_back_the_seconds_that_it_was_given(operator):
    curve, columns, numerics = CASES[operator]
    rows = _made(operator, curve, columns, numerics)

    found = fit_rows(rows, FORMS[operator], numerics)

    seconds = FORMS[operator].seconds(found, rows, numerics)
    np.testing.assert_allclose(seconds, rows.columns["seconds"], rtol=0.03)


def test_held_out_rows_are_whole_shapes():
    rows = _table(PRODUCTS)

    held = held_out(rows, ("n", "k"))

    pairs = np.stack([rows.floats("n"), rows.floats("k")], axis=1)
    inside, outside = ({tuple(pair) for pair in pairs[chosen]} for chosen in (held, ~held))
    assert not inside & outside
    assert 0.2 < held.mean() < 0.4


def test_the_error_is_that_of_shapes_that_were_not_seen():
    curve, columns, numerics = CASES["product"]

    found = _fitted(_made("product", curve, columns, numerics), "product", numerics)

    assert found.median_error < 0.03
    assert found.held_out > 0


def test_a_curve_that_crawls_beside_its_peers_is_left_out():
    curve, columns, numerics = CASES["decode"]
    good = _fitted(_made("decode", curve, columns, numerics), "decode", numerics)
    slow = _fitted(_made("decode", curve._replace(memory=0.2, compute=0.1), columns, numerics), "decode", numerics)

    assert _judged(good, [good, slow], [good]) is good
    assert _judged(slow, [good, slow], [good]) == LeftOut("made up", numerics, "stalled")


def test_a_version_with_few_rows_gives_way_to_one_with_many():
    curve, columns, numerics = CASES["decode"]
    many = _fitted(_made("decode", curve, columns, numerics), "decode", numerics)
    few = replace(many, rows=many.rows // 3)

    assert _judged(few, [many, few], [many, few]) == LeftOut("made up", numerics, "few")
    assert _judged(many, [many, few], [many, few]) is many


def test_a_curve_that_misses_most_shapes_is_left_out():
    curve, columns, numerics = CASES["decode"]
    found = replace(_fitted(_made("decode", curve, columns, numerics), "decode", numerics), median_error=0.6)

    assert _judged(found, [found], [found]) == LeftOut("made up", numerics, "scattered")
