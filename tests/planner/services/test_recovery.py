from datetime import timedelta

import pytest
from django.conf import settings
from django.db.models.functions import Now

from planner.api.leases import CROWDED_S, IDLE_S, RENEWALS
from planner.api.waiting import NODE_POLL_S
from planner.models import Job, Lease, Node, Project
from planner.services import dispatching, leases, recovery
from planner.services.turns import NODE_LOST
from tests import factories
from tests.nodes import job, join, leased

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return factories.project()


@pytest.fixture
def node(project) -> Node:
    return join(project, name="a").node


def fresh(asked: Job) -> Job:
    return Job.objects.get(id=asked.id)


def let_expire() -> None:
    Job.objects.filter(state="running").update(lease_until=Now() - timedelta(seconds=1))


def test_a_job_goes_round_three_times_and_is_then_given_up(project):
    first, second = join(project, name="a").node, join(project, name="b").node
    asked = job(project)
    turns, states = [], []
    for _ in range(3):
        dispatching.assign()
        holder = fresh(asked).node
        assert leases.offer(holder) is not None
        turns.append(holder.name)
        let_expire()
        states.extend(recovery.expire())

    assert (turns, states) == (["a", "b", "a"], ["queued", "queued", "failed"])
    assert fresh(asked).problems == [NODE_LOST.document()]
    assert list(Lease.objects.order_by("fence").values_list("node", "fence", "why")) == [
        (first.id, 1, "lost"),
        (second.id, 2, "lost"),
        (first.id, 3, "lost"),
    ]


def test_a_running_job_whose_lease_was_never_set_counts_as_lost(project, node):
    asked = job(project)
    leased(node)
    Job.objects.update(lease_until=None)

    assert recovery.expire() == ["queued"]
    assert fresh(asked).state == "queued"


def test_a_lease_that_is_held_is_left_alone(project, node):
    job(project)
    leased(node)

    assert recovery.expire() == []


def test_a_promise_is_taken_back_when_its_time_is_over_and_no_sooner(project, node):
    asked = job(project)
    dispatching.assign()

    early = recovery.expire()
    Job.objects.update(assigned_until=Now() - timedelta(seconds=1))

    assert (early, recovery.expire()) == ([], ["queued"])
    assert (fresh(asked).attempts, fresh(asked).avoid) == (0, node)


def test_the_settings_add_up_to_what_is_promised():
    """P4: a node that dies loses its lease, the sweeper sees it and gives the job away, the next free node asks; and if
    that one has died as well, once more. P5: a cancel is heard with the next renewal, and TERM has ten seconds to work.
    """
    asks = max(CROWDED_S, IDLE_S, NODE_POLL_S)
    term_s = 10.0

    elsewhere = settings.LEASE_S + settings.SWEEP_S + asks
    after_two_deaths = elsewhere + settings.PICKUP_S + settings.SWEEP_S

    assert elsewhere <= 45
    assert after_two_deaths <= 60
    assert settings.RENEW_S / RENEWALS + term_s <= 15
    assert 2 * asks <= settings.PICKUP_S


def test_a_job_that_cannot_be_taken_back_holds_up_none_behind_it(project, node):
    other = join(project, name="b").node
    broken, sound = job(project), job(project)
    leased(node), leased(other)
    Job.objects.filter(id=broken.id).update(needs={})
    let_expire()

    assert recovery.expire() == ["queued"]
    assert (fresh(broken).state, fresh(sound).state) == ("running", "queued")
    assert fresh(sound).leases.get().why == "lost"
