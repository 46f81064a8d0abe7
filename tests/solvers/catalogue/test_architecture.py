"""The model record: what it fills in, what its layers are, what it refuses."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvers import catalogue
from solvers.catalogue import Layer, Model
from solvers.errors import Problem, SpecError

SMALL: dict[str, Any] = {"layers": 6, "hidden": 64, "heads": 4, "vocab": 100, "ffn": 256}

REFUSED = [
    ({"hidden": 66}, "/heads", "4 heads do not divide the hidden width 66."),
    ({"kv_heads": 3}, "/kv_heads", "4 heads cannot share 3 key-value heads evenly."),
    ({"kv_heads": 8}, "/kv_heads", "4 heads cannot share 8 key-value heads evenly."),
    ({"pattern": "M*"}, "/pattern", "The pattern has 2 letters for 6 layers."),
    ({"pattern": "*-*-*E"}, "/moe", "Some layers need `moe`, which is not given."),
    ({"pattern": "*-*-*M"}, "/mamba", "Some layers need `mamba`, which is not given."),
    ({"ffn": 0}, "/ffn", "Some layers need `ffn`, which is not given."),
    ({"layers": 0}, "/layers", "Input should be greater than or equal to 1."),
    ({"layers": 10**9}, "/layers", "Input should be less than or equal to 1000."),
    ({"hidden": -64}, "/hidden", "Input should be greater than or equal to 1."),
    ({"vocab": 10**12}, "/vocab", "Input should be less than or equal to 10000000."),
    ({"moe": {"experts": 2, "top_k": 4, "ffn": 8}}, "/moe", "4 experts for a token, of 2."),
    (
        {"moe": {"experts": 4, "top_k": 2, "ffn": 8, "shared_experts": 1}}, "/moe",
        "`shared_experts` and `shared_ffn` go together.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "at", "message"), REFUSED)
def test_nonsense_is_refused_at_its_field(change: dict[str, Any], at: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        catalogue.model({**SMALL, **change}, at="/model")

    assert [(problem.at, problem.message) for problem in caught.value.problems] == [(f"/model{at}", message)]


def test_heads_and_their_width_are_filled_in() -> None:
    model = Model.model_validate(SMALL)

    assert (model.kv_heads, model.head_dim) == (4, 16)


def test_a_width_that_is_given_need_not_divide() -> None:
    model = Model.model_validate({**SMALL, "hidden": 66, "head_dim": 32})

    assert model.head_dim == 32


def test_a_dense_model_is_attention_and_feed_forward() -> None:
    assert Model.model_validate(SMALL).layer_kinds == (Layer("attention", "mlp"),) * 6


def test_windows_leave_each_nth_layer_full() -> None:
    alternating = Model.model_validate({**SMALL, "window": {"size": 8, "full_every": 2}})
    always = Model.model_validate({**SMALL, "window": {"size": 8}})

    assert [layer.mixer for layer in alternating.layer_kinds] == ["window", "attention"] * 3
    assert (always.window_layers, always.attention_layers) == (6, 0)


def test_experts_begin_after_the_dense_layers_and_come_each_nth() -> None:
    late = Model.model_validate({**SMALL, "moe": {"experts": 4, "top_k": 2, "ffn": 8, "first_dense": 2}})
    second = Model.model_validate({**SMALL, "moe": {"experts": 4, "top_k": 2, "ffn": 8, "every": 2}})

    assert [layer.feed_forward for layer in late.layer_kinds] == ["mlp"] * 2 + ["moe"] * 4
    assert [layer.feed_forward for layer in second.layer_kinds] == ["mlp", "moe"] * 3


def test_a_hybrid_is_read_letter_by_letter() -> None:
    model = catalogue.model("nemotron-3-nano-30b-a3b")

    assert model.layer_kinds[:6] == (
        Layer("mamba", "none"),
        Layer("none", "moe"),
        Layer("mamba", "none"),
        Layer("none", "moe"),
        Layer("mamba", "none"),
        Layer("attention", "none"),
    )
    assert (model.layers, model.mamba_layers, model.moe_layers, model.attention_layers) == (52, 23, 23, 6)


@pytest.mark.parametrize(
    ("name", "mixers", "blocks"),
    [
        ("llama-3.1-405b", {"attention": 126}, {"mlp": 126}),
        ("deepseek-v3", {"attention": 61}, {"mlp": 3, "moe": 58}),
        ("gpt-oss-120b", {"attention": 18, "window": 18}, {"moe": 36}),
        ("qwen3.5-397b-a17b", {"attention": 15, "linear": 45}, {"moe": 60}),
        ("gemma-3-27b", {"attention": 10, "window": 52}, {"mlp": 62}),
        ("llama-4-maverick", {"attention": 48}, {"mlp": 24, "moe": 24}),
    ],
)
def test_known_models_have_the_layers_that_they_are_known_for(
    name: str, mixers: dict[str, int], blocks: dict[str, int]
) -> None:
    model = catalogue.model(name)
    counts = {
        "attention": model.attention_layers,
        "window": model.window_layers,
        "linear": model.linear_layers,
        "mamba": model.mamba_layers,
        "mlp": model.mlp_layers,
        "moe": model.moe_layers,
    }

    assert {kind: count for kind, count in counts.items() if count} == {**mixers, **blocks}


@given(
    layers=st.integers(1, 60),
    heads=st.sampled_from([1, 2, 4, 8]),
    head_dim=st.sampled_from([16, 64, 128]),
    ffn=st.integers(1, 4096),
    vocab=st.integers(1, 1000),
)
def test_a_model_grows_with_every_size(layers: int, heads: int, head_dim: int, ffn: int, vocab: int) -> None:
    sizes = {"layers": layers, "hidden": heads * head_dim, "heads": heads, "ffn": ffn, "vocab": vocab}
    model = Model.model_validate(sizes)

    for field in ("layers", "ffn", "vocab"):
        assert Model.model_validate({**sizes, field: sizes[field] + 1}).parameters > model.parameters


def test_a_document_that_is_no_mapping_of_sizes_lists_what_is_missing() -> None:
    with pytest.raises(SpecError) as caught:
        catalogue.model({"layers": 2})

    assert [problem.at for problem in caught.value.problems] == ["/hidden", "/heads", "/vocab"]
    assert Problem("missing", "'hidden' is missing.", "/hidden", "") in caught.value.problems


def test_a_copy_with_other_layers_counts_its_own():
    model = catalogue.model("llama-3.1-8b")
    whole = model.parameters
    half = model.model_copy(update={"layers": model.layers // 2})

    assert len(half.layer_kinds) == model.layers // 2
    assert half.parameters < whole
