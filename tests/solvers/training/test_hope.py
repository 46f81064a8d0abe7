"""What uneven stages may save, against stages that were dealt one by one."""

from typing import Any

import numpy as np

from solvers import kinds
from solvers.training.hope import saved_by_uneven_stages
from solvers.training.plan import label, layout_document
from solvers.training.pool import goal, pool_of
from solvers.training.restage import Board, restage
from solvers.training.search import Found, search
from solvers.training.spec import TrainingSpec
from solvers.training.staging import staged

# A head of three layers' weight on stages of four.
HEAVY: dict[str, Any] = {
    "kind": "training",
    "model": {"layers": 32, "hidden": 2048, "ffn": 5504, "heads": 16, "vocab": 260000},
    "hardware": {"node": "dgx-h100", "nodes": 2},
    "sequence_length": 2048, "global_batch": 256, "calibration": "prior",
}  # fmt: skip


def asked(**options: Any) -> TrainingSpec:
    spec = kinds.parse({**HEAVY, "options": options})
    assert isinstance(spec, TrainingSpec)
    return spec


def found(spec: TrainingSpec) -> Found:
    return search(spec, nodes=2)


def test_what_is_hoped_for_is_what_dealt_layers_save_or_somewhat_more() -> None:
    spec = asked(fix={"pp": 8, "vpp": 1, "micro_batch": 1, "cp": 1})
    one = found(spec)

    hoped = saved_by_uneven_stages(one, one.layouts)

    dealt = staged(spec.model, one.layouts, one.tables.shards, one.job, usable_bytes=np.inf, simulate=False)
    saved = np.array([each.plain_s - each.step_time_s for each in dealt if each and each.plain_s])
    share = saved / hoped
    assert len(saved) == one.feasible > 10
    assert (float(share.min()) > 0.6, float(share.max()) < 1.02) == (True, True)


def test_without_a_pipeline_nothing_is_saved() -> None:
    one = found(asked(fix={"pp": 1}))

    assert not saved_by_uneven_stages(one, one.layouts).any()


def test_a_layout_that_only_uneven_stages_make_best_is_looked_at() -> None:
    """Of the best ten by closed form none has its stages dealt; then whoever may pass them is looked at as well."""
    spec = asked(forbid=["zb_h1"], fix={"cp": 1})
    pool = pool_of([found(spec)])

    everything = restage(spec, pool, lambda _: (), looked_at=pool.size)
    few = restage(spec, pool, lambda _: (), looked_at=10)

    best = [
        [
            label(layout_document(choice.layouts, choice.tables))
            for choice in map(one.choice, np.argsort(goal(spec, one), kind="stable")[:3])
        ]
        for one in (everything, few)
    ]
    assert best[0] == best[1]


def test_nothing_is_hoped_for_where_all_were_looked_at() -> None:
    spec = asked(fix={"pp": 8, "tp": 2})
    board = Board(spec, pool_of([found(spec)]))

    board.look(np.arange(board.pool.size))

    assert board.hopeful().size == 0
