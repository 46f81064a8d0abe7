from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection
from django.db.models.functions import Now

from planner.models import Bell, Job, Node, OutboxEntry, Project
from planner.models.node import ONLINE
from planner.services import dispatching, jobs, nodes, projects, recovery
from tests import factories
from tests.nodes import COPY, H200, capability, finish, job, join, leased

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return factories.project()


def where(asked: Job) -> tuple[str, str]:
    found = Job.objects.select_related("node").get(id=asked.id)
    return found.state, found.node.name if found.node else ""


def test_the_oldest_job_goes_to_the_free_node_and_the_next_waits(project):
    join(project, name="a")
    first, second = job(project), job(project)

    assert dispatching.assign() == 1
    assert [where(each) for each in (first, second)] == [("assigned", "a"), ("queued", "")]
    assert dispatching.assign() == 0


def test_people_take_turns_and_each_ones_jobs_go_oldest_first(project):
    """One person asked for four before the others asked for any."""
    node = join(project, name="a").node
    people = {"ada": project.created_by, "bob": factories.user("bob"), "cyd": factories.user("cyd")}
    for name in ("bob", "cyd"):
        projects.add_member(project, name, "editor", by=project.created_by)
    asked = {}
    for place, name in enumerate(["ada", "ada", "ada", "ada", "bob", "cyd", "bob"]):
        found = jobs.submit(project, user=people[name], recipe="memory_copy", params=COPY)
        asked[str(found.id)] = f"{name} {place}"

    served = []
    for _ in asked:
        payload = leased(node)
        served.append(asked[payload["job"]])
        finish(node, payload)

    assert served == ["ada 0", "bob 4", "cyd 5", "ada 1", "bob 6", "ada 2", "ada 3"]


def test_a_node_gets_as_many_jobs_as_it_has_slots(project):
    join(project, name="cluster", executor="slurm")
    asked = [job(project) for _ in range(10)]

    assert dispatching.assign() == 8
    assert [where(each)[0] for each in asked] == ["assigned"] * 8 + ["queued"] * 2


def test_a_job_goes_where_most_hands_are_free(project):
    join(project, name="box")
    join(project, name="cluster", executor="slurm")
    asked = job(project)

    dispatching.assign()

    assert where(asked) == ("assigned", "cluster")


def test_jobs_spread_over_nodes_with_free_hands(project):
    join(project, name="cluster", executor="slurm")
    join(project, name="box")
    asked = [job(project) for _ in range(9)]

    dispatching.assign()

    assert sorted(where(each)[1] for each in asked) == ["box"] + ["cluster"] * 8


@pytest.mark.parametrize(
    ("fields", "needs", "fits"),
    [
        ({}, {}, True),
        ({"torch": ""}, {}, False),
        ({"clock_off_s": 3600.0}, {}, False),
        ({"recipes": {}}, {}, False),
        ({"recipes": {"memory_copy": 2}}, {}, False),
        ({"gpus": [H200]}, {}, True),
    ],
)
def test_a_node_gets_what_it_can_do(project, fields, needs, fits):
    join(project, **fields)
    job(project, **needs)

    assert dispatching.assign() == int(fits)


@pytest.mark.parametrize(
    ("gpus", "needs", "fits"),
    [
        ([], {}, False),
        ([H200], {}, True),
        ([H200], {"gpu": "h200"}, True),
        ([H200], {"gpu": "H100"}, False),
        ([H200], {"gpus": 2}, False),
        ([H200, H200], {"gpus": 2, "gpu": "H200"}, True),
        ([H200, {**H200, "name": "NVIDIA A100"}], {"gpus": 2, "gpu": "H200"}, False),
    ],
)
def test_a_job_for_gpus_goes_where_they_are(project, gpus, needs, fits):
    join(project, gpus=gpus, cuda="12.8")
    job(project, params={"device": "cuda"}, **needs)

    assert dispatching.assign() == int(fits)


@pytest.mark.parametrize(
    ("params", "fits"),
    [({"device": "cpu", "sizes": ["3 GB"]}, True), ({"device": "cpu", "sizes": ["3.3 GB"]}, False),
     ({"device": "cuda", "sizes": ["60 GB"]}, True), ({"device": "cuda", "sizes": ["64 GB"]}, False)],
)  # fmt: skip
def test_a_job_goes_where_its_memory_is(project, params, fits):
    """Two buffers of each size; a host of 8 GB, of which a job may hold 0.8, and a GPU of 125 GB."""
    join(project, gpus=[{**H200, "memory_bytes": 125e9}], cuda="12.8")
    job(project, params={**params, "repeats": 3})

    assert dispatching.assign() == int(fits)


def test_a_job_for_one_node_goes_to_it_alone(project):
    join(project, name="a")
    wanted = join(project, name="b").node
    asked = [job(project, node=str(wanted.id)) for _ in range(2)]

    dispatching.assign()

    assert [where(each) for each in asked] == [("assigned", "b"), ("queued", "")]


def test_a_job_that_no_node_fits_holds_up_none_behind_it(project):
    join(project, name="a")
    stuck, behind = job(project, params={"device": "cuda"}), job(project)

    dispatching.assign()

    assert [where(each) for each in (stuck, behind)] == [("queued", ""), ("assigned", "a")]


def test_nodes_that_drain_are_silent_or_are_another_project_s_get_nothing(project):
    draining, silent = join(project, name="draining").node, join(project, name="silent").node
    nodes.drain(draining, user=project.created_by)
    Node.objects.filter(pk=silent.pk).update(last_seen=Now() - ONLINE - timedelta(seconds=1))
    join(factories.project())
    job(project)

    assert dispatching.assign() == 0


def test_a_long_queue_of_one_project_takes_nothing_from_another(project):
    other = factories.project()
    join(project, name="a")
    join(other, name="b")
    for _ in range(20):
        job(project)
    late = job(other)

    assert dispatching.assign() == 2
    assert where(late) == ("assigned", "b")


def test_a_node_that_lost_a_job_gets_it_again_only_if_no_other_can(project):
    lost = join(project, name="a").node
    asked = job(project)
    turns = []
    for name in ("", "b"):
        if name:
            join(project, name=name)
        Job.objects.filter(id=asked.id).update(state="queued", node=None, avoid=lost)
        dispatching.assign()
        turns.append(where(asked)[1])

    assert turns == ["a", "b"]


def test_a_round_answers_what_was_rung_for(project):
    join(project)
    job(project)
    rung = OutboxEntry.objects.filter(bell=Bell.DISPATCH).count()

    dispatching.assign()

    assert (rung, OutboxEntry.objects.count()) == (2, 0)


@pytest.mark.parametrize("count", [1, 3])
def test_a_round_takes_as_many_queries_as_it_gives_jobs_and_a_few(project, count, django_assert_num_queries):
    join(project, executor="slurm")
    for _ in range(count):
        job(project)
    OutboxEntry.objects.all().delete()

    with django_assert_num_queries(8 + count):  # two transactions, the lock, the bells twice, nodes, jobs
        assert dispatching.assign() == count


@pytest.mark.django_db(transaction=True)
def test_two_rounds_at_once_promise_each_job_once():
    project = factories.project()
    join(project, executor="slurm")
    asked = [job(project) for _ in range(8)]
    given: list[int] = []

    def assign() -> None:
        given.append(dispatching.assign())
        connection.close()

    threads = [Thread(target=assign) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(given) == [0, 0, 0, 8]
    assert {where(each)[0] for each in asked} == {"assigned"}


def test_a_promise_that_was_not_fetched_goes_to_another_node(project):
    join(project, name="a")
    asked = job(project)
    dispatching.assign()
    join(project, name="b")
    Job.objects.update(assigned_until=Now() - timedelta(seconds=1))

    assert recovery.expire() == ["queued"]
    dispatching.assign()

    found = Job.objects.get(id=asked.id)
    assert where(asked) == ("assigned", "b")
    assert (found.attempts, found.fence) == (0, 0)


def test_what_a_node_says_of_itself_is_kept(project):
    node = join(project, torch="").node
    job(project)
    before = dispatching.assign()

    nodes.heard(node, capability=capability(), agent_version="9")

    assert (before, dispatching.assign()) == (0, 1)
    assert (Node.objects.get().agent_version, Node.objects.get().capability) == ("9", capability())


def test_a_job_that_lacks_a_word_holds_up_none_behind_it(project):
    join(project, name="a")
    old, new = job(project), job(project)
    Job.objects.filter(id=old.id).update(needs={"device": "cpu"})

    assert dispatching.assign() == 1
    assert [where(each) for each in (old, new)] == [("queued", ""), ("assigned", "a")]
