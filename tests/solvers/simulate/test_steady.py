"""Long schedules from short ones equal long ones simulated whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers.simulate.orders import Name, Schedule
from solvers.simulate.pipeline import Seconds, finish_times, makespan
from solvers.simulate.program import program_of
from solvers.simulate.steady import shorter, stretch
from tests.solvers.simulate.cases import equal


@st.composite
def long_cases(draw: st.DrawFn) -> tuple[Schedule, Seconds]:
    """Schedules that are worth shortening, of layers whose seconds are whole: steady soon or never."""
    name = draw(st.sampled_from(["1f1b", "interleaved", "zb-h1"]))
    chunks = draw(st.integers(2, 3)) if name == "interleaved" else 1
    stages = draw(st.integers(2, 4))
    group = stages if name == "interleaved" else 1
    schedule = Schedule(name, stages, group * draw(st.integers(120 // group, 160 // group)), chunks)
    random = np.random.default_rng(draw(st.integers(0, 2**31)))
    shape = (3, schedule.parts)
    times = (random.integers(1, 4, size=shape).astype(np.float64) for _ in range(3))
    return schedule, Seconds(*times, random.integers(0, 2, size=3) / 2.0)


@settings(deadline=None, max_examples=60)
@given(case=long_cases())
def test_a_repeated_middle_gives_the_time_of_the_whole(case: tuple[Schedule, Seconds]) -> None:
    schedule, seconds = case

    whole = finish_times([(schedule, seconds)])[0].max(axis=0)

    assert makespan(schedule, seconds).tolist() == pytest.approx(whole.tolist(), rel=1e-12)


@pytest.mark.parametrize(("name", "chunks"), [("1f1b", 1), ("interleaved", 2), ("zb-h1", 1)])
def test_equal_stages_are_steady(name: Name, chunks: int) -> None:
    schedule = Schedule(name, 4, 400, chunks)
    short = shorter(schedule)
    assert short is not None
    program = program_of(short)

    found = stretch(program, finish_times([(short, equal(schedule))])[0], further=400 - short.micro_batches)

    assert found == pytest.approx(makespan(schedule, equal(schedule)), rel=1e-12)
    assert (short.micro_batches < 60, bool(np.isnan(found).any())) == (True, False)


def test_a_middle_that_changes_is_not_taken_for_steady() -> None:
    """A stage that is slower by 1 part in 100 drains what the next one has before it, little by little."""
    schedule = Schedule("1f1b", 8, 400)
    times = np.ones((1, 8))
    times[0, 3] = 1.01
    seconds = Seconds(times, times, times, np.full(1, 0.25))
    short = shorter(schedule)
    assert short is not None
    program = program_of(short)

    whole = finish_times([(schedule, seconds)])[0].max(axis=0)

    stretched = stretch(program, finish_times([(short, seconds)])[0], further=400 - short.micro_batches)
    assert makespan(schedule, seconds).tolist() == pytest.approx(whole.tolist(), rel=1e-12)
    assert bool(np.isnan(stretched[0]) or stretched[0] == pytest.approx(whole[0], rel=1e-12))


def test_gpipe_is_never_shortened() -> None:
    assert shorter(Schedule("gpipe", 4, 400)) is None
