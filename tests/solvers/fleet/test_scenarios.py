import pytest

from solvers.fleet.scenarios import scenario, told


def test_a_number_is_one_question():
    assert scenario(7) == scenario(7)
    assert scenario(7) != scenario(8)


@pytest.mark.parametrize("number", [0, 1])
def test_a_plan_holds_at_five_fresh_seeds(number):
    assert told(number).holds
