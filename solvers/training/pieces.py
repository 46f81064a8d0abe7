"""The verdict on experts in pieces where no plan takes them: what they would gain, in how many pieces, from when on.

No format that plans are exported to runs them, and no published run measured them: a plan takes them only where
`options.fix` says so. `pieces` tells what the chosen plan itself would do; the crossover moves the bandwidth of the
links that carry its exchange until that gain passes what a rare technique has to gain.
"""

from dataclasses import replace

import numpy as np

from solvers.cost.block import Job, exchange_in
from solvers.cost.step import step_time
from solvers.documents import Document
from solvers.training.again import Least, in_pieces, least_of
from solvers.training.job import tables_of
from solvers.training.plan import Choice
from solvers.training.pool import Pool
from solvers.training.spec import TrainingSpec
from solvers.training.worth import WORTH
from solvers.units import SHARE, show

NAME = "expert_pieces"
# Factors of the bandwidth beyond which no crossover is looked for, and how closely it is found.
FURTHEST, CLOSE = 64.0, 1.01


def verdict(spec: TrainingSpec, pool: Pool, chosen: Choice, *, without: float) -> Document:
    """The part of the verdict that is not its name: the best without pieces has the objective `without`."""
    least, here = in_pieces(spec, pool), _alone(chosen)
    gain = None if least is None else 1.0 - least.value / without
    pays = gain is not None and (1.0 - gain) * WORTH < 1.0
    return {
        "verdict": "cannot_tell" if pays else "does_not_pay",
        "gain": gain,
        "best_with": None if least is None else least.value,
        "pieces": None if here is None else _pieces(here) | {"gain": 1.0 - 1.0 / _faster(here)},
        "message": _message(least, gain, pays=pays),
        "crossover": None if here is None else _crossover(here),
    }


def _alone(chosen: Choice) -> Least | None:
    """The plan, where nothing hides its exchange with experts."""
    one = least_of(chosen.job, chosen.tables, chosen.layouts, value=chosen.step_time_s)
    beside = one.layouts.refined is not None and one.layouts.refined.expert_overlap[0] > 0
    return None if beside or one.shards.ep[0] == 1 else one


def _message(least: Least | None, gain: float | None, *, pays: bool) -> str:
    if least is None or gain is None:
        return "No layout that exchanges tokens by itself is faster in pieces."
    told = "In pieces ({forward} forward, {backward} backward) the best is".format(**_pieces(least))
    if gain < 0:
        return f"{told} {show(-gain, SHARE)} worse."
    if not pays:
        return f"{told} {show(gain, SHARE)} better: a rare technique has to gain {show(WORTH - 1.0, SHARE)}."
    return (
        f"{told} {show(gain, SHARE)} better, by the model alone: no published run measured it, and no training format"
        f" here runs it. It is used where `options.fix` has `{NAME}: true`."
    )


def _pieces(one: Least) -> dict[str, float]:
    """Numbers of pieces of each pass."""
    exchange = exchange_in(one.shards, _habit(one.job, cut=True))
    return {"forward": int(exchange.pieces_forward[0]), "backward": int(exchange.pieces_backward[0])}


def _crossover(here: Least) -> str | None:
    """The bandwidth at which the plan's gain passes what is worth it, as words; None where none is near."""
    inside = bool(here.shards.ep[0] <= here.job.cluster.domain)

    def pays(scale: float) -> bool:
        return _faster(_with_bandwidth(here, scale, inside=inside)) >= WORTH

    now = pays(1.0)
    near, far = 1.0, 2.0 if now else 0.5
    while pays(far) == now:
        near, far = far, far * far / near
        if not 1.0 / FURTHEST <= far <= FURTHEST:
            return None
    while max(near, far) > CLOSE * min(near, far):
        middle = float(np.sqrt(near * far))
        near, far = (middle, far) if pays(middle) == now else (near, middle)
    told, ends = ("no longer pays", "more") if now else ("pays", "less")
    where = "in a node" if inside else "between nodes"
    return f"On this plan it {told} with {far:.2g} times the bandwidth {where}, or {ends}."


def _with_bandwidth(here: Least, scale: float, *, inside: bool) -> Least:
    rate, cluster = "intra_bytes_per_s" if inside else "inter_bytes_per_s", here.job.cluster
    scaled = replace(cluster, **{rate: scale * getattr(cluster, rate)})
    return replace(here, job=replace(here.job, cluster=scaled))


def _faster(one: Least) -> float:
    """Step whole over step in pieces."""
    whole, cut = (_step(one, _habit(one.job, cut=cut)) for cut in (False, True))
    return whole / cut


def _habit(job: Job, *, cut: bool) -> Job:
    return replace(job, stack=replace(job.stack, expert_pieces=cut))


def _step(one: Least, job: Job) -> float:
    tables = tables_of(one.shards, job)
    return float(step_time(one.layouts, tables.shards, tables.block, tables.footprint, job).total[0])
