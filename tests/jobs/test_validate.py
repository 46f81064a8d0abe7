import pytest

from jobs import validate
from planner.models import ValidationState
from planner.services import jobs, validations
from tests import factories, nodes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trial_kind")]


def begun():
    run = factories.solved(factories.project())
    nodes.join(run.project)
    return validations.start(run, user=run.created_by, budget_s=120.0)


def answered(validation, call):
    chosen = [{"recipe": "memory_copy", "params": nodes.COPY, "needs": {}, "cost_s": 1.0, "why": ""}]
    validations.answered(validation, call, {"experiments": chosen})


def test_a_trial_whose_jobs_cannot_be_queued_ends_and_says_why(monkeypatch):
    """Else its solver would run again each few seconds, for ever."""
    stuck, sound = begun(), begun()
    monkeypatch.setattr(jobs, "MOST_QUEUED", 0)
    monkeypatch.setattr(validate, "advance", lambda one: answered(one, validations.step(one)))

    validate.validate()

    for each in (stuck, sound):
        each.refresh_from_db()
        assert (each.state, each.problems[0]["code"]) == (ValidationState.FAILED, "too_many")


def test_a_trial_that_meets_the_unforeseen_ends_and_the_next_goes_on(monkeypatch):
    odd, sound = begun(), begun()

    def advance(one):
        answered(one, {}["nothing"] if one == odd else validations.step(one))

    monkeypatch.setattr(validate, "advance", advance)

    validate.validate()

    for each in (odd, sound):
        each.refresh_from_db()
    assert (odd.state, odd.problems[0]["code"]) == (ValidationState.FAILED, "crashed")
    assert sound.state == ValidationState.MEASURING
