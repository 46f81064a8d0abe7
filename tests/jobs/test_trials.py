"""Trials with a real worker, sweeper and child that solves; a node is played by the services."""

import pytest

from planner.models import ValidationState
from planner.services import validations
from tests import factories
from tests import nodes as made
from tests.jobs.conftest import wait_until


def begun(minutes: float = 1.0, **fields):
    run = factories.solved(factories.project(), **fields)
    node = made.join(run.project).node
    return node, validations.start(run, user=run.created_by, budget_s=60.0 * minutes)


def wait_for(validation, *states):
    def arrived() -> bool:
        validation.refresh_from_db()
        return validation.state in states

    wait_until(arrived)


def test_a_trial_goes_all_the_way_through_worker_and_child(crew):
    node, validation = begun()

    wait_for(validation, ValidationState.MEASURING)
    made.finish(node, made.leased(node))
    wait_for(validation, ValidationState.DONE)

    assert validation.after.state == "solved"
    assert validation.after.result.document["provenance"]["calibration"].startswith("own-")


@pytest.mark.parametrize(
    ("act", "code"), [("unlike", "other_device"), ("nonsense", "unknown_name"), ("crash", "crashed")]
)
def test_what_goes_wrong_in_the_choice_ends_the_trial_with_its_reason(crew, act, code):
    _, validation = begun(act="answer", extra=act)

    wait_for(validation, ValidationState.FAILED)

    assert validation.problems[0]["code"] == code
