"""Reading tables out of a wheel."""

import zipfile

import numpy as np
import pytest

from solvers.cost.serving.operators.forms import FORMS
from solvers.cost.serving.operators.tables import ROOT, fingerprint, tables


def test_tables_are_read_from_the_wheel(tmp_path):
    pyarrow = pytest.importorskip("pyarrow", reason="only the fit of operator tables needs pyarrow")
    from pyarrow import parquet  # noqa: PLC0415

    rows = {"gemm_dtype": ["bfloat16"] * 2, "m": [1, 2], "n": [4096, 4096], "k": [4096, 4096], "latency": [0.5, 0.6]}
    parquet.write_table(pyarrow.table(rows), tmp_path / "gemm_perf.parquet")
    wheel = tmp_path / "aiconfigurator_core-0.12.0.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(tmp_path / "gemm_perf.parquet", f"{ROOT}/h100_sxm/gemm/vllm/0.24.0/gemm_perf.parquet")

    found = tables(wheel, "product")

    assert [(one.gpu, one.engine, one.version, one.size) for one in found] == [("h100-sxm", "vllm", "0.24.0", 2)]
    assert found[0].columns["seconds"].tolist() == pytest.approx([5e-4, 6e-4])
    assert list(FORMS["product"].numerics(found[0])) == ["bf16"]
    assert np.array_equal(found[0].take(np.array([1])).floats("m"), [2.0])
    assert len(fingerprint(wheel)) == 64
