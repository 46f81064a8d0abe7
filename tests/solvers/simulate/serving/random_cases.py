"""Random small cases in which all happens: little room, shared prefixes, priorities, stages, ranks, transfers."""

import numpy as np

from solvers.cost.serving.tables import StepCost
from solvers.simulate.serving.case import Deployment, Engine, Floats, Ints, Pool, Requests, Role, Speculation, Transfer

Random = np.random.Generator


def random_cost(random: Random, *, tokens: int, sequences: int, ranks: int) -> StepCost:
    """Tables of random seconds, so that no two moments are equal by chance."""

    def table(most: int, scale: float) -> Floats:
        return np.cumsum(random.uniform(0.5, 1.5, most + 1)) * scale

    window = int(random.choice([0, 0, 9]))
    return StepCost(
        decode_tokens=0.01 + table(tokens, 1e-4),
        mixed_tokens=0.012 + table(tokens, 1.2e-4),
        shared_tokens=table(ranks * tokens if random.random() < 0.5 else 0, 3e-5),
        sampled=table(sequences, 1e-5),
        decode_base=table(sequences, 1e-5),
        decode_context=np.full(sequences + 1, 1e-6) + table(sequences, 1e-8),
        decode_window=table(sequences, 1e-7),
        hop=table(tokens, 1e-5),
        chunk=1e-4 * random.random(),
        pair=1e-6 * random.random(),
        pair_window=1e-6 * random.random(),
        context=1e-6 * random.random(),
        host=0.008 * random.random() * int(random.integers(0, 2)),
        host_sequence=1e-4 * random.random(),
        window=window,
        overlapped=bool(random.integers(0, 2)),
        mixed_decode=float(random.choice([1.0, 1.7])),
    )


def random_pool(random: Random, role: Role, *, longest: int) -> Pool:
    """A pool in which the longest request just fits, or where there is more room."""
    size = int(random.choice([2, 4, 5, 16]))
    budget = int(random.integers(4, 40))
    sequences = int(random.integers(1, 9))
    stages = int(random.choice([1, 1, 2, 3]))
    ranks = int(random.choice([1, 1, 2]))
    drafts = int(random.choice([0, 0, 1, 3]))
    chunked, policy = bool(random.integers(0, 4)), str(random.choice(["fcfs", "fcfs", "priority", "prefill_first"]))
    if not chunked or policy == "prefill_first":
        budget = max(budget, longest)
    least = -(-(longest + drafts) // size) + 1
    engine = Engine(
        max_num_seqs=sequences,
        max_num_batched_tokens=budget,
        blocks=least + int(random.integers(0, 3 * least)),
        block_size=size,
        chunked_prefill=chunked,
        prefix_caching=bool(random.integers(0, 4)),
        policy=policy,  # type: ignore[arg-type]
        stages=stages,
        ranks=ranks,
        speculation=Speculation(drafts, 0.6, 0.001) if drafts else None,
        reserve_whole=bool(random.integers(0, 2)),
    )
    cost = random_cost(random, tokens=budget, sequences=sequences, ranks=ranks)
    return Pool(role, int(random.integers(1, 4)), engine, cost)


def random_requests(random: Random, *, most: int = 40) -> Requests:
    """Requests with random lengths, some of which share a prefix."""
    n = int(random.integers(1, most))
    inputs = random.integers(1, 50, n)
    prefixes = random.integers(-1, 3, n)
    return Requests(
        arrival_s=np.cumsum(random.exponential(random.choice([0.0, 0.01, 0.1]), n)),
        input_tokens=inputs,
        output_tokens=random.integers(1, 30, n),
        prefix=prefixes,
        prefix_tokens=np.where(prefixes < 0, 0, _shared(random, inputs)),
        priority=random.integers(0, 3, n),
        concurrency=int(random.choice([0, 0, 3])),
    )


def _shared(random: Random, inputs: Ints) -> Ints:
    return np.minimum(random.integers(0, 40, len(inputs)), inputs)


def random_case(seed: int) -> tuple[Deployment, Requests]:
    """A deployment and what it is asked."""
    random = np.random.default_rng(seed)
    requests = random_requests(random)
    longest = int((requests.input_tokens + requests.output_tokens).max())
    routing = str(random.choice(["round_robin", "least_work", "prefix_aware"]))
    if random.random() < 0.3:
        pools = tuple(random_pool(random, role, longest=longest) for role in ("prefill", "decode"))
        transfer = Transfer(1.0, float(random.choice([100.0, 1e4])), 0.001 * random.random())
        return Deployment(pools, routing, transfer), requests  # type: ignore[arg-type]
    return Deployment((random_pool(random, "both", longest=longest),), routing), requests  # type: ignore[arg-type]
