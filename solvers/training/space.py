"""Every layout that divides, as arrays, and a count of what does not.

    n GPUs = t p c d          t | heads, and KV heads divide t or t divides them     2 c | s when c > 1
    p <= L (stages may hold ceil(L/p) or one layer fewer)       d b m = B, all whole      e | experts and e | c d t
    v > 1 divides the layers of a stage, which are then equal   ZeRO > 0 needs copies     SP needs t > 1

A combination of degrees that fails a line above counts once under that line's reason. What divides is spread into
micro-batches, schedules, recomputation levels and ZeRO stages; those count one by one.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from solvers.catalogue import Model
from solvers.cost.layouts import GPIPE, INTERLEAVED, ONE_F_ONE_B, RECOMPUTE, SCHEDULES, Bools, Ints, Layouts, Shards
from solvers.optimise.enumerate import divisors, product, spread
from solvers.training.options import Options
from solvers.training.spec import TrainingSpec

ZERO_STAGES = 4


@dataclass(frozen=True)
class Space:
    """All layouts that divide, and why the rest does not."""

    shards: Shards
    layouts: Layouts
    rejected: dict[str, int]

    @property
    def candidates(self) -> int:
        """Everything that was looked at."""
        return self.layouts.size + sum(self.rejected.values())


@dataclass(frozen=True)
class _Degrees:
    tp: Ints
    cp: Ints
    pp: Ints
    dp: Ints
    ep: Ints

    def take(self, keep: Bools) -> "_Degrees":
        return _Degrees(self.tp[keep], self.cp[keep], self.pp[keep], self.dp[keep], self.ep[keep])


def space_of(spec: TrainingSpec, *, nodes: int) -> Space:
    """The layouts of the spec's job on `nodes` of its nodes."""
    rejected: Counter[str] = Counter()
    gpus = nodes * spec.hardware.node.gpus
    degrees = _sieve(_degrees(gpus), _rules(spec, gpus), rejected)
    degrees = _with_experts(degrees, spec, rejected)
    shards, layouts = _spread(degrees, spec, rejected)
    return Space(shards=shards, layouts=layouts, rejected=dict(sorted(rejected.items())))


def size_of(spec: TrainingSpec, *, nodes: int) -> int:
    """How many candidates `space_of` has before any technique is forbidden or fixed; without making them."""
    rejected: Counter[str] = Counter()
    gpus = nodes * spec.hardware.node.gpus
    degrees = _with_experts(_sieve(_degrees(gpus), _rules(spec, gpus), rejected), spec, rejected)
    share, which = np.unique(spec.global_batch // degrees.dp, return_inverse=True)
    micro_batches = np.array([len(divisors(int(one))) for one in share], dtype=np.int64)[which]
    stages, which = np.unique(degrees.pp, return_inverse=True)
    schedules = np.array([len(_schedules(int(one), spec.model.layers)) for one in stages], dtype=np.int64)[which]
    levels = len(RECOMPUTE) * np.where(degrees.dp * degrees.cp > 1, ZERO_STAGES, 1)
    each = micro_batches * np.where(degrees.tp > 1, 2, 1) * schedules * levels
    return int(each.sum()) + sum(rejected.values())


def _degrees(gpus: int) -> _Degrees:
    tp, cp, pp = product(*(divisors(gpus),) * 3)
    ways = tp * cp * pp
    whole = (ways <= gpus) & (gpus % ways == 0)
    tp, cp, pp, ways = tp[whole], cp[whole], pp[whole], ways[whole]
    return _Degrees(tp=tp, cp=cp, pp=pp, dp=gpus // ways, ep=np.ones_like(tp))


def _rules(spec: TrainingSpec, gpus: int) -> list[tuple[str, Bools]]:
    """Reasons to reject degrees, in the order in which they are told, each with where it holds."""
    model, options, fix = spec.model, spec.options, spec.options.fix
    every = _degrees(gpus)
    heads, kv_heads = _heads(model)
    rules = [
        ("more tensor parallelism than heads divide", heads % every.tp != 0),
        ("KV heads not divisible by tensor parallelism", (kv_heads % every.tp != 0) & (every.tp % kv_heads != 0)),
        ("more stages than layers", every.pp > model.layers),
        (
            "sequence not divisible by context parallelism",
            (every.cp > 1) & (spec.sequence_length % (2 * every.cp) != 0),
        ),
        ("batch not divisible by data parallelism", spec.global_batch % every.dp != 0),
    ]
    forbidden = {
        "tp": every.tp > 1,
        "pp": every.pp > 1,
        "cp": every.cp > 1,
        "tp_across_nodes": every.tp > spec.hardware.node.gpus,
    }
    rules += [(f"forbidden by the spec: {name}", where) for name, where in forbidden.items() if options.forbids(name)]
    rules += [
        (f"the spec fixes {name}", getattr(every, name) != degree)
        for name in ("tp", "cp", "pp", "dp")
        if (degree := getattr(fix, name)) is not None
    ]
    return rules


def _heads(model: Model) -> tuple[int, int]:
    """Heads and KV heads that tensor parallelism has to divide."""
    return model.heads, model.heads if model.mla else model.kv_heads


def _sieve(degrees: _Degrees, rules: list[tuple[str, Bools]], rejected: Counter[str]) -> _Degrees:
    alive = np.ones(len(degrees.tp), dtype=bool)
    for reason, where in rules:
        if lost := int((alive & where).sum()):
            rejected[reason] += lost
        alive &= ~where
    return degrees.take(alive)


def _with_experts(degrees: _Degrees, spec: TrainingSpec, rejected: Counter[str]) -> _Degrees:
    """Each row once for every number of expert groups."""
    experts = spec.model.moe.experts if spec.model.moe else 1
    row, ep = spread(np.zeros_like(degrees.tp), {0: divisors(experts)}) if len(degrees.tp) else _nothing()
    wide = _Degrees(degrees.tp[row], degrees.cp[row], degrees.pp[row], degrees.dp[row], ep)
    ranks = wide.tp * wide.cp * wide.dp
    rules = [("ranks not divisible by expert parallelism", ranks % wide.ep != 0)]
    if spec.options.forbids("ep"):
        rules.append(("forbidden by the spec: ep", wide.ep > 1))
    if spec.options.fix.ep is not None:
        rules.append(("the spec fixes ep", wide.ep != spec.options.fix.ep))
    return _sieve(wide, rules, rejected)


def _nothing() -> tuple[Ints, Ints]:
    return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)


def _spread(degrees: _Degrees, spec: TrainingSpec, rejected: Counter[str]) -> tuple[Shards, Layouts]:
    """Micro-batches, sequence parallelism, schedules, recomputation and ZeRO stages of each combination of degrees."""
    fix, options = spec.options.fix, spec.options
    share = spec.global_batch // degrees.dp
    row, micro_batch = spread(share, {int(k): divisors(int(k)) for k in np.unique(share)})
    row, micro_batch = _fixed("micro_batch", fix.micro_batch, micro_batch, (row, micro_batch), rejected)
    pick, sequence_parallel = spread((degrees.tp[row] > 1).astype(np.int64), {0: np.array([0]), 1: np.array([0, 1])})
    row, micro_batch = row[pick], micro_batch[pick]
    keep = _allowed({"sequence_parallel": sequence_parallel == 1}, options, rejected, size=len(row)) & _matches(
        "sequence_parallel", fix.sequence_parallel, sequence_parallel, rejected, size=len(row)
    )
    row, micro_batch, sequence_parallel = row[keep], micro_batch[keep], sequence_parallel[keep]
    shards = Shards(degrees.tp[row], degrees.cp[row], degrees.ep[row], micro_batch, sequence_parallel)
    return _distinct(shards, _layouts(row, shards, degrees, spec, rejected))


def _layouts(row: Ints, shards: Shards, degrees: _Degrees, spec: TrainingSpec, rejected: Counter[str]) -> Layouts:
    fix, options = spec.options.fix, spec.options
    pp = degrees.pp[row]
    pick, choice = spread(pp, {int(p): _schedules(int(p), spec.model.layers) for p in np.unique(pp)})
    many = (degrees.dp * degrees.cp)[row][pick] > 1
    inner, rest = spread(many.astype(np.int64), {0: _levels(1), 1: _levels(ZERO_STAGES)})
    pick, choice = pick[inner], choice[inner]
    recompute, zero = rest // 4, rest % 4
    schedule, vpp = choice % 4, choice // 4
    keep = _allowed(
        {
            "gpipe": schedule == GPIPE,
            "interleaved": schedule == INTERLEAVED,
            "recompute_selective": recompute == 1,
            "recompute_full": recompute == 2,
            "zero1": zero == 1,
            "zero2": zero == 2,
            "zero3": zero == 3,
        },
        options,
        rejected,
        size=len(pick),
    )
    for name, wanted, column in (
        ("vpp", fix.vpp, vpp),
        ("schedule", _schedule_of(fix.schedule), schedule),
        ("recompute", None if fix.recompute is None else RECOMPUTE.index(fix.recompute), recompute),
        ("zero", fix.zero, zero),
    ):
        keep &= _matches(name, wanted, column, rejected, size=len(pick), among=keep)
    pick, vpp, schedule, recompute, zero = (column[keep] for column in (pick, vpp, schedule, recompute, zero))
    dp = degrees.dp[row[pick]].astype(np.float64)
    return Layouts(
        shard=pick,
        dp=dp,
        pp=pp[pick].astype(np.float64),
        vpp=vpp.astype(np.float64),
        micro_batches=spec.global_batch / (dp * shards.micro_batch[pick]),
        schedule=schedule.astype(np.int8),
        recompute=recompute.astype(np.int8),
        zero=zero.astype(np.int8),
    )


def _schedules(pp: int, layers: int) -> Ints:
    """Schedule + 4 v. One stage has nothing to schedule; interleaving needs equal stages and v > 1."""
    if pp == 1:
        return np.array([ONE_F_ONE_B + 4], dtype=np.int64)
    chunks = [v for v in divisors(layers // pp) if v > 1] if layers % pp == 0 else []
    return np.array([GPIPE + 4, ONE_F_ONE_B + 4, *(INTERLEAVED + 4 * v for v in chunks)], dtype=np.int64)


def _schedule_of(name: str | None) -> int | None:
    """The schedule of layouts that become what is fixed: ZB-H1 refines 1F1B."""
    return None if name is None else ONE_F_ONE_B if name == "zb-h1" else SCHEDULES.index(name)


def _levels(stages: int) -> Ints:
    """ZeRO stage + 4 x recomputation level."""
    return np.array([zero + 4 * level for level in range(len(RECOMPUTE)) for zero in range(stages)], dtype=np.int64)


def _distinct(shards: Shards, layouts: Layouts) -> tuple[Shards, Layouts]:
    """The same layouts over shards that are listed once: their costs are then computed once."""
    columns = (shards.tp, shards.cp, shards.ep, shards.micro_batch, shards.sequence_parallel)
    _, first, place = np.unique(np.stack(columns), axis=1, return_index=True, return_inverse=True)
    moved = place.ravel()[layouts.shard]
    return shards.take(first), Layouts(
        moved,
        layouts.dp,
        layouts.pp,
        layouts.vpp,
        layouts.micro_batches,
        layouts.schedule,
        layouts.recompute,
        layouts.zero,
    )


def _allowed(techniques: dict[str, Bools], options: Options, rejected: Counter[str], *, size: int) -> Bools:
    alive = np.ones(size, dtype=bool)
    for name, where in techniques.items():
        if options.forbids(name):
            if lost := int((alive & where).sum()):
                rejected[f"forbidden by the spec: {name}"] += lost
            alive &= ~where
    return alive


def _matches(
    name: str, wanted: int | None, column: Ints, rejected: Counter[str], *, size: int, among: Bools | None = None
) -> Bools:
    alive = np.ones(size, dtype=bool) if among is None else among
    if wanted is None:
        return np.ones(size, dtype=bool)
    where: Bools = column == int(wanted)
    if lost := int((alive & ~where).sum()):
        rejected[f"the spec fixes {name}"] += lost
    return where


def _fixed(
    name: str, wanted: int | None, column: Ints, columns: tuple[Ints, Ints], rejected: Counter[str]
) -> tuple[Ints, Ints]:
    keep = _matches(name, wanted, column, rejected, size=len(column))
    return columns[0][keep], columns[1][keep]


def chunks(layouts: Layouts, *, size: int) -> Iterator[slice]:
    """Slices of at most `size` rows: small enough for the caches of a processor."""
    for start in range(0, layouts.size, size):
        yield slice(start, min(start + size, layouts.size))
