"""The decoder: its size, what it sees, its cache, and that computing again changes nothing."""

from cmath import rect

import pytest
import torch

from jobs.bench.transformer import attended, decoder, rotation, turned
from solvers.recipes.model import Model, Moe

CPU = torch.device("cpu")
MODELS = {
    "gated, grouped": Model(hidden=32, layers=2, heads=4, kv_heads=2, ffn=48, vocabulary=50),
    "gelu, layer norm, tied": Model(
        hidden=32, layers=2, heads=4, ffn=48, vocabulary=50, gated=False, norm="layer", tied_embeddings=True
    ),
    "experts": Model(
        hidden=32, layers=2, heads=4, ffn=48, vocabulary=50, moe=Moe(experts=6, top_k=2, ffn=24, shared_ffn=16)
    ),
    "experts without gates, after a dense layer": Model(
        hidden=32, layers=2, heads=4, ffn=48, vocabulary=50, gated=False, moe=Moe(ffn=24, first_dense=1)
    ),
    "wide heads": Model(hidden=32, layers=2, heads=4, kv_heads=1, head_dim=16, ffn=48, vocabulary=50),
}


def tokens(*shape: int) -> torch.Tensor:
    return torch.randint(50, shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", MODELS)
def test_it_has_as_many_parameters_as_are_counted(name: str) -> None:
    model = MODELS[name]

    assert sum(weight.numel() for weight in decoder(model, 2, device=CPU).parameters()) == model.parameters(2)


@pytest.mark.parametrize("name", MODELS)
def test_prefill_in_chunks_and_decode_with_a_cache_give_the_logits_of_one_forward_pass(name: str) -> None:
    built = decoder(MODELS[name], 2, device=CPU)
    text = tokens(3, 10)
    caches = built.caches(3, 10, like=built.norm.weight)

    with torch.no_grad():
        whole = built(text)
        parts = [built(text[:, a:b], caches, a) for a, b in ((0, 4), (4, 9), (9, 10))]
        last = built(text, last=True)

    torch.testing.assert_close(torch.cat(parts, dim=1), whole, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(last, whole[:, -1:], rtol=1e-5, atol=1e-6)
    assert float(whole.std()) > 0.01


def test_a_token_does_not_see_what_follows() -> None:
    built = decoder(MODELS["gated, grouped"], 2, device=CPU)
    text = tokens(1, 6)
    other = text.clone()
    other[0, 5] = (other[0, 5] + 1) % 50

    assert torch.equal(built(text)[:, :5], built(other)[:, :5])
    assert not torch.equal(built(text)[:, 5], built(other)[:, 5])


@pytest.mark.parametrize("again", ["selective", "full"])
@pytest.mark.parametrize("name", MODELS)
def test_computing_again_gives_the_same_gradients(name: str, again: str) -> None:
    found = {}
    for how in ("none", again):
        built = decoder(MODELS[name], 2, device=CPU, again=how)
        built(tokens(2, 6)).square().mean().backward()
        found[how] = [weight.grad for weight in built.parameters()]

    for one, other in zip(found["none"], found[again], strict=True):
        assert float(one.abs().max()) > 0
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-9)


def test_attention_is_the_textbook_formula() -> None:
    q, k, v = (torch.randn(2, heads, length, 8) for heads, length in ((4, 3), (2, 7), (2, 7)))

    keys, values = (part.repeat_interleave(2, dim=1) for part in (k, v))
    scores = q @ keys.transpose(-1, -2) / 8**0.5
    hidden = torch.ones(3, 7, dtype=torch.bool).tril(4).logical_not()
    right = scores.masked_fill(hidden, float("-inf")).softmax(-1) @ values

    torch.testing.assert_close(attended(q, k, v), right, rtol=1e-5, atol=1e-6)


def test_pairs_are_turned_by_their_angles() -> None:
    # The third token of a head of two pairs: angles of 2 and of 2 / 100, first and third number a pair.
    x = torch.tensor([[1.0, 2.0, 3.0, 4.0]])

    found = turned(x, rotation(4, 2, 1, like=x))[0]

    right = [complex(1, 3) * rect(1, 2.0), complex(2, 4) * rect(1, 0.02)]
    torch.testing.assert_close(found, torch.tensor([*(z.real for z in right), *(z.imag for z in right)]))


def test_turned_products_depend_on_the_distance_alone() -> None:
    q, k = torch.randn(8), torch.randn(8)

    def product(at: int, other: int) -> torch.Tensor:
        return turned(q, rotation(8, at, 1, like=q)) @ turned(k, rotation(8, other, 1, like=k)).T

    torch.testing.assert_close(product(3, 1), product(40, 38), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(product(3, 1), product(3, 2), atol=1e-4)
