"""Schedules and seconds that the tests of the simulation share."""

import numpy as np
from hypothesis import strategies as st

from solvers.simulate.orders import Schedule
from solvers.simulate.pipeline import Seconds


@st.composite
def schedules(draw: st.DrawFn, most_stages: int = 5, most_batches: int = 12) -> Schedule:
    """Any small schedule."""
    name = draw(st.sampled_from(["gpipe", "1f1b", "interleaved", "zb-h1"]))
    chunks = draw(st.integers(2, 3)) if name == "interleaved" else 1
    return Schedule(name, draw(st.integers(1, most_stages)), draw(st.integers(1, most_batches)), chunks)


@st.composite
def cases(draw: st.DrawFn, most_stages: int = 5, most_batches: int = 12) -> tuple[Schedule, Seconds]:
    """A small schedule with two sets of seconds."""
    schedule = draw(schedules(most_stages, most_batches))
    random = np.random.default_rng(draw(st.integers(0, 2**31)))
    shape = (2, schedule.parts)
    transfer = random.uniform(0.0, 0.5, size=2) * draw(st.booleans())
    return schedule, Seconds(*(random.uniform(0.1, 2.0, size=shape) for _ in range(3)), transfer)


def equal(schedule: Schedule, *, forward: float = 1.0, backward: float = 1.0, weight: float = 1.0) -> Seconds:
    """One case with equal stages; the seconds are those of a whole stage."""
    shape = (1, schedule.parts)
    values = (forward, backward, weight)
    return Seconds(*(np.full(shape, value / schedule.chunks) for value in values), np.zeros(1))
