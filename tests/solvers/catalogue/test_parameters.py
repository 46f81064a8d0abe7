"""Parameter counts: by hand for a small model, and against what publishers say for every model of the catalogue."""

import re

import pytest

from solvers import catalogue
from solvers.catalogue import Model, parameters

# NVIDIA names it 22B and publishes no count.
UNCOUNTED = {"nemotron-3-22b"}
COUNTED = [name for name in catalogue.names("models") if name not in UNCOUNTED]
# DeepSeek-V4 Pro is announced as 1.6T; Llama 4 Scout's 109B includes its vision part.
TOLERANCE = {"deepseek-v4-pro": 0.02, "llama-4-scout": 0.015}


def written(name: str) -> str:
    return str(catalogue.document("models", name)["published_parameters"])


def half_a_digit(text: str) -> float:
    """Half of the last digit that was written: 0.05e9 for '1.7B'."""
    match = re.fullmatch(r"(\d+)(?:\.(\d+))?([MBT]?)", text)
    assert match is not None
    return 0.5 * 10.0 ** -len(match[2] or "") * {"": 1.0, "M": 1e6, "B": 1e9, "T": 1e12}[match[3]]


def tiny(**fields: object) -> Model:
    return Model.model_validate({"layers": 2, "hidden": 8, "heads": 2, "vocab": 10, "ffn": 16, **fields})


@pytest.mark.parametrize("name", COUNTED)
def test_the_count_is_the_published_one(name: str) -> None:
    model = catalogue.model(name)
    assert model.published_parameters is not None

    difference = abs(model.parameters - model.published_parameters)

    assert difference <= max(TOLERANCE.get(name, 0.01) * model.published_parameters, half_a_digit(written(name)))


@pytest.mark.parametrize("name", [name for name in COUNTED if catalogue.model(name).moe])
def test_the_active_count_is_the_published_one(name: str) -> None:
    """Publishers count the embedding table or leave it out, and round to a billion."""
    model = catalogue.model(name)
    published = model.published_active
    assert published is not None

    counts = (model.active_parameters, model.active_parameters - model.vocab * model.hidden)

    assert min(abs(count - published) for count in counts) <= max(0.03 * published, 0.81e9)


@pytest.mark.parametrize("name", ["mpt-125m", "mpt-760m", "mpt-1b", "mpt-7b", "mpt-30b", "mpt-70b"])
def test_counts_that_were_published_to_the_last_parameter_agree_to_the_last(name: str) -> None:
    model = catalogue.model(name)

    assert model.parameters == model.published_parameters


def test_a_gated_model_by_hand() -> None:
    model = tiny()

    assert parameters.attention(model) == 4 * 8 * 8
    assert parameters.mlp(model) == 3 * 8 * 16
    assert parameters.layer_parameters(model) == (656, 656)  # 256 + 384 + two norms of 8
    assert parameters.embedding(model) == parameters.head(model) == 80
    assert model.parameters == model.active_parameters == 2 * 656 + 8 + 160


def test_biases_positions_and_ties_by_hand() -> None:
    model = tiny(
        gated=False,
        norm="layernorm",
        qkv_bias=True,
        output_bias=True,
        mlp_bias=True,
        tied_embeddings=True,
        learned_positions=4,
        embedding_norm=True,
    )

    assert parameters.attention(model) == 256 + 24 + 8
    assert parameters.mlp(model) == 2 * 8 * 16 + 16 + 8
    assert parameters.norm(model) == 16
    assert parameters.embedding(model) == 80 + 32 + 16
    assert parameters.head(model) == 0


def test_grouped_queries_gates_and_norms_by_hand() -> None:
    model = tiny(heads=4, kv_heads=2, head_dim=4, qk_norm=True, output_gate=True)

    assert parameters.attention(model) == 8 * (2 * 16 + 2 * 8) + 16 * 8 + 2 * 4


def test_experts_by_hand() -> None:
    model = tiny(
        layers=3,
        moe={
            "experts": 4,
            "top_k": 1,
            "ffn": 4,
            "shared_experts": 1,
            "shared_ffn": 6,
            "shared_gate": True,
            "first_dense": 1,
        },
    )

    assert parameters.expert(model) == 3 * 8 * 4
    assert parameters.shared_expert(model) == 3 * 8 * 6 + 8
    assert parameters.router(model) == 32
    assert parameters.moe(model) == 4 * 96 + 152 + 32
    assert [model.mlp_layers, model.moe_layers] == [1, 2]
    assert model.parameters - model.active_parameters == 3 * 96 * 2


def test_experts_in_a_latent_width_by_hand() -> None:
    model = tiny(ffn=0, moe={"experts": 4, "top_k": 2, "ffn": 4, "latent": 2, "router_bias": True})

    assert parameters.expert(model) == 3 * 2 * 4
    assert parameters.router(model) == 4 * 9 + 2 * 8 * 2


def test_latent_attention_by_hand() -> None:
    mla = {"q_rank": 4, "kv_rank": 3, "nope_dim": 2, "rope_dim": 1, "v_dim": 2}
    model = tiny(mla=mla)
    wide = tiny(mla={**mla, "q_rank": None})
    absorbed = tiny(mla={**mla, "absorbed": True, "o_rank": 2, "o_groups": 2})

    query, latent, up, output = 8 * 4 + 4 + 4 * 6, 8 * 4 + 3, 3 * 2 * 4, 4 * 8
    assert model.head_dim == 3
    assert parameters.attention(model) == query + latent + up + output
    assert parameters.attention(wide) == 8 * 6 + latent + up + output
    assert parameters.attention(absorbed) == query + latent + 2 * 4 + 2 * 2 * 8


def test_mamba_by_hand() -> None:
    model = tiny(pattern="M-", mamba={"heads": 2, "head_dim": 8, "state": 4})

    projections, convolution = 8 * (2 * 16 + 8 + 2) + 16 * 8, (16 + 8) * 5
    assert parameters.mamba(model) == projections + convolution + 6 + 16
    assert parameters.layer_parameters(model) == (parameters.mamba(model) + 8, 384 + 8)


def test_linear_attention_by_hand() -> None:
    model = tiny(linear={"key_heads": 1, "value_heads": 2, "key_dim": 4, "value_dim": 4, "full_every": 2})

    assert parameters.linear(model) == 8 * (8 + 16 + 4) + 8 * 8 + (8 + 8) * 4 + 4 + 4
    assert [model.linear_layers, model.attention_layers] == [1, 1]


def test_multi_token_prediction_is_counted_apart() -> None:
    one, two = tiny(mtp_layers=1), tiny(mtp_layers=2)

    assert parameters.mtp(one) == 656 + 2 * 64 + 24
    assert parameters.mtp(two) == 2 * parameters.mtp(one)
    assert one.parameters == tiny().parameters


def test_a_narrow_embedding_is_projected() -> None:
    model = tiny(embedding_width=4, tied_embeddings=True)

    assert parameters.embedding(model) == 10 * 4 + 2 * 4 * 8


def test_parts_that_a_model_lacks_count_nothing() -> None:
    model = tiny()

    parts = (
        parameters.expert,
        parameters.shared_expert,
        parameters.router,
        parameters.moe,
        parameters.mamba,
        parameters.linear,
    )
    assert [part(model) for part in parts] == [0, 0, 0, 0, 0, 0]
