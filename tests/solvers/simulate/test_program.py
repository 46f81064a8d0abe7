"""The graph of a schedule."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from solvers.simulate.orders import Schedule, orders_of
from solvers.simulate.program import Deadlock, program_of, programs_of_orders
from tests.solvers.simulate.cases import schedules


@given(schedule=schedules())
def test_every_operation_stands_after_what_it_waits_for(schedule: Schedule) -> None:
    program = program_of(schedule)
    level = program.level

    waits = [(kind[kind < program.size], level[kind < program.size]) for kind in (program.before, program.source)]

    assert [bool((level[earlier] < later).all()) for earlier, later in waits] == [True, True]
    assert bool((np.diff(level) >= 0).all())


def test_an_order_in_which_ranks_wait_for_one_another_is_refused() -> None:
    """The first rank wants its gradient before it has sent the activation that the gradient comes from."""
    schedule = Schedule("1f1b", 2, 2)
    right = orders_of(schedule)
    wrong = replace(right, kind=right.kind[:, ::-1], micro_batch=right.micro_batch[:, ::-1])

    with pytest.raises(Deadlock, match="8 operations wait"):
        programs_of_orders([schedule], [wrong])
