from solvers.laws.design.advice import ranked
from tests.solvers.laws.design.questions import question


def test_the_next_run_takes_most_for_its_cost() -> None:
    found = ranked(question())

    rates = [(one.before - one.after) / one.cost for one in found]
    assert rates == sorted(rates, reverse=True)
    assert found[0].after < found[0].before


def test_runs_that_are_made_are_not_advised_again() -> None:
    asked = question()
    best = ranked(asked)[0].candidate

    left = ranked(type(asked)(asked.state, asked.candidates, asked.target, asked.doubt, made=(best,)))

    assert best not in [one.candidate for one in left]
