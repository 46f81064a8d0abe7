"""What recipes of mixtures switch on, as their sources say."""

import pytest

from solvers.training.evidence.recipes import recipe_of


def _row(model: str, gpu: str, *, container: str = "26.04", precision: str = "MXFP8", **cells: str) -> dict[str, str]:
    return {"model": model, "gpu": gpu, "stack": f"NeMo {container} NeMo Container", "precision": precision, **cells}


@pytest.mark.parametrize(
    ("row", "graphs"),
    [
        (_row("Qwen3_235B_a22B", "GB200"), "parts"),
        (_row("Qwen3_235B_a22B", "B200"), "none"),
        (_row("Qwen3_235B_a22B", "B200", container="26.06"), "all"),
        (_row("Qwen3_235B_a22B", "GB300", container="26.06", precision="BF16"), "parts"),
        (_row("Qwen3_235B_a22B", "H100", container="26.06"), "none"),
        (_row("DeepSeekV3", "GB200"), "parts"),
        (_row("DeepSeekV3", "GB300"), "none"),
        (_row("DeepSeekV3", "GB300", precision="BF16"), "parts"),
        (_row("DeepSeekV3", "GB300", container="26.08"), "all"),
        (_row("DeepSeekV3", "B200", container="26.08"), "none"),
        (_row("Kimi_K2", "GB300", container="26.06"), "none"),
        (_row("GPT OSS 120B", "B300", precision="BF16"), "parts"),
        (_row("GPT OSS 120B", "GB200", precision="BF16"), "none"),
        (_row("GPT OSS 120B", "B300", container="26.06"), "parts"),
        (_row("GPT OSS 120B", "GB300", container="26.06"), "all"),
        (_row("Nemotron_3_Super", "GB300", container="26.08"), "parts"),
        (_row("Nemotron_3_Super", "B200"), "none"),
        (_row("Nemotron_3_Super", "B200", precision="NVFP4"), "parts"),
        (_row("Nemotron_3_Ultra", "GB300", container="26.08"), "none"),
        ({"model": "Qwen3_235B_a22B", "gpu": "GB200", "stack": "NeMo 24.07a"}, "none"),
    ],
)
def test_what_a_recipe_captures_in_graphs(row: dict[str, str], graphs: str) -> None:
    assert recipe_of(row).graphs == graphs


def test_tokens_travel_merged_where_the_recipe_names_a_dispatcher() -> None:
    rows = [
        _row("Qwen3_235B_a22B", "GB200"),
        _row("Qwen3_235B_a22B", "H100"),
        _row("DeepSeekV3", "H100"),
        _row("Nemotron_3_Super", "B300"),
        _row("GPT OSS 120B", "GB300", precision="BF16", gbs="1280"),
        _row("GPT OSS 120B", "GB200", precision="BF16", gbs="1280"),
        _row("GPT OSS 120B", "GB200", precision="BF16", gbs="512"),
        _row("GPT OSS 120B", "B200", precision="BF16", gbs="1280", ep="64"),
        _row("GPT OSS 120B", "B200", precision="BF16", gbs="1280", ep="8"),
    ]

    found = [recipe_of(row).merged_dispatch for row in rows]

    assert found == [True, False, True, True, False, True, False, False, True]


def test_another_micro_batch_computes_while_tokens_travel_where_the_recipe_says_so() -> None:
    rows = [
        _row("Qwen3_235B_a22B", "H100"),
        _row("Qwen3_235B_a22B", "GB200"),
        _row("Qwen3_235B_a22B", "GB200", container="26.06"),
        _row("DeepSeekV3", "B200", ep="32"),
        _row("DeepSeekV3", "B200", ep="8"),
        _row("GPT OSS 120B", "GB200", precision="BF16", gbs="1280"),
    ]

    assert [recipe_of(row).overlapped_exchange for row in rows] == [True, False, True, True, False, True]


def test_experts_are_one_kernel_in_whole_iterations_and_in_hybrids_of_mxfp8() -> None:
    rows = [
        _row("DeepSeekV3", "GB300", container="26.06"),
        _row("DeepSeekV3", "GB300"),
        _row("Nemotron_3_Super", "GB300", container="26.06"),
        _row("Nemotron_3_Super", "GB300", container="26.06", precision="NVFP4"),
    ]

    assert [recipe_of(row).fused_experts for row in rows] == [True, False, True, False]


def test_nemotron_in_nvfp4_keeps_products_and_layers_in_more_bits() -> None:
    four = recipe_of(_row("Nemotron_3_Super", "GB300", precision="NVFP4"))
    eight = recipe_of(_row("Nemotron_3_Super", "GB300"))

    assert dict(four.wide_products) == {"qkv": 1.0, "attention_out": 1.0, "latent": 1.0, "mamba_out": 2.0}
    assert (four.narrow_layers, eight.narrow_layers, eight.wide_products) == (73 / 88, 1.0, ())


def test_pipelines_of_heavy_ends_have_a_short_last_chunk() -> None:
    models = ("DeepSeekV3 (dropless)", "Kimi_K2", "Qwen3_235B_a22B")

    assert [recipe_of(_row(model, "GB200")).short_last for model in models] == [True, True, False]
