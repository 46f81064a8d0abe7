"""Which rows of a table count, and what a shipped curve says of them."""

import numpy as np
import pytest

from solvers.cost.serving.lookup import fits
from solvers.cost.serving.operators.fit import Fitted, LeftOut, fit_all
from solvers.cost.serving.operators.forms import FORMS
from solvers.cost.serving.operators.lent import errors
from solvers.cost.serving.operators.tables import Table


def _grid(**columns):
    mesh = np.meshgrid(*columns.values(), indexing="ij")
    return {name: values.ravel() for name, values in zip(columns, mesh, strict=True)}


def _table(columns, *, engine="vllm", version="0.24.0"):
    size = len(next(iter(columns.values())))
    return Table("made up", "h100-sxm", engine, version, {**columns, "seconds": np.ones(size)})


def _with(table, seconds):
    return Table(table.name, table.gpu, table.engine, table.version, {**table.columns, "seconds": seconds})


def _text(columns, **texts):
    size = len(next(iter(columns.values())))
    return {**columns, **{name: np.array([text] * size) for name, text in texts.items()}}


GEMM = _text(_grid(m=[1.0, 64, 1024, 8192], n=[64.0, 1024, 8192], k=[1024.0, 8192]), gemm_dtype="bfloat16")
MOE = _text(
    _grid(num_tokens=[1.0, 16, 256, 4096], hidden_size=[2048.0, 7168], inter_size=[768.0, 2048], topk=[8.0],
          num_experts=[128.0, 256], moe_tp_size=[1.0, 2], moe_ep_size=[1.0]),
    moe_dtype="fp8_block", distribution="power_law_1.01",
)  # fmt: skip
HEADS = _grid(
    batch_size=[1.0, 8, 64], step=[127.0, 2047, 16383], num_heads=[8.0, 16, 128], isl=[1.0], window_size=[0.0],
    num_key_value_heads=[1.0, 8], head_dim=[128.0],
)  # fmt: skip
CACHE = _text(HEADS, kv_cache_dtype="bfloat16", attn_dtype="bfloat16")
PROMPT = {**CACHE, "isl": CACHE["step"] + 1.0, "step": np.zeros(len(CACHE["step"]))}


def _many(columns):
    """A hundred rows and more, which a form asks for."""
    return {name: np.concatenate([values] * 3) for name, values in columns.items()}


CASES = {
    "product": (GEMM, "bf16", 4 * 2 * 2),
    "expert": (MOE, "fp8_block", 64),
    "decode": (_many(CACHE), "fp16", 3 * 54),
    "latent_decode": (_many(CACHE), "fp16", 3 * 54),
    "prefill": (_many(PROMPT), "fp16", 3 * 54),
    "latent_prefill": (_many(PROMPT), "fp16", 3 * 54),
    "reduce": (_text(_grid(num_gpus=[2.0, 8], message_size=[1e3, 1e6, 1e10]), kernel_source="custom_graph"), "fp16", 4),
}  # fmt: skip


@pytest.mark.parametrize("operator", CASES)
def test_rows_that_nothing_served_has_are_left_out_and_shipped_curves_read_the_others(operator):
    columns, numerics, kept = CASES[operator]
    rows = FORMS[operator].numerics(_table(columns))
    curve = next(fit.curve for fit in fits()[operator] if fit.gpu == "h100-sxm" and fit.numerics == numerics)

    seconds = FORMS[operator].seconds(curve, rows[numerics], numerics)

    assert list(rows) == [numerics]
    assert rows[numerics].size == kept
    assert np.all(seconds > 0.0)
    assert np.all(np.isfinite(seconds))


def test_the_fastest_kernel_of_a_size_counts():
    table = _table({name: np.concatenate([values, values]) for name, values in GEMM.items()})
    table = _with(table, np.concatenate([np.full(24, 2.0), np.full(24, 1.0)]))

    assert FORMS["product"].numerics(table)["bf16"].columns["seconds"].tolist() == [1.0] * 16


def test_reductions_that_the_host_launched_do_not_count():
    columns = _text(_grid(num_gpus=[2.0], message_size=[1e3]), kernel_source="vLLM_custom_eager")

    assert FORMS["reduce"].numerics(_table(columns)) == {}


def test_products_that_were_timed_with_the_host_are_left_out():
    curve = next(fit.curve for fit in fits()["product"] if fit.gpu == "h100-sxm" and fit.numerics == "bf16")
    quick = _table(GEMM, engine="sglang")
    quick = _with(quick, 4e-6 + FORMS["product"].seconds(curve, quick, "bf16"))
    slow = _with(_table(GEMM), quick.columns["seconds"] + 5e-5)

    found = list(fit_all([quick, slow], "product"))

    assert found[0] == LeftOut("made up", "bf16", "eager")
    assert isinstance(found[1], Fitted)
    assert found[1].table.engine == "sglang"


def test_prefills_that_were_timed_as_decodes_are_left_out():
    table = _table(_many(PROMPT), engine="sglang")

    assert list(fit_all([table], "latent_prefill")) == [LeftOut("made up", "fp16", "absorbed")]


@pytest.mark.parametrize("operator", ["product", "decode", "prefill"])
def test_a_curve_is_nearest_to_its_own_gpu_and_a_lent_one_nearer_than_a_datasheet(operator):
    columns, numerics, _ = CASES[operator]
    rows = FORMS[operator].numerics(_table(columns))[numerics]
    of = ("h100-sxm", "vllm", "0.24.0", numerics)
    curve = next(fit.curve for fit in fits()[operator] if fit[:4] == of)
    measured = _with(rows, FORMS[operator].seconds(curve, rows, numerics))

    found = list(errors([measured], operator))

    assert [one.gpu for one in found] == ["h100-sxm"]
    assert found[0].own == pytest.approx(0.0, abs=1e-12)
    assert 0.0 < found[0].lent < found[0].datasheet
