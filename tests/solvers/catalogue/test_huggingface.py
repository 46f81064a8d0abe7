"""A Hugging Face config is the same model as the catalogue's, and nonsense in it is refused at its own key."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvers import catalogue
from solvers.catalogue import Model, huggingface
from solvers.errors import Problem, SpecError
from tests.solvers.catalogue.configs import COMMON, CONFIGS

NOT_ARCHITECTURE = {"name", "title", "aliases", "family", "source", "trust", "published_parameters", "published_active"}
SMALL: dict[str, Any] = {
    **COMMON,
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "vocab_size": 100,
}
EXPERTS = {"model_type": "qwen3_moe", "num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 32}


def architecture(model: Model) -> dict[str, Any]:
    return model.model_dump(exclude=NOT_ARCHITECTURE)


def problems(config: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(SpecError) as caught:
        catalogue.model(config, at="/model")
    return [(problem.at, problem.code) for problem in caught.value.problems]


@pytest.mark.parametrize("name", CONFIGS)
def test_a_config_is_the_catalogues_model(name: str) -> None:
    assert architecture(catalogue.model(CONFIGS[name])) == architecture(catalogue.model(name))


def test_a_config_may_stand_under_its_own_key() -> None:
    assert catalogue.model({"hf_config": SMALL}) == catalogue.model(SMALL)


def test_a_teams_own_entry_carries_its_name_beside_the_config() -> None:
    model = catalogue.model({"name": "ours", "title": "Our model", "hf_config": SMALL})

    assert (model.name, model.title, model.hidden) == ("ours", "Our model", 64)
    assert catalogue.model({"name": "ours", "title": "Our model", **SMALL}) == model


def test_a_path_is_for_the_command_line_to_read() -> None:
    assert problems({"hf_config": "config.json"}) == [("/model/hf_config", "not_a_config")]


def test_what_stands_beside_a_config_is_an_unknown_field() -> None:
    assert problems({"hf_config": SMALL, "layers": 3}) == [("/model/layers", "unknown_field")]


def test_a_model_in_our_own_fields_is_not_a_config() -> None:
    assert not huggingface.is_config({"layers": 2, "hidden": 64, "heads": 4, "head_dim": 16})
    assert not huggingface.is_config({"foo": 1})
    assert huggingface.is_config({"hidden_size": 64})


def test_all_that_is_missing_is_listed() -> None:
    assert problems({"model_type": "llama", "hidden_size": 64}) == [
        ("/model/num_hidden_layers", "missing"),
        ("/model/num_attention_heads", "missing"),
        ("/model/vocab_size", "missing"),
    ]


@pytest.mark.parametrize(
    ("change", "at", "code"),
    [
        ({"hidden_size": 0}, "/hidden_size", "too_small"),
        ({"num_hidden_layers": -2}, "/num_hidden_layers", "too_small"),
        ({"vocab_size": 10**12}, "/vocab_size", "too_large"),
        ({"num_hidden_layers": 10**6}, "/num_hidden_layers", "too_large"),
        ({"hidden_size": "64"}, "/hidden_size", "wrong_type"),
        ({"hidden_size": 64.5}, "/hidden_size", "wrong_type"),
        ({"num_attention_heads": True}, "/num_attention_heads", "wrong_type"),
        ({"num_attention_heads": 5}, "/num_attention_heads", "not_divisible"),
        ({"intermediate_size": 0}, "/intermediate_size", "too_small"),
        ({"block_configs": [{}]}, "/block_configs", "not_modelled"),
        ({"is_encoder_decoder": True}, "/is_encoder_decoder", "not_modelled"),
        ({**EXPERTS, "num_experts_per_tok": 16}, "/num_experts_per_tok", "too_many"),
        ({**EXPERTS, "num_experts_per_tok": None}, "/num_experts_per_tok", "missing"),
        ({"kv_lora_rank": 16}, "/qk_nope_head_dim", "missing"),
        ({"hybrid_override_pattern": "M?"}, "/hybrid_override_pattern", "unknown_layer"),
        ({"layers_block_type": ["mamba", "rnn"]}, "/layers_block_type", "unknown_layer"),
        ({"hybrid_override_pattern": "M*"}, "/mamba_num_heads", "missing"),
    ],
)
def test_nonsense_is_refused_at_its_own_key(change: dict[str, Any], at: str, code: str) -> None:
    assert problems({**SMALL, **change}) == [(f"/model{at}", code)]


def test_a_problem_in_a_text_config_says_so() -> None:
    assert problems({"text_config": {**SMALL, "hidden_size": 0}}) == [("/model/text_config/hidden_size", "too_small")]


def test_the_message_of_a_missing_key_names_its_other_spellings() -> None:
    with pytest.raises(SpecError) as caught:
        catalogue.model({name: value for name, value in SMALL.items() if name != "num_hidden_layers"})

    assert caught.value.problems == (
        Problem(
            "missing",
            "The config has no 'num_hidden_layers' (or n_layer, n_layers, num_layers).",
            "/num_hidden_layers",
            "Copy the whole config.json.",
        ),
    )


def test_gpt2_says_everything_in_its_own_words() -> None:
    model = catalogue.model(
        {"model_type": "gpt2", "n_embd": 768, "n_head": 12, "n_layer": 12, "n_positions": 1024, "vocab_size": 50257}
    )

    assert model.parameters == 124_439_808  # GPT-2 small
    assert (model.ffn, model.learned_positions, model.tied_embeddings, model.gated) == (3072, 1024, True, False)


def test_an_activation_tells_whether_a_feed_forward_is_gated() -> None:
    plain = {**SMALL, "model_type": "unheard_of", "hidden_act": "gelu"}

    assert not catalogue.model(plain).gated
    assert catalogue.model({**plain, "hidden_act": "silu"}).gated


def test_switches_of_a_config_count() -> None:
    model = catalogue.model({**SMALL, "attention_bias": True, "mlp_bias": True, "tie_word_embeddings": True})

    assert (model.qkv_bias, model.output_bias, model.mlp_bias, model.tied_embeddings) == (True, True, True, True)


def test_one_expert_is_a_dense_model() -> None:
    assert catalogue.model({**SMALL, **EXPERTS, "num_experts": 1}).moe is None


@pytest.mark.parametrize(
    ("placed", "first_dense", "every"),
    [
        ({"mlp_layer_types": ["dense", "sparse"]}, 1, 1),
        ({"moe_layer_freq": [0, 1]}, 1, 1),
        ({"first_k_dense_replace": 1}, 1, 1),
        ({"decoder_sparse_step": 2}, 0, 2),
        ({}, 0, 1),
    ],
)
def test_configs_place_their_experts_in_many_ways(placed: dict[str, Any], first_dense: int, every: int) -> None:
    moe = catalogue.model({**SMALL, **EXPERTS, **placed}).moe

    assert moe is not None
    assert (moe.first_dense, moe.every) == (first_dense, every)


def test_falcon_shares_one_key_value_head() -> None:
    falcon = {
        "model_type": "falcon",
        "hidden_size": 64,
        "num_attention_heads": 4,
        "num_hidden_layers": 2,
        "vocab_size": 100,
    }

    assert catalogue.model({**falcon, "multi_query": True}).kv_heads == 1
    assert (
        catalogue.model({**falcon, "multi_query": True, "new_decoder_architecture": True, "num_kv_heads": 2}).kv_heads
        == 2
    )


def test_mpt_says_its_biases_heads_and_positions() -> None:
    mpt = {
        "model_type": "mpt",
        "d_model": 64,
        "n_heads": 4,
        "n_layers": 2,
        "vocab_size": 100,
        "max_seq_len": 32,
        "no_bias": True,
    }
    plain = catalogue.model({**mpt, "attn_config": {"alibi": True, "kv_n_heads": 1}})

    assert (plain.learned_positions, plain.kv_heads, plain.norm_bias, plain.qkv_bias) == (0, 1, False, False)
    assert catalogue.model(mpt).learned_positions == 32


def test_an_irregular_list_of_windows_keeps_their_share() -> None:
    kinds = ["sliding_attention"] * 5 + ["full_attention"]
    model = catalogue.model({**SMALL, "num_hidden_layers": 6, "sliding_window": 8, "layer_types": kinds})
    none = catalogue.model({**SMALL, "num_hidden_layers": 6, "sliding_window": 8, "layer_types": kinds[:5]})

    assert (model.window_layers, model.attention_layers) == (5, 1)
    assert none.attention_layers == 0


@given(
    st.dictionaries(
        st.sampled_from(sorted(CONFIGS["deepseek-v3"])),
        st.one_of(
            st.none(),
            st.integers(-2, 300),
            st.text(max_size=3),
            st.lists(st.integers(), max_size=2),
            st.floats(allow_nan=True),
            st.booleans(),
        ),
    )
)
def test_no_change_to_a_config_does_more_than_raise_a_spec_error(change: dict[str, Any]) -> None:
    try:
        model = catalogue.model({**CONFIGS["deepseek-v3"], **change})
    except SpecError as error:
        seen = [problem.message for problem in error.problems]
    else:
        seen = [model.name]

    assert all(seen)
