"""One winning state transition whatever nodes do: P2 to P5 of what we promise."""

import json
from datetime import timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from planner.models import AuditEntry, Job, Lease, Measurement, Node, OutboxEntry, Project
from planner.services import dispatching, joblogs, jobs, leases, nodes, recovery, turns
from planner.services.errors import LeaseLost, NotFound
from planner.services.leases import Said
from solvers.errors import Problem
from tests import factories
from tests.nodes import job, join, leased, measured, result

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


def everything() -> list[object]:
    """All that a refused call could have changed."""
    return [list(each.objects.order_by("pk").values()) for each in (Job, Lease, Measurement, Node, OutboxEntry)]


def finish(node: Node, asked: Job, payload, outcome: str = "measured", *problems: Problem) -> Job:
    document = result(payload) if outcome == "measured" else None
    return leases.finish(node, asked.id, fence=payload["fence"], said=Said(outcome, document, problems))


def test_fetching_a_job_leases_it(project, node):
    asked = job(project)

    payload = leased(node)

    found = fresh(asked)
    left = Job.objects.annotate(now=Now()).values_list("lease_until", "now").get()
    assert (found.state, found.fence, found.attempts, found.assigned_until) == ("running", 1, 1, None)
    assert (left[0] - left[1]).total_seconds() == pytest.approx(settings.LEASE_S, abs=5)
    assert (payload["job"], payload["node"], payload["fence"]) == (str(asked.id), str(node.id), 1)
    assert leases.offer(node) is None


def test_a_job_is_fetched_by_the_node_to_which_it_was_promised(project, node):
    other = join(project, name="b").node
    job(project, node=str(node.id))
    dispatching.assign()

    assert leases.offer(other) is None
    assert leases.offer(node) is not None


def test_limits_follow_from_the_recipe_and_the_host(project, node):
    asked = job(project)

    limits = leased(node)["limits"]

    assert limits == {"wall_s": round(120 + 3 * asked.cost_s, 1), "memory_bytes": int(0.8 * 8e9)}


def test_a_job_of_several_processes_is_timed_as_one(project, node):
    asked = job(project, "collectives", {"processes": 2})

    payload = leased(node)

    assert (payload["processes"], payload["limits"]["wall_s"]) == (2, round(120 + 3 * asked.cost_s / 2, 1))


def test_a_job_of_a_recipe_that_is_gone_ends_when_it_is_fetched(project):
    node = join(project, recipes={"memory_copy": 99}).node
    asked = job(project)
    Job.objects.update(version=99)
    dispatching.assign()

    assert leases.offer(node) is None

    ended = fresh(asked)
    assert (ended.state, [problem["code"] for problem in ended.problems]) == ("failed", ["recipe_version"])
    assert Lease.objects.get().why == "outdated"


def test_renewing_prolongs_the_lease_and_shows_progress(project, node):
    asked = job(project)
    leased(node)
    Job.objects.update(lease_until=Now() + timedelta(seconds=1))
    before = fresh(asked).lease_until

    cancel = leases.renew(node, asked.id, fence=1, progress={"stage": "rows", "fraction": 0.5})

    assert cancel is False
    assert fresh(asked).lease_until > before
    assert fresh(asked).progress == {"stage": "rows", "fraction": 0.5}


@pytest.mark.parametrize(
    ("outcome", "state"),
    [("failed", "failed"), ("refused", "failed"), ("crashed", "crashed"), ("cancelled", "cancelled")],
)
def test_other_outcomes_end_the_job_with_their_problems(project, node, outcome, state):
    asked = job(project)
    problem = Problem("out_of_memory", "Too large.", "/params", "Ask for less.")

    ended = finish(node, asked, leased(node), outcome, problem)

    assert (ended.state, ended.problems) == (state, [problem.document()])
    assert ended.finished is not None
    assert Lease.objects.get().why == outcome
    assert Measurement.objects.count() == 0


def test_a_finish_that_is_sent_five_times_counts_once(project, node):
    asked = job(project)
    payload, outcomes = leased(node), []
    for _ in range(5):
        try:
            outcomes.append(finish(node, asked, payload).state)
        except LeaseLost as error:
            outcomes.append(error.problems[0].code)

    assert outcomes == ["measured", *["lease_lost"] * 4]
    assert Measurement.objects.count() == 1
    assert fresh(asked).state == "measured"


def test_a_late_answer_is_refused_and_the_first_result_stands(project, node):
    asked = job(project)
    old = leased(node)
    let_expire()
    recovery.expire()
    other = join(project, name="b").node
    finish(other, asked, leased(other))
    before = everything()

    for act in (
        lambda: finish(node, asked, old),
        lambda: finish(node, asked, {**old, "fence": 2}),
        lambda: leases.renew(node, asked.id, fence=old["fence"], progress={"stage": "late"}),
        lambda: joblogs.append(node, asked.id, fence=old["fence"], offset=0, text="late"),
    ):
        with pytest.raises(LeaseLost):
            act()

    assert everything() == before
    assert (fresh(asked).node, Measurement.objects.get().node) == (other, other)
    refused = AuditEntry.objects.filter(action="lease.refused").order_by("id").values_list("details", flat=True)
    assert [each["verb"] for each in refused] == ["finish", "finish", "renew", "log"]


def test_what_a_node_says_of_its_earlier_turn_is_refused_in_its_next_one(project, node):
    """The node is the same, and the job runs: the fence alone tells the turns apart."""
    asked = job(project)
    earlier = leased(node)
    let_expire()
    recovery.expire()
    later = leased(node)
    before = everything()

    for act in (
        lambda: finish(node, asked, earlier),
        lambda: leases.renew(node, asked.id, fence=earlier["fence"], progress={"stage": "late"}),
        lambda: joblogs.append(node, asked.id, fence=earlier["fence"], offset=0, text="late"),
    ):
        with pytest.raises(LeaseLost):
            act()

    assert everything() == before
    assert (earlier["fence"], later["fence"], fresh(asked).attempts) == (1, 2, 2)
    assert finish(node, asked, later).state == "measured"


def test_a_job_began_with_its_first_turn(project, node):
    asked = job(project)
    leased(node)
    Job.objects.filter(id=asked.id).update(started=Now() - timedelta(hours=1))
    began = fresh(asked).started
    let_expire()
    recovery.expire()

    leased(node)

    assert fresh(asked).started == began


def test_a_node_can_do_nothing_to_the_job_of_another(project, node):
    other = join(project, name="b").node
    asked = job(project, node=str(node.id))
    payload = leased(node)
    before = everything()

    for act in (
        lambda: finish(other, asked, payload),
        lambda: leases.renew(other, asked.id, fence=1),
        lambda: joblogs.append(other, asked.id, fence=1, offset=0, text="x"),
    ):
        with pytest.raises(LeaseLost):
            act()

    assert everything() == before


@pytest.mark.parametrize("there", [True, False])
def test_a_job_of_another_project_is_not_there(project, node, there):
    stranger = join(factories.project()).node
    asked = job(project)
    payload = leased(node)

    with pytest.raises(NotFound):
        leases.renew(stranger, asked.id if there else uuid4(), fence=payload["fence"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"recipe": "gemm"}, "another_recipe"),
        ({"rows": []}, "rows"),
        ({"seconds_total": -1.0}, "greater_than"),
        ({"seconds_total": float("nan")}, "not_finite"),
        ({"seconds_total": float("inf")}, "not_finite"),
        ({"secret": "x"}, "unknown_field"),
        ({"params": {"sizes": [2e6], "repeats": 3}}, "another_row"),
        ({"params": {"sizes": [1e6], "repeats": 4}}, "another_job"),
    ],
)
def test_a_measurement_that_does_not_stand_up_ends_the_job_with_the_reason(project, node, change, code):
    asked = job(project)
    document = {**result(leased(node)), **change}

    ended = leases.finish(node, asked.id, fence=1, said=Said("measured", document))

    assert (ended.state, [problem["code"] for problem in ended.problems]) == ("failed", ["bad_measurement", code])
    assert Measurement.objects.count() == 0
    assert Lease.objects.get().why == "bad_measurement"


def test_a_row_that_says_nan_is_no_measurement(project, node):
    asked = job(project)
    document = result(leased(node))
    document["rows"][0]["seconds"] = {**document["rows"][0]["seconds"], "median": float("nan")}

    ended = leases.finish(node, asked.id, fence=1, said=Said("measured", document))

    assert [problem["code"] for problem in ended.problems] == ["bad_measurement", "not_finite"]


def test_measured_without_a_measurement_is_a_failure(project, node):
    asked = job(project)
    leased(node)

    ended = leases.finish(node, asked.id, fence=1, said=Said("measured"))

    assert (ended.state, ended.problems[0]["code"]) == ("failed", "bad_measurement")


def test_a_measurement_of_another_device_is_refused(project, node):
    asked = job(project)
    document = result(leased(node))
    document["environment"]["device"] = "cuda"

    ended = leases.finish(node, asked.id, fence=1, said=Said("measured", document))

    assert [problem["code"] for problem in ended.problems] == ["bad_measurement", "another_device"]


def test_a_released_job_waits_again_and_has_lost_no_attempt(project, node):
    asked = job(project)

    released = finish(node, asked, leased(node), "released")

    assert (released.state, released.attempts, released.node, released.avoid) == ("queued", 0, None, node)
    assert Lease.objects.get().why == "released"


def test_a_job_that_is_only_handed_round_ends_at_last(project, node):
    asked = job(project)
    for _ in range(turns.MOST_LEASES):
        finish(node, asked, leased(node), "released")

    assert (fresh(asked).state, fresh(asked).fence) == ("failed", turns.MOST_LEASES)


def test_a_cancel_ends_what_waits_at_once_and_what_runs_when_its_node_says_so(project, node):
    running, waiting = job(project), job(project)
    payload = leased(node)
    by = project.created_by

    states = [jobs.cancel(each, user=by).state for each in (running, waiting)]
    heard = leases.renew(node, running.id, fence=1)
    ended = finish(node, running, payload)

    assert (states, heard) == (["running", "cancelled"], True)
    assert (ended.state, Measurement.objects.count()) == ("cancelled", 0)


def test_a_cancel_of_a_promised_job_takes_the_promise_back(project, node):
    asked = job(project)
    dispatching.assign()

    jobs.cancel(asked, user=project.created_by)

    assert leases.offer(node) is None
    assert fresh(asked).state == "cancelled"


@pytest.mark.parametrize("way", ["lost", "released", "removed"])
def test_a_cancelled_job_does_not_go_round_again(project, node, way):
    asked = job(project)
    payload = leased(node)
    jobs.cancel(asked, user=project.created_by)
    if way == "lost":
        let_expire()
        recovery.expire()
    elif way == "released":
        finish(node, asked, payload, "released")
    else:
        nodes.remove(node, user=project.created_by)

    assert fresh(asked).state == "cancelled"


def test_a_job_that_has_ended_stays_as_it_is(project):
    found = measured(project)
    before = everything()

    jobs.cancel(found.job, user=project.created_by)

    assert everything() == before


def test_fetching_finishing_and_renewing_take_few_queries(project, node, django_assert_max_num_queries):
    asked = job(project)
    dispatching.assign()

    with django_assert_max_num_queries(7):
        payload = json.loads(leases.offer(node)["payload"])
    with django_assert_max_num_queries(2):
        leases.renew(node, asked.id, fence=1)
    with django_assert_max_num_queries(11):
        finish(node, asked, payload)


def at_once(act, *, times: int = 8) -> list[str]:
    """What came of calling `act` from so many threads at the same time: the name of the answer's type."""
    start, outcomes = Barrier(times), []

    def one() -> None:
        start.wait()
        try:
            outcomes.append(type(act()).__name__)
        except LeaseLost:
            outcomes.append("LeaseLost")
        finally:
            connection.close()

    threads = [Thread(target=one) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


@pytest.mark.django_db(transaction=True)
def test_of_eight_calls_at_once_one_has_the_job_and_one_ends_it(project, node):
    asked = job(project)
    dispatching.assign()

    fetched = at_once(lambda: leases.offer(node))
    params = {"recipe": asked.recipe, "params": asked.params, "processes": 1}
    document = result(params)
    said = Said("measured", document)
    finished = at_once(lambda: leases.finish(node, asked.id, fence=1, said=said))

    assert fetched == ["NoneType"] * 7 + ["dict"]
    assert finished == ["Job", *["LeaseLost"] * 7]
    assert (Lease.objects.count(), Measurement.objects.count(), fresh(asked).state) == (1, 1, "measured")


@pytest.mark.django_db(transaction=True)
def test_a_late_answer_and_the_sweeper_at_once_leave_one_truth(project, node):
    """Whoever comes first wins; the job is then either measured once, or queued and measured never."""
    for _ in range(10):
        asked = job(project)
        payload = leased(node)
        let_expire()
        document = result(payload)

        def late(asked=asked, document=document) -> object:
            return leases.finish(node, asked.id, fence=1, said=Said("measured", document))

        turns = iter([late, recovery.expire])
        came = at_once(lambda turns=turns: next(turns)(), times=2)

        state = fresh(asked).state
        assert (state, Measurement.objects.filter(job=asked).count()) in {("measured", 1), ("queued", 0)}
        assert came == (["Job", "list"] if state == "measured" else ["LeaseLost", "list"])
        jobs.cancel(asked, user=project.created_by)


def test_a_question_that_was_left_behind_takes_no_job_along(project, node):
    """An agent that was started again asks anew; nobody listens for the answer to what its predecessor asked."""
    job(project)
    dispatching.assign()
    asked = nodes.last_seen(node)
    Node.objects.filter(id=node.id).update(last_seen=Now() + timedelta(seconds=1))

    left_behind, anew = (leases.offer(node, asked=when) for when in (asked, nodes.last_seen(node)))

    assert (left_behind, anew is None) == (None, False)
