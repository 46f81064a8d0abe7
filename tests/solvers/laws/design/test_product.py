from itertools import islice

import numpy as np
import pytest

from solvers.laws.design.candidates import total
from tests.solvers.laws.design.played import LOOKS
from tests.solvers.laws.design.product import TRUTHS, Case, made, played, real


def test_a_made_case_hides_its_law_from_the_mixture() -> None:
    cases = [made(seed) for seed in range(3)]

    assert [case.name for case in cases] == list(TRUTHS)
    assert all(case.name not in case.laws for case in cases)
    assert all(case.aim.inputs["params"][0] > case.candidates.inputs["params"].max() for case in cases)


def test_a_real_case_knows_smaller_runs_than_it_may_buy_and_buys_smaller_ones_than_it_is_asked_about() -> None:
    case = next(real())

    bought = case.make(range(len(case.candidates)))
    asked = 6.0 * float(case.aim.inputs["params"][0] * case.aim.inputs["tokens"][0])
    assert case.known.flops.max() < bought.flops.min()
    assert bought.flops.max() <= 0.5 * asked
    assert case.leave == ("chinchilla",)


@pytest.mark.parametrize("case", [made(0), made(1), next(islice(real(), 20, None))], ids=lambda case: case.name)
def test_the_shrink_that_is_promised_comes(case: Case) -> None:
    found = played(case)

    assert found.before > found.found
    assert found.off <= 0.3
    assert found.promised == pytest.approx(found.found, rel=0.3)


def test_random_runs_cost_what_they_are() -> None:
    case = made(2)

    found = played(case)

    order = np.random.default_rng(20_000 + case.seed).permutation(len(case.candidates))
    costs = [total(case.candidates, [int(k) for k in order[:count]]) for count in (*LOOKS, 64)]
    assert found.random_spend in costs
    assert found.spend <= case.spend * (1.0 + 1e-9)
