"""The orders of the schedules: by hand, and what must hold for all of them."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given

from solvers.cost.layouts import GPIPE, INTERLEAVED, ONE_F_ONE_B, SCHEDULES
from solvers.cost.pipeline import micro_batches_in_flight
from solvers.simulate.orders import NAMES, Name, Schedule, group_of, orders_of
from tests.solvers.simulate.cases import schedules
from tests.solvers.simulate.oracle import lines

LETTERS = "FBW"


def shown(schedule: Schedule, rank: int) -> str:
    """`F0 F1 B0`, with the chunk as a letter where there are several: `Fa0`."""
    chunk = "abcdefgh" if schedule.chunks > 1 else [""]
    return " ".join(f"{LETTERS[kind]}{chunk[c]}{batch}" for kind, c, batch in lines(orders_of(schedule))[rank])


@pytest.mark.parametrize(
    ("schedule", "rank", "expected"),
    [
        (Schedule("gpipe", 2, 3), 0, "F0 F1 F2 B0 B1 B2"),
        (Schedule("1f1b", 3, 4), 0, "F0 F1 F2 B0 F3 B1 B2 B3"),
        (Schedule("1f1b", 3, 4), 2, "F0 B0 F1 B1 F2 B2 F3 B3"),
        (Schedule("zb-h1", 3, 3), 0, "F0 F1 F2 B0 W0 B1 W1 B2 W2"),
        (Schedule("zb-h1", 3, 4), 2, "F0 B0 F1 B1 F2 B2 W0 F3 B3 W1 W2 W3"),
        (Schedule("interleaved", 2, 2, 2), 1, "Fa0 Fa1 Fb0 Bb0 Fb1 Bb1 Ba0 Ba1"),
        (Schedule("interleaved", 2, 4, 2), 0, "Fa0 Fa1 Fb0 Fb1 Fa2 Bb0 Fa3 Bb1 Fb2 Ba0 Fb3 Ba1 Bb2 Bb3 Ba2 Ba3"),
    ],
)
def test_a_rank_works_in_the_order_of_the_paper(schedule: Schedule, rank: int, expected: str) -> None:
    """Figure 4 [narayanan2021efficient]; figure 2 [qi2024zero]."""
    assert shown(schedule, rank) == expected


@given(schedule=schedules())
def test_every_operation_is_done_once(schedule: Schedule) -> None:
    kinds = range(3 if schedule.name == "zb-h1" else 2)
    whole = {(k, c, j): 1 for k in kinds for c in range(schedule.chunks) for j in range(schedule.micro_batches)}

    assert [Counter(line) for line in lines(orders_of(schedule))] == [Counter(whole)] * schedule.stages


@pytest.mark.parametrize(
    ("stages", "micro_batches", "group"),
    [(4, 8, 4), (4, 4, 4), (4, 3, 3), (4, 6, 6), (4, 7, 7), (4, 23, 6), (4, 9, 5), (2, 5, 3)],
)
def test_a_group_leaves_no_short_rest(stages: int, micro_batches: int, group: int) -> None:
    """Megatron-Core refuses a last group with fewer micro-batches than stages: 9 = 5 + 4, 23 = 6 + 6 + 6 + 5."""
    assert group_of(stages, micro_batches) == group


@pytest.mark.parametrize(("stages", "groups", "chunks"), [(2, 1, 2), (4, 2, 2), (4, 3, 3), (8, 1, 4), (8, 4, 2)])
def test_what_is_in_flight_is_what_the_memory_model_counts(stages: int, groups: int, chunks: int) -> None:
    batches = stages * groups
    names: tuple[tuple[Name, int, int], ...] = (
        ("gpipe", GPIPE, 1),
        ("1f1b", ONE_F_ONE_B, 1),
        ("interleaved", INTERLEAVED, chunks),
    )
    counted = {name: (orders_of(Schedule(name, stages, batches, v)).in_flight() / v).tolist() for name, _, v in names}

    said = {
        name: micro_batches_in_flight(
            np.arange(stages),
            pp=np.full(stages, stages),
            vpp=np.full(stages, v),
            micro_batches=np.full(stages, batches),
            schedule=np.full(stages, number),
        ).tolist()
        for name, number, v in names
    }
    assert counted == said


@pytest.mark.parametrize(("stages", "micro_batches"), [(4, 8), (8, 24), (6, 6), (4, 2)])
def test_zb_h1_keeps_no_more_than_the_first_stage_of_1f1b(stages: int, micro_batches: int) -> None:
    """Table 2 [qi2024zero]: both keep p micro-batches; here on every stage."""
    plain = int(orders_of(Schedule("1f1b", stages, micro_batches)).in_flight().max())

    kept = orders_of(Schedule("zb-h1", stages, micro_batches)).in_flight()

    assert kept.max() == plain


def test_schedules_are_called_as_in_layouts() -> None:
    assert NAMES == SCHEDULES
