"""Ladders to ask for: hardware, prices, values of training, and made runs."""

from math import ceil

from solvers.catalogue.equal_nodes import Hardware
from solvers.documents import Document
from solvers.laws.design.candidates import Target, target
from solvers.laws.predict.mixture import Mixture, mixture
from solvers.scaling.ladder.family import Family, family
from solvers.scaling.ladder.limits import limits
from solvers.scaling.ladder.price import Price, priced
from solvers.scaling.ladder.speed import Work
from tests.solvers.laws.predict.ladders import ladder

AIM = target(params=7e9, tokens=1.4e11)
COUNTS = "non-embedding"
WORK = Work(4096, "bf16")
DECAY = 0.2
USUAL: Family = family()


def hardware(nodes: int = 2) -> Hardware:
    """Nodes of eight H100."""
    return Hardware.model_validate({"node": "dgx-h100", "nodes": nodes, "cost_usd_per_gpu_hour": 2.0})


def tuned(params: float, tokens: float) -> Document:
    """Values of training by rules of thumb: a batch of a thousandth of the tokens' root, a fifth for the decay."""
    batch = max(1, round(0.58 * tokens**0.571 / 4096))
    steps = ceil(tokens / (batch * 4096))
    return {
        "learning_rate": {"value": 1e-3, "low": 5e-4, "high": 2e-3},
        "batch_tokens": {"value": batch * 4096.0, "low": batch * 2048.0, "high": batch * 8192.0},
        "batch_sequences": batch,
        "sequence_length": 4096,
        "schedule": "wsd",
        "steps": steps,
        "warmup_steps": 500,
        "decay_steps": ceil(DECAY * steps),
        "warnings": [],
    }


def batch(params: float) -> int:
    """Sequences of a step of a size with 20 tokens a parameter."""
    return int(tuned(params, 20.0 * params)["batch_sequences"])


def in_gpu_hours(gpu_hours: float, *, aim: Target = AIM, nodes: int = 2) -> Price:
    """The price on two nodes."""
    return priced(USUAL, hardware(nodes), WORK, limits(aim), counts=COUNTS, gpu_hours=gpu_hours, batch=batch)


def known(noise: float = 3e-3) -> Mixture:
    """Laws fitted to a ladder whose law is known."""
    return mixture(ladder(noise=noise))
