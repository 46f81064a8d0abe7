"""Every layout of one arrangement of islands, as arrays: one row for each.

    a stage takes t c d GPUs of one island        an island of G GPUs holds floor(G / (t c d)) stages, at least one
    one group:     d b m = B                      several: the same p, t, c, e and b; sum_g d_g m_g = B / b
Tensor, context and expert parallelism stay inside a stage, so inside an island. Stages of one island are neighbours in
the pipeline, so a pipeline crosses between two islands once. The schedule is 1F1B.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from solvers.cost.layouts import ONE_F_ONE_B, RECOMPUTE, Bools, Floats, Ints, Layouts, Shards
from solvers.optimise.enumerate import divisors, product, spread
from solvers.training.islands.arrangements import Arrangement
from solvers.training.islands.spec import IslandsSpec

ZERO_STAGES = 4


@dataclass(frozen=True)
class Ways:
    """Rows of one arrangement. `copies` is (rows, groups); `stages` is (rows, islands) in the order of the groups.

    `parts` counts the micro-batches of the whole batch.
    """

    arrangement: Arrangement
    shards: Shards
    shard: Ints
    copies: Ints
    stages: Ints
    parts: Ints
    recompute: Ints
    zero: Ints

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.shard)

    @property
    def pp(self) -> Ints:
        """Stages of each row's pipelines: the same in all groups."""
        pp: Ints = self.stages_of(0).sum(axis=1)
        return pp

    def stages_of(self, group: int) -> Ints:
        """(rows, islands of the group)."""
        before = sum(len(g) for g in self.arrangement[:group])
        return self.stages[:, before : before + len(self.arrangement[group])]

    def take(self, index: Ints | Bools) -> "Ways":
        """The chosen rows."""
        return Ways(
            self.arrangement,
            self.shards,
            *(getattr(self, name)[index] for name in ("shard", "copies", "stages", "parts", "recompute", "zero")),
        )

    def layouts(self, group: int, micro_batches: Floats) -> Layouts:
        """The rows as layouts of one group, each of whose copies gets so many micro-batches."""
        rows = self.size
        return Layouts(
            shard=self.shard,
            dp=self.copies[:, group].astype(np.float64),
            pp=self.pp.astype(np.float64),
            vpp=np.ones(rows),
            micro_batches=micro_batches,
            schedule=np.full(rows, ONE_F_ONE_B, dtype=np.int8),
            recompute=self.recompute.astype(np.int8),
            zero=self.zero.astype(np.int8),
        )


@dataclass(frozen=True)
class _Base:
    """One choice of degrees."""

    tp: int
    cp: int
    copies: tuple[int, ...]
    stages: tuple[int, ...]

    @property
    def share(self) -> int:
        """Sequences are dealt out to so many copies alike; several groups get shares of their own."""
        return self.copies[0] if len(self.copies) == 1 else 1


def ways_of(spec: IslandsSpec, arrangement: Arrangement, rejected: Counter[str]) -> Ways | None:
    """All rows of the arrangement; what does not divide, or the spec forbids, is counted under its reason."""
    bases = list(_bases(spec, arrangement, rejected))
    if not bases:
        return None
    row, micro_batch = spread(
        np.array([spec.global_batch // base.share for base in bases], dtype=np.int64),
        {spec.global_batch // base.share: divisors(spec.global_batch // base.share) for base in bases},
    )
    experts = divisors(spec.model.moe.experts if spec.model.moe else 1)
    pick, ep, sequence, recompute, zero = product(
        np.arange(len(row)), experts, np.arange(2), np.arange(len(RECOMPUTE)), np.arange(ZERO_STAGES)
    )
    base = row[pick]
    columns = {
        "tp": np.array([b.tp for b in bases])[base],
        "cp": np.array([b.cp for b in bases])[base],
        "ep": ep,
        "micro_batch": micro_batch[pick],
        "sequence_parallel": sequence,
        "recompute": recompute,
        "zero": zero,
    }
    copies = np.array([b.copies for b in bases])[base]
    keep = _sensible(columns, copies) & _asked(spec, columns, copies, rejected)
    if not keep.any():
        return None
    columns = {name: column[keep] for name, column in columns.items()}
    shards, shard = _shards(columns)
    return Ways(
        arrangement=arrangement,
        shards=shards,
        shard=shard,
        copies=copies[keep],
        stages=np.array([b.stages for b in bases])[base][keep],
        parts=spec.global_batch // columns["micro_batch"],
        recompute=columns["recompute"],
        zero=columns["zero"],
    )


def _bases(spec: IslandsSpec, arrangement: Arrangement, rejected: Counter[str]) -> Iterator[_Base]:
    gpus = [[spec.hardware.islands[island].gpus for island in group] for group in arrangement]
    least = min(min(group) for group in gpus)
    for tp in _degrees(gpus, least):
        for cp in _degrees(gpus, least // tp):
            if reason := _cannot_cut(spec, arrangement, tp, cp):
                rejected[reason] += 1
                continue
            yield from _placed(spec, gpus, tp, cp, rejected)


def _degrees(gpus: list[list[int]], least: int) -> list[int]:
    """What divides an island's GPUs, and powers of two, as far as each island has as many."""
    found = {int(d) for group in gpus for island in group for d in divisors(island)}
    return sorted(d for d in found | {2**k for k in range(least.bit_length())} if d <= least)


def _cannot_cut(spec: IslandsSpec, arrangement: Arrangement, tp: int, cp: int) -> str:
    """Why a layer or a sequence cannot be cut so; empty where it can."""
    model, options = spec.model, spec.options
    kv_heads = model.heads if model.mla else model.kv_heads
    across = tp > min(spec.hardware.islands[i].node.gpus for group in arrangement for i in group)
    tests = {
        "more tensor parallelism than heads divide": model.heads % tp != 0,
        "KV heads not divisible by tensor parallelism": kv_heads % tp != 0 and tp % kv_heads != 0,
        "sequence not divisible by context parallelism": cp > 1 and spec.sequence_length % (2 * cp) != 0,
        "forbidden by the spec: tp": tp > 1 and options.forbids("tp"),
        "forbidden by the spec: cp": cp > 1 and options.forbids("cp"),
        "forbidden by the spec: tp_across_nodes": across and options.forbids("tp_across_nodes"),
        "the spec fixes tp": options.fix.tp not in (None, tp),
        "the spec fixes cp": options.fix.cp not in (None, cp),
    }
    return next((reason for reason, holds in tests.items() if holds), "")


def _placed(spec: IslandsSpec, gpus: list[list[int]], tp: int, cp: int, rejected: Counter[str]) -> Iterator[_Base]:
    """Copies of each group and stages of each island."""
    fix, ways = spec.options.fix, []
    if len(gpus) == 1:
        numbers = [int(d) for d in divisors(spec.global_batch) if d * tp * cp <= min(gpus[0])]
        ways = [_Base(tp, cp, (d,), tuple(g // (tp * cp * d) for g in gpus[0])) for d in numbers]
    else:
        by_depth = [_by_depth(group, tp * cp) for group in gpus]
        for depth in sorted(set(by_depth[0]).intersection(*by_depth[1:])):
            copies = tuple(found[depth] for found in by_depth)
            stages = (g // (tp * cp * d) for group, d in zip(gpus, copies, strict=True) for g in group)
            ways.append(_Base(tp, cp, copies, tuple(stages)))
    for way in ways:
        depth = sum(way.stages[: len(gpus[0])])
        reason = _cannot_place(spec, depth, sum(way.copies), fix.pp, fix.dp)
        if reason:
            rejected[reason] += 1
        else:
            yield way


def _cannot_place(spec: IslandsSpec, depth: int, copies: int, pp: int | None, dp: int | None) -> str:
    tests = {
        "more stages than layers": depth > spec.model.layers,
        "batch not divisible by data parallelism": copies > spec.global_batch,
        "forbidden by the spec: pp": depth > 1 and spec.options.forbids("pp"),
        "the spec fixes pp": pp not in (None, depth),
        "the spec fixes dp": dp not in (None, copies),
    }
    return next((reason for reason, holds in tests.items() if holds), "")


def _by_depth(group: list[int], ways: int) -> dict[int, int]:
    """The most copies that leave the group so many stages, by stages."""
    found: dict[int, int] = {}
    for copies in range(1, min(group) // ways + 1):
        found[sum(gpus // (ways * copies) for gpus in group)] = copies
    return found


def _sensible(columns: dict[str, Ints], copies: Ints) -> Bools:
    """Rows that are not another row in disguise: no sequence parallelism without TP, no ZeRO without copies."""
    ranks = columns["tp"] * columns["cp"]
    whole = (ranks[:, None] * copies % columns["ep"][:, None] == 0).all(axis=1)
    several = (columns["cp"][:, None] * copies > 1).any(axis=1)
    sensible: Bools = (
        whole & ((columns["sequence_parallel"] == 0) | (columns["tp"] > 1)) & ((columns["zero"] == 0) | several)
    )
    return sensible


def _asked(spec: IslandsSpec, columns: dict[str, Ints], copies: Ints, rejected: Counter[str]) -> Bools:
    """Rows that the spec allows and that have a micro-batch for every copy; the others are counted."""
    options, fix = spec.options, spec.options.fix
    tests: dict[str, Bools] = {
        "fewer micro-batches than copies": spec.global_batch // columns["micro_batch"] < copies.sum(axis=1)
    }
    used = {
        "ep": columns["ep"] > 1,
        "sequence_parallel": columns["sequence_parallel"] == 1,
        "recompute_selective": columns["recompute"] == 1,
        "recompute_full": columns["recompute"] == 2,
        **{f"zero{stage}": columns["zero"] == stage for stage in range(1, ZERO_STAGES)},
    }
    tests |= {f"forbidden by the spec: {name}": where for name, where in used.items() if options.forbids(name)}
    wanted = {
        "ep": fix.ep,
        "micro_batch": fix.micro_batch,
        "sequence_parallel": None if fix.sequence_parallel is None else int(fix.sequence_parallel),
        "recompute": None if fix.recompute is None else RECOMPUTE.index(fix.recompute),
        "zero": fix.zero,
    }
    tests |= {f"the spec fixes {name}": columns[name] != value for name, value in wanted.items() if value is not None}
    if fix.vpp not in (None, 1) or fix.schedule not in (None, "1f1b"):
        tests["the spec fixes schedule"] = np.ones(len(copies), dtype=bool)
    alive = np.ones(len(copies), dtype=bool)
    for reason, where in tests.items():
        if lost := int((alive & where).sum()):
            rejected[reason] += lost
        alive &= ~where
    return alive


def _shards(columns: dict[str, Ints]) -> tuple[Shards, Ints]:
    """Each way of cutting a layer once, and which of them a row uses."""
    names = ("tp", "cp", "ep", "micro_batch", "sequence_parallel")
    stacked = np.stack([columns[name] for name in names])
    unique, place = np.unique(stacked, axis=1, return_inverse=True)
    return Shards(*unique), place.ravel()
