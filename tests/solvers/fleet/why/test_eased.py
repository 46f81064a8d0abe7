"""Relaxations as edits: rounded to the side on which the plan still fits."""

import numpy as np
import pytest

from solvers.fleet.asked import programme_of
from solvers.fleet.programme.case import Mix
from solvers.fleet.supply.supplies import supplies
from solvers.fleet.why.answered import called
from solvers.fleet.why.eased import Short, eased
from solvers.fleet.why.relax import Relaxation
from tests.solvers.fleet.why.answers import melange

NONE = Mix(np.zeros((2, 1), np.int64), np.zeros((2, 1), np.int64), (), 0.0, 0.0, 0.0)


def short(**change) -> Short:
    spec = melange(sites=[{"power_limit": "1 kW"}], **change)
    known = supplies(spec)
    return Short(spec, programme_of(spec, known, np.ones(len(known.ready))), called(spec, known))


@pytest.mark.parametrize(
    ("sort", "name", "limit", "value", "edit"),
    [
        ("available", "/market/1/available", 1.0, 3.0, ("/market/1/available", 3)),
        ("gpus", "/constraints/max_gpus", 2.0, 3.0, ("/constraints/max_gpus", 3)),
        ("gpus", "/constraints/available/0", 2.0, 3.0, ("/constraints/available/0/gpus", 3)),
        ("power", "/sites/0/power_limit", 1000.0, 1200.2, ("/sites/0/power_limit", 1201)),
        ("budget", "/constraints/budget_per_hour", 5.0, 5.681, ("/constraints/budget_per_hour", 5.69)),
        ("budget", "/constraints/budget_per_hour", 5.0, 5.68, ("/constraints/budget_per_hour", 5.68)),
        ("head_room", "/constraints/head_room", 0.3, 0.1239, ("/constraints/head_room", 0.123)),
        ("demand", "/services", 1.0, 0.899, ("/services/0/traffic/rate_scale", 0.89)),
    ],
)
def test_a_limit_is_rounded_to_the_side_that_leaves_room(sort, name, limit, value, edit):
    found = eased(short(), Relaxation(sort, name, limit, value, NONE, 1 if sort == "available" else 0))

    assert found.edits == (edit,)


def test_a_loss_is_taken_out_of_those_that_are_asked_for():
    market = [{"gpu": "a10g", "price": 1.01, "zone": "a"}, {"gpu": "a100-80", "price": 3.67, "zone": "b"}]
    asked = short(constraints={"survive": ["zone", "node"]}, market=market)

    found = eased(asked, Relaxation("survive", "/constraints/survive/1", 1.0, 0.0, NONE, 1))

    assert found.edits == (("/constraints/survive", ["zone"]),)
    assert found.message == "Do not ask to survive the loss of a node."


def test_demand_of_which_nothing_can_be_carried_is_no_edit():
    assert eased(short(), Relaxation("demand", "/services", 1.0, 0.004, NONE)) is None
