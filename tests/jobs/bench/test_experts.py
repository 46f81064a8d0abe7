"""Experts: what the plain formula says token by token, gradients too; how even their work is."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 -- its name everywhere

from jobs.bench.experts import Mixture, told
from solvers.recipes.model import Model, Moe

CPU = torch.device("cpu")
MODELS = {
    "gated": Model(hidden=16, moe=Moe(experts=5, top_k=2, ffn=24)),
    "gelu": Model(hidden=16, gated=False, moe=Moe(experts=4, top_k=1, ffn=8)),
    "with shared experts": Model(hidden=16, moe=Moe(experts=4, top_k=4, ffn=8, shared_ffn=24)),
}


def mixture(name: str) -> Mixture:
    generator = torch.Generator().manual_seed(3)
    made = Mixture(MODELS[name])
    for weight in made.parameters():
        torch.nn.init.normal_(weight, std=0.3, generator=generator)
    return made


def one_by_one(made: Mixture, x: Tensor) -> Tensor:
    """Each token by itself: the likeliest experts, weighed by their probabilities over those of all that it has."""
    results = []
    for token in x.flatten(0, 1):
        chances = (made.router.weight @ token).softmax(0)
        likeliest = chances.detach().sort(descending=True).indices[: made.top_k].tolist()
        total = sum(chances[one] for one in likeliest)
        outputs = [chances[one] / total * (made.down[one] @ inside(made, made.up[one] @ token)) for one in likeliest]
        shared = [] if made.shared is None else [made.shared(token)]
        results.append(sum([*outputs, *shared]))
    return torch.stack(results).view_as(x)


def inside(made: Mixture, both: Tensor) -> Tensor:
    if not made.gated:
        return F.gelu(both, approximate="tanh")
    half = len(both) // 2
    return F.silu(both[:half]) * both[half:]


def gradients(made: Mixture, y: Tensor) -> list[Tensor]:
    made.zero_grad()
    y.square().mean().backward()
    return [weight.grad.clone() for weight in made.parameters()]


@pytest.mark.parametrize("name", MODELS)
def test_tokens_grouped_by_expert_give_what_each_gives_alone(name: str) -> None:
    made = mixture(name)
    x = torch.randn(2, 9, 16, generator=torch.Generator().manual_seed(4))

    found, right = made(x), one_by_one(made, x)

    torch.testing.assert_close(found, right, rtol=1e-4, atol=1e-5)
    assert made.counts.sum() == 18 * made.top_k
    for one, other in zip(gradients(made, made(x)), gradients(made, right), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_an_expert_that_no_token_goes_to_adds_nothing_and_learns_nothing() -> None:
    made = mixture("gated")
    with torch.no_grad():
        made.router.weight.zero_()
        made.router.weight[:2, 0] = 1.0

    y = made(torch.ones(1, 3, 16))
    y.sum().square().backward()

    assert made.counts.tolist() == [3, 3, 0, 0, 0]
    assert float(made.up.grad[:2].abs().min()) > 0
    assert float(made.up.grad[2:].abs().max()) == 0


def test_a_row_tells_the_busiest_expert_over_the_mean() -> None:
    busy, even = mixture("gelu"), mixture("gelu")
    busy.counts, even.counts = torch.tensor([6, 1, 1, 0]), torch.tensor([2, 2, 2, 2])

    assert told([busy, torch.nn.Linear(2, 2), even], device=CPU, half=True) == {
        "expert_load": 2.0,
        "expert_products": "one by one",
    }
    assert told([torch.nn.Linear(2, 2)], device=CPU, half=True) == {}
