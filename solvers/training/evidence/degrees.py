"""The layouts that agree with what a row states.

A degree that a row states is taken; one that it leaves open may be any that divides. NeMo's performance recipes
recompute parts of a layer at most, never whole layers; elsewhere any level may have run.
"""

from dataclasses import replace

import numpy as np

from solvers.catalogue import Model
from solvers.cost.layouts import (
    FULL,
    GPIPE,
    INTERLEAVED,
    NONE,
    ONE_F_ONE_B,
    SELECTIVE,
    Floats,
    Ints,
    Layouts,
    Shards,
    joined,
)
from solvers.cost.refined import Refined, plain
from solvers.optimise.enumerate import divisors, product
from solvers.training.evidence.columns import NotExpressible, Row, is_core, is_nemo, is_old, number, whole
from solvers.training.evidence.stacks import offloaded_shares, stated_micro_batch, zero_stages_of

# What a row without degrees may have used: up to a node of tensor, 16 stages, 4 context-parallel ranks.
OPEN = {"tp": (1, 2, 4, 8), "pp": (1, 2, 4, 8, 16), "cp": (1, 2, 4)}
# Micro-batches of a stage where a source gives no batch: enough that most stages are busy most of the time.
UNSTATED_PER_STAGE = 2


def gpus_of(row: Row) -> int:
    """GPUs of the run. A table's count that contradicts its own degrees gives way to their product.

    Eight rows of NeMo's long-sequence page are such: an earlier revision of the page had the products.
    """
    gpus = whole(row, "gpus")
    stated = [number(row, name) for name in ("tp", "pp", "cp", "dp")]
    if not all(stated):
        return gpus
    return min(gpus, int(np.prod([int(degree or 1) for degree in stated])))


def batch_of(row: Row) -> int:
    """Sequences of a step: stated, or what micro-batches, ranks and their count make."""
    if number(row, "gbs"):
        return whole(row, "gbs")
    if not (number(row, "mbs") and number(row, "dp")):
        raise NotExpressible("no batch")
    stages = int(number(row, "pp") or 1)
    times = int(number(row, "ga") or (UNSTATED_PER_STAGE * stages if stages > 1 else 1))
    return whole(row, "mbs") * whole(row, "dp") * times


def recompute_of(row: Row) -> int | None:
    """The level that the row states."""
    text = row.get("recompute", "").lower()
    if text in ("", "not stated"):
        return None
    return FULL if text == "full" else SELECTIVE if text.startswith("selective") else NONE


def layouts_of(row: Row, *, gpus: int, batch: int, model: Model) -> tuple[Shards, Layouts]:
    """All layouts that the row may mean; NotExpressible where its degrees contradict one another."""
    tp, pp, cp = product(*(_choices(row, name, model) for name in ("tp", "pp", "cp")))
    ep = int(number(row, "ep") or 1)
    keep, reason = np.ones(len(tp), dtype=bool), ""
    for message, holds in (
        ("degrees do not divide the GPUs", gpus % (tp * pp * cp) == 0),
        ("batch not divisible by data parallelism", batch % np.maximum(gpus // (tp * pp * cp), 1) == 0),
        ("ranks not divisible by expert parallelism", (gpus // pp) % ep == 0),
    ):
        keep &= holds
        reason = reason or ("" if keep.any() else message)
    if reason:
        raise NotExpressible(reason)
    found = [
        _with_batches(row, gpus=gpus, batch=batch, layers=model.layers, degrees=(int(t), int(p), int(c), ep))
        for t, p, c in zip(tp[keep], pp[keep], cp[keep], strict=True)
    ]
    return _joined([one for one in found if one is not None])


def _choices(row: Row, name: str, model: Model) -> Ints:
    if stated := number(row, name):
        return np.array([int(stated)])
    if number(row, "tp"):
        return np.array([1])
    limit = {"tp": model.kv_heads, "pp": model.layers, "cp": model.layers}[name]
    return np.array([degree for degree in OPEN[name] if degree == 1 or limit % degree == 0])


def _with_batches(
    row: Row, *, gpus: int, batch: int, layers: int, degrees: tuple[int, int, int, int]
) -> tuple[Shards, Layouts] | None:
    tp, pp, cp, ep = degrees
    dp = gpus // (tp * pp * cp)
    stated = stated_micro_batch(row, stages=pp, local_batch=batch // dp)
    if stated and (batch // dp) % int(stated):
        if number(row, "tp"):
            raise NotExpressible("batch not divisible by the micro-batch")
        return None
    sizes = np.array([int(stated)]) if stated else divisors(batch // dp)
    zero_stages = np.array(zero_stages_of(row, copies=dp * cp, stages=pp))
    shares = np.array(offloaded_shares(row))
    place, vpp, recompute, zero, share = product(
        np.arange(len(sizes)), _chunks(row, pp=pp, layers=layers), _levels(row), zero_stages, np.arange(len(shares))
    )
    sequence_parallel = int(tp > 1 and (not is_old(row) or "SP" in row.get("recompute", "")))
    one = np.ones_like(sizes)
    shards = Shards(tp * one, cp * one, ep * one, sizes, sequence_parallel * one)
    schedule = GPIPE if row.get("schedule") == "gpipe" else ONE_F_ONE_B
    many = np.ones(len(place))
    return shards, Layouts(
        shard=place,
        dp=dp * many,
        pp=pp * many,
        vpp=vpp.astype(np.float64),
        micro_batches=batch / (dp * sizes[place].astype(np.float64)),
        schedule=np.where(vpp > 1, INTERLEAVED, schedule),
        recompute=recompute,
        zero=zero,
        refined=_offloaded(zero, dp * cp * many, -(-layers // pp) * many, shares[share]) if shares.any() else None,
    )


def _offloaded(zero: Ints, copies: Floats, stage_layers: Floats, shares: Floats) -> Refined:
    return replace(plain(zero, copies, stage_layers), offloaded=shares)


def _joined(parts: list[tuple[Shards, Layouts]]) -> tuple[Shards, Layouts]:
    if not parts:
        raise NotExpressible("batch not divisible by the micro-batch")
    if len(parts) == 1:
        return parts[0]
    starts = np.cumsum([0, *(shards.size for shards, _ in parts[:-1])])
    moved = [replace(rows, shard=rows.shard + start) for (_, rows), start in zip(parts, starts, strict=True)]
    return joined([shards for shards, _ in parts]), joined(moved)


def _levels(row: Row) -> Ints:
    level = recompute_of(row)
    if level is not None:
        return np.array([level])
    return np.array([NONE, SELECTIVE] if is_nemo(row) else [NONE, SELECTIVE, FULL])


def _chunks(row: Row, *, pp: int, layers: int) -> Ints:
    """Model chunks of a stage: stated, or any where the row or its software interleaves."""
    if stated := number(row, "vpp"):
        return np.array([int(stated)])
    interleaves = row.get("schedule", "").startswith("interleaved") or is_nemo(row) or is_core(row)
    return divisors(layers // pp) if pp > 1 and layers % pp == 0 and interleaves else np.array([1])
