"""The pools of [li2026spend] from its training parts, with what is kept back chosen as the benchmark chose its test.

The benchmark's test holds what lies beyond its training part: more streams, larger models, larger vocabularies. Those
runs are not given, so the last of each of these that is given is kept back instead, and the rest is the pool.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tests.solvers.laws.points import column, table
from tests.solvers.laws.pools import few, many
from tests.solvers.laws.pools.spend import Group, Task, group

LARGER = (0.2, 0.35, 0.5)


def columns(rows: list[dict[str, str]], *names: str) -> np.ndarray:
    return np.stack([column(rows, name) for name in names], axis=1)


def parallel() -> Task:
    """Four streams kept back; a run costs its parameters."""

    def of(rows):
        inputs = columns(rows, "num_params", "parallel_size")
        return group(inputs, columns(rows, "loss"), inputs[:, 0], inputs[:, 1] == inputs[:, 1].max(), counted=(1,))

    return Task("parallel", _grouped("scalebench_parallel_train", of), few.PARALLEL)


def moe() -> Task:
    """The largest dense size kept back; a run costs parameters times experts."""
    rows = table("scalebench_moe_train")
    inputs = columns(rows, "num_experts", "dense_parameter_count")
    kept = inputs[:, 1] == inputs[:, 1].max()
    one = group(inputs, columns(rows, "loss_validation"), inputs.prod(axis=1), kept, counted=(0,))
    return Task("moe", (one,), few.MOE)


def repeated() -> Task:
    """Models of more than two billion parameters kept back, an eighth of the runs as in the benchmark; 6 N D."""
    rows = table("scalebench_data_constrained_train")
    inputs = columns(rows, "unique_tokens", "params", "tokens")
    kept = inputs[:, 1] > 2e9
    one = group(inputs, columns(rows, "loss"), inputs[:, 1] * inputs[:, 2], kept)
    # Unique tokens and tokens have one middle, so that their ratio is that of epochs.
    shift = np.array([one.middle[0] - one.middle[2], 0.0, 0.0])
    moved = replace(one, x=one.x + shift, kept_x=one.kept_x + shift, middle=one.middle - shift)
    return Task("data constrained", (moved,), few.REPEATED)


def vocabulary() -> Task:
    """The largest vocabulary kept back; parameters times characters."""
    rows = table("scalebench_vocab_train")
    inputs = columns(rows, "non_vocab_parameters", "vocab_size", "num_characters")
    kept = inputs[:, 1] == inputs[:, 1].max()
    losses = columns(rows, "unigram_normalized_loss")
    return Task("vocabulary", (group(inputs, losses, inputs[:, 0] * inputs[:, 2], kept),), few.VOCABULARY)


def sparsity() -> Task:
    """The largest dense model kept back; 6 (N_1 D_1 + N_2 D_2)."""

    def of(rows):
        inputs, dense = columns(rows, "P", "N_active"), column(rows, "N_dense")
        cost = dense * column(rows, "D1") + inputs[:, 1] * column(rows, "D2")
        return group(inputs, columns(rows, "loss"), cost, dense == dense.max())

    return Task("sparsity", _grouped("scalebench_sparsity_train", of), few.SPARSITY, LARGER)


def mixture() -> Task:
    """A quarter of each size's mixtures kept back, every fourth as given; each costs alike."""

    def of(rows):
        inputs = columns(rows, *(f"proportion_domain_{n}" for n in range(1, 6)))
        losses = columns(rows, *(f"loss_domain_{n}" for n in range(1, 6)))
        return group(inputs, losses, np.ones(len(rows)), np.arange(len(rows)) % 4 == 3, counted=(0, 1, 2, 3, 4))

    return Task("domain mixture", _grouped("scalebench_domain_mixture_train", of), many.MIXTURE, LARGER)


def steps() -> Task:
    """The costliest grid of learning rate and batch kept back; 6 N D."""
    rows = table("steplaw_dense_lt_1B")
    inputs = columns(rows, "lr", "bs", "D", "N")
    cost = inputs[:, 2] * inputs[:, 3]
    one = group(inputs, columns(rows, "loss"), cost, cost == cost.max())
    return Task("lr & bsz", (one,), many.STEPS)


def tasks() -> Iterator[Task]:
    """Each task whose data set is beside the checkout."""
    for made in (steps, mixture, vocabulary, parallel, moe, repeated, sparsity):
        yield made()


def _grouped(name: str, of) -> tuple[Group, ...]:
    rows = table(name)
    names = dict.fromkeys(row["group"] for row in rows)
    return tuple(of([row for row in rows if row["group"] == one]) for one in names)
