"""Times of pipelines: by hand, by the closed forms of the papers, by an independent longest path."""

import numpy as np
import pytest
from hypothesis import given, settings

from solvers.simulate.orders import Name, Schedule, orders_of
from solvers.simulate.pipeline import Seconds, finish_times, makespan
from solvers.simulate.program import program_of
from tests.solvers.simulate import oracle
from tests.solvers.simulate.cases import cases, equal

SIZES = [(1, 3), (2, 4), (4, 4), (4, 16), (8, 64), (16, 24)]


def bubble(schedule: Schedule, seconds: Seconds) -> float:
    """Idle seconds of the busiest rank."""
    busy = schedule.micro_batches * seconds.busy(schedule.chunks).max()
    return float(makespan(schedule, seconds)[0] - busy)


@pytest.mark.parametrize(("stages", "micro_batches"), SIZES)
@pytest.mark.parametrize("name", ["gpipe", "1f1b"])
def test_equal_stages_idle_for_gpipes_share_of_the_step(name: Name, stages: int, micro_batches: int) -> None:
    """(p - 1) / (m + p - 1): section 2.3 [huang2019gpipe]."""
    schedule = Schedule(name, stages, micro_batches)
    seconds = equal(schedule, forward=1.0, backward=1.5, weight=0.75)

    share = bubble(schedule, seconds) / float(makespan(schedule, seconds)[0])

    assert share == pytest.approx((stages - 1) / (micro_batches + stages - 1), rel=1e-12)


@pytest.mark.parametrize(("stages", "groups", "chunks"), [(2, 2, 2), (4, 1, 2), (4, 4, 3), (8, 3, 4), (8, 32, 2)])
def test_interleaving_divides_the_bubble_by_the_chunks(stages: int, groups: int, chunks: int) -> None:
    """(p - 1) (t_f + t_b) / v: section 2.2.2 [narayanan2021efficient]."""
    schedule = Schedule("interleaved", stages, stages * groups, chunks)

    idle = bubble(schedule, equal(schedule, forward=1.0, backward=2.0, weight=0.0))

    assert idle == pytest.approx((stages - 1) * 3.0 / chunks, rel=1e-12)


@pytest.mark.parametrize(("stages", "groups"), [(4, 2), (8, 3)])
def test_a_ragged_number_of_micro_batches_idles_no_longer_when_its_groups_are_long_enough(
    stages: int, groups: int
) -> None:
    schedule = Schedule("interleaved", stages, stages * groups + 1, 2)

    assert bubble(schedule, equal(schedule)) == pytest.approx((stages - 1) * 3.0 / 2, rel=1e-12)


@pytest.mark.parametrize(("stages", "micro_batches"), [(2, 4), (4, 8), (8, 24), (8, 100), (16, 16)])
@pytest.mark.parametrize(("forward", "backward", "weight"), [(1.0, 1.0, 1.0), (1.0, 2.0, 1.0), (1.0, 1.3, 0.7)])
def test_zb_h1_idles_as_in_its_paper(
    stages: int, micro_batches: int, forward: float, backward: float, weight: float
) -> None:
    """(p - 1) (t_f + t_b - t_w), table 2 [qi2024zero]."""
    schedule = Schedule("zb-h1", stages, micro_batches)

    idle = bubble(schedule, equal(schedule, forward=forward, backward=backward, weight=weight))

    assert idle == pytest.approx((stages - 1) * (forward + backward - weight), rel=1e-9)


def test_uneven_gpipe_is_two_flow_shops_one_after_the_other() -> None:
    """p = 3, m = 5, forward 1, 3, 2, backward 2, 1, 4: 6 + 4 x 3 + 7 + 4 x 4 s."""
    times = (np.array([[1.0, 3.0, 2.0]]), np.array([[2.0, 1.0, 4.0]]))

    found = makespan(Schedule("gpipe", 3, 5), Seconds(*times, np.zeros((1, 3)), np.zeros(1)))

    assert found.tolist() == [41.0]


def test_transfers_that_overlap_are_seen_at_the_ends_and_in_the_turns_of_1f1b() -> None:
    """p = 2, m = 2, all operations 1 s, transfer 0.5 s.

    Rank 1: F0 1.5-2.5, B0 2.5-3.5, F1 3.5-4.5, B1 4.5-5.5; rank 0: B0 4-5, B1 6-7.
    """
    schedule = Schedule("1f1b", 2, 2)
    ones = np.ones((1, 2))

    found = makespan(schedule, Seconds(ones, ones, 0.0 * ones, np.array([0.5])))

    assert found.tolist() == [7.0]


@settings(deadline=None)
@given(case=cases())
def test_times_are_those_of_an_independent_longest_path(case: tuple[Schedule, Seconds]) -> None:
    schedule, seconds = case
    program = program_of(schedule)
    whole = seconds.backward[0] + seconds.weight[0]
    apart = schedule.name == "zb-h1"
    kinds = {0: seconds.forward[0], 1: seconds.backward[0] if apart else whole, 2: seconds.weight[0]}
    ranks = oracle.lines(orders_of(schedule))

    expected = oracle.finish_times(
        schedule, ranks, {kind: value.tolist() for kind, value in kinds.items()}, float(seconds.transfer[0])
    )

    found = finish_times([(schedule, seconds)])[0][program.place, 0]
    times = {
        (rank, *operation): found[rank, place]
        for rank, line in enumerate(ranks)
        for place, operation in enumerate(line)
    }
    assert times == pytest.approx(expected, rel=1e-12)


@settings(deadline=None)
@given(case=cases())
def test_nothing_starts_before_its_input_and_no_rank_does_two_things_at_once(case: tuple[Schedule, Seconds]) -> None:
    schedule, seconds = case
    program = program_of(schedule)
    ends = finish_times([(schedule, seconds)])[0]
    table = np.concatenate([seconds.forward, seconds.backward, seconds.weight], axis=1).T
    if schedule.name != "zb-h1":
        table = np.concatenate([seconds.forward, seconds.backward + seconds.weight], axis=1).T
    starts = ends - table[program.row]
    arrived = np.concatenate([ends, np.zeros((1, 2))])[program.source] + program.crosses[:, None] * seconds.transfer

    by_rank = program.place
    assert (starts - arrived).min() > -1e-9
    assert bool((starts[by_rank[:, 1:]] - ends[by_rank[:, :-1]] > -1e-9).all())


@settings(deadline=None)
@given(case=cases())
def test_a_slower_stage_never_makes_the_whole_faster(case: tuple[Schedule, Seconds]) -> None:
    schedule, seconds = case
    slower = seconds.forward.copy()
    slower[:, -1] *= 1.5

    after = makespan(schedule, Seconds(slower, seconds.backward, seconds.weight, seconds.transfer))

    assert bool((after >= makespan(schedule, seconds) - 1e-9).all())


@settings(deadline=None)
@given(case=cases())
def test_no_schedule_beats_the_busiest_rank_with_one_way_in_and_out(case: tuple[Schedule, Seconds]) -> None:
    """Every rank works its share, after the first micro-batch came to it and before the last gradient went back."""
    schedule, seconds = case
    busy = schedule.micro_batches * seconds.busy(schedule.chunks)
    ahead = np.cumsum(seconds.forward, axis=1)[:, : schedule.stages] - seconds.forward[:, : schedule.stages]

    assert bool((makespan(schedule, seconds)[:, None] >= busy + ahead - 1e-9).all())
