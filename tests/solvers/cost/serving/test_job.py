"""What engines did from which version on."""

from dataclasses import replace

from solvers.cost.serving.job import (
    Layout,
    Numerics,
    Software,
    expert_software,
    has_graphs,
    has_pieces,
    overlapped,
    pads_experts,
    peak_of,
)
from tests.solvers.cost.serving.jobs import job


def _by_version(question):
    return [question(job(software=Software("vllm", version))) for version in ("0.2.6", "0.7.3", "0.13.0", "0.14.1", "")]


def test_vllm_learned_to_overlap_to_replay_and_to_replay_in_pieces():
    assert _by_version(overlapped) == [False, False, False, True, True]
    assert _by_version(has_graphs) == [False, True, True, True, True]
    assert _by_version(has_pieces) == [False, False, True, True, True]


def test_other_engines_overlap_and_replay_decodes_only():
    one = job(software=Software("sglang", "0.4.1"))

    assert (overlapped(one), has_graphs(one), has_pieces(one)) == (True, True, False)
    assert not has_graphs(job(graphs=False))


def test_layouts_count_their_gpus():
    layout = Layout(tp=2, pp=3, dp=4, ep=8)

    assert (layout.gpus, layout.expert_tp) == (24, 1.0)


def test_experts_take_the_weights_numerics_unless_they_have_their_own():
    assert Numerics("fp8").expert_weights == "fp8"
    assert Numerics("bf16", experts="nvfp4").expert_weights == "nvfp4"


def test_peaks_are_those_of_the_units_that_compute():
    hopper, ampere = job().node.gpu, job(on="dgx-a100-80").node.gpu

    assert peak_of(hopper, "fp8_block") == 1979e12
    assert peak_of(ampere, "fp8") == peak_of(ampere, "nvfp4") == peak_of(ampere, "w4a16") == 312e12
    assert peak_of(ampere, "w8a8") == 624e12
    assert peak_of(hopper, "nvfp4") == 989e12


def test_vllm_pads_experts_in_blocks_on_hopper_from_0_12_to_0_14():
    def pads(version, *, tp=2, weights="fp8_block", on="hgx-h200", name="vllm"):
        one = job("qwen3-235b-a22b", on, layout=Layout(tp=tp), numerics=Numerics(weights))
        return pads_experts(replace(one, software=Software(name, version)))

    assert [pads(version) for version in ("0.11.2", "0.12.0", "0.14.1", "0.15.0", "")] == [
        False, True, True, False, False,
    ]  # fmt: skip
    assert not pads("0.12.0", tp=8)
    assert not pads("0.12.0", weights="fp8")
    assert not pads("0.12.0", on="dgx-b200")
    assert not pads("0.12.0", name="sglang")


def test_tensorrt_llm_on_blackwell_has_other_kernels_for_experts_that_are_cut():
    def of(ep, on="dgx-b200", weights="fp8_block"):
        layout = Layout(tp=8, ep=ep)
        one = job("deepseek-r1", on, layout=layout, numerics=Numerics(weights), software=Software("trtllm", "1.2"))
        return expert_software(one).name

    assert [of(1), of(8), of(1, "hgx-h200"), of(1, weights="nvfp4")] == ["sglang", "trtllm", "trtllm", "trtllm"]
