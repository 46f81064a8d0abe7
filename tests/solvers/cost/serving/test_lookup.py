"""Which curve a job gets, and what is said of it."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.catalogue import names, node
from solvers.cost.serving.coefficients import DEFAULT
from solvers.cost.serving.job import Numerics, Software
from solvers.cost.serving.lookup import curves_of, fits, key_of, nearest, reached, tiled
from solvers.cost.serving.steps import decode_steps, step_seconds
from tests.solvers.cost.serving.jobs import job


def test_its_own_gpu_engine_and_version_need_no_words_more():
    said = curves_of(job(software=Software("vllm", "0.24.0"))).said

    assert said == "curves of vLLM 0.24.0 on NVIDIA H100 SXM 80 GB"


def test_another_version_is_said():
    said = curves_of(job(software=Software("vllm", "0.19.0"))).said

    assert said == "curves of vLLM 0.24.0 on NVIDIA H100 SXM 80 GB; your version is 0.19.0"


def test_another_engine_is_said_where_the_own_one_was_timed_with_its_host():
    said = curves_of(job(software=Software("vllm", "0.24.0"), numerics=Numerics("fp8_block"))).said

    assert said == "curves of SGLang 0.5.14 on NVIDIA H100 SXM 80 GB; your engine is vLLM"


def test_a_gpu_without_tables_takes_its_generation_scaled_to_its_own_datasheet():
    own, other = job(on="h100-pcie-server"), job(on="dgx-h100")

    found, lent = curves_of(own), curves_of(other)

    assert found.said.endswith("NVIDIA H100 SXM 80 GB, scaled to the datasheet of NVIDIA H100 PCIe 80 GB")
    ratio = own.node.gpu.achievable_compute / other.node.gpu.achievable_compute
    assert found.product.compute == pytest.approx(min(lent.product.compute * ratio, 1.0))
    assert found.product.start_s == lent.product.start_s


def test_versions_that_are_not_newer_than_asked_come_first():
    newest, asked, before_all = (
        curves_of(job(on="hgx-h200", numerics=Numerics("bf16"), software=Software("vllm", version))).expert
        for version in ("", "0.20.1", "0.1.0")
    )

    assert asked == before_all != newest


def test_weights_of_four_bits_without_a_table_are_widened():
    wide, four = (curves_of(job(numerics=Numerics(kind))).product for kind in ("bf16", "w4a16"))

    assert four.compute < wide.compute
    assert four.memory <= 1.0


@pytest.mark.parametrize("on", names("nodes"))
@pytest.mark.parametrize("engine", ["vllm", "sglang", "trtllm"])
def test_every_node_has_curves_for_every_numerics(on, engine):
    for weights in ("bf16", "fp16", "fp8", "fp8_block", "w4a16", "w8a8", "nvfp4"):
        found = curves_of(job(on=on, numerics=Numerics(weights, "fp8"), software=Software(engine)))

        assert 0.0 < found.product.compute <= 1.0
        assert 0.0 < found.decode.memory <= 1.0
        assert found.said


def test_links_of_pcie_do_not_borrow_from_nvlink():
    own, bridged = (curves_of(job(on=on)).reduce for on in ("l4-server", "dgx-a100-80"))

    assert own in [fit.curve for fit in fits()["reduce"] if fit.gpu in ("l40s", "rtx-pro-6000")]
    assert bridged in [fit.curve for fit in fits()["reduce"] if fit.gpu == "a100-80"]


def test_fits_say_how_good_they_are_and_most_are():
    import csv  # noqa: PLC0415
    from importlib.resources import files  # noqa: PLC0415

    text = (files("solvers.cost.serving") / "curves.csv").read_text("utf-8")
    errors = [float(row["median_error"]) for row in csv.DictReader(text.splitlines()) if row["operator"] == "product"]

    assert len(errors) > 60
    assert max(errors) < 0.15
    assert sum(errors) / len(errors) < 0.09


def test_what_nobody_fitted_has_no_curve():
    with pytest.raises(LookupError, match="no curve of product in fp32"):
        nearest("product", "fp32", key_of(job().node.gpu), ("vllm", ""))


def test_a_gpu_can_be_looked_past():
    found = nearest("product", "bf16", key_of(job().node.gpu), ("vllm", ""), without="h100-sxm")

    assert found.gpu == "h200-sxm"


def test_four_bits_that_are_widened_lose_a_share():
    wide = nearest("product", "bf16", key_of(job().node.gpu), ("vllm", ""))

    lost = reached(wide, key_of(job().node.gpu), (0.8, 0.8), "w4a16")

    assert lost.compute == pytest.approx(0.8 * wide.curve.compute)
    assert lost.memory == pytest.approx(0.95 * wide.curve.memory)


def test_the_node_of_every_fitted_gpu_is_known():
    assert {fit.gpu for found in fits().values() for fit in found} <= {node(name).gpu.name for name in names("nodes")}


def test_a_device_that_pads_less_multiplies_faster() -> None:
    asked, short = job(), replace(DEFAULT, tiles=0.25)
    few, many = decode_steps(np.array([4.0]), np.array([128.0]), job=asked), tiled(curves_of(asked), 0.25)

    assert step_seconds(few, asked, short) < step_seconds(few, asked, DEFAULT)
    assert many.wide.rows == 0.25 * curves_of(asked).wide.rows
    assert tiled(many, 4.0) == replace(curves_of(asked), expert=curves_of(asked).wide)
