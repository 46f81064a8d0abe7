"""The given runs that differ in more than size and length: experts, streams, and tokens that repeat."""

import numpy as np

from solvers.laws.law import Runs, runs_of
from tests.solvers.laws.points import column, table

# Tokens of every run of the law of experts and of that of streams: they are of one length each.
OF_EXPERTS, OF_STREAMS = 130e9, 42e9
# Epochs beyond which the runs on repeated tokens overfit, and no rate of repetition describes them.
EPOCHS = 16.0


def experts() -> Runs:
    """Runs of 1 to 512 experts, of three ways of routing that the table does not name [clark2022unified]."""
    rows = table("scalebench_moe_train")
    loss, params, count = (column(rows, name) for name in ("loss_validation", "dense_parameter_count", "num_experts"))
    tokens = np.full(len(loss), OF_EXPERTS)
    return runs_of(loss, params=params, tokens=tokens, experts=count, counts="non-embedding")


def best_routed() -> Runs:
    """Of them, the run of the lowest loss of each size and number of experts."""
    runs = experts()
    order = np.argsort(runs.loss, kind="stable")
    places = np.stack([runs.inputs["params"], runs.inputs["experts"]])[:, order]
    return runs.take(order[np.unique(places, axis=1, return_index=True)[1]])


def streams(text: str) -> Runs:
    """Runs of 1, 2 and 4 streams on one of two texts [chen2025parallel]."""
    rows = [row for row in table("scalebench_parallel_train") if row["group"] == text]
    loss, params, count = (column(rows, name) for name in ("loss", "num_params", "parallel_size"))
    tokens = np.full(len(loss), OF_STREAMS)
    return runs_of(loss, params=params, tokens=tokens, streams=count, counts="non-embedding")


def repeated(name: str = "datablations_runs_with_seeds") -> Runs:
    """Runs that saw their tokens at most EPOCHS times [muennighoff2023scaling]."""
    rows = table(name)
    loss, params, tokens, unique = (column(rows, name) for name in ("loss", "params", "tokens", "unique_tokens"))
    runs = runs_of(loss, params=params, tokens=tokens, unique_tokens=np.minimum(unique, tokens))
    return runs.take(tokens / runs.inputs["unique_tokens"] <= EPOCHS)
