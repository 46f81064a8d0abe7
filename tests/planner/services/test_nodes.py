import pytest

from planner.models import AuditEntry, Job, Membership, Node, Project
from planner.services import dispatching, leases, nodes, recovery, turns
from planner.services.errors import Conflict, Forbidden, NotFound
from tests import factories
from tests.nodes import job, join, leased, measured

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return factories.project()


def states(project: Project) -> list[tuple[str, int]]:
    return list(project.jobs.order_by("created").values_list("state", "attempts"))


def test_a_draining_node_finishes_what_it_has_and_gets_no_more(project):
    node = join(project, executor="slurm").node
    running, promised = job(project), None
    leased(node)
    promised = job(project)
    dispatching.assign()

    drained = nodes.drain(node, user=project.created_by)
    dispatching.assign()

    assert (drained.state, [each.id for each in drained.current]) == ("draining", [running.id])
    assert states(project) == [("running", 1), ("queued", 0)]
    assert Job.objects.get(id=promised.id).node is None
    assert leases.renew(node, running.id, fence=1) is False


def test_a_resumed_node_gets_jobs_again(project):
    node = join(project).node
    nodes.drain(node, user=project.created_by)
    job(project)

    resumed = nodes.resume(node, user=project.created_by)

    assert (resumed.state, dispatching.assign()) == ("active", 1)


def test_a_removed_node_s_job_goes_elsewhere_and_has_lost_no_attempt(project):
    node = join(project, name="a").node
    asked = job(project)
    leased(node)

    nodes.remove(node, user=project.created_by)
    other = join(project, name="b").node
    payload = leased(other)

    assert (payload["job"], payload["fence"]) == (str(asked.id), 2)
    assert states(project) == [("running", 1)]
    assert [each.name for each in nodes.listed(project)] == ["b"]


@pytest.mark.parametrize("executor", ["local", "slurm"])
def test_jobs_that_no_other_node_may_take_end_with_their_node(project, executor):
    """The second waits in the queue, or is promised to the node already."""
    node, other = join(project, name="a", executor=executor).node, join(project, name="b").node
    for each in (node, node, other):
        job(project, node=str(each.id))
    leased(node)

    nodes.remove(node, user=project.created_by)

    found = Job.objects.order_by("created").values_list("state", "problems")
    gone = [turns.NODE_REMOVED.document()]
    assert list(found) == [("failed", gone), ("failed", gone), ("assigned", [])]


def test_a_promise_that_a_removed_node_never_heard_of_ends_its_job(project):
    """A round of dispatch that began before the node was removed may promise it a job after."""
    node = join(project).node
    asked = job(project, node=str(node.id))
    nodes.remove(node, user=project.created_by)
    Job.objects.update(state="assigned", node=node, assigned_until="2020-01-01T00:00Z", problems=[], finished=None)

    assert recovery.expire() == ["failed"]
    assert Job.objects.get(id=asked.id).problems == [turns.NODE_REMOVED.document()]


def test_a_removed_node_stays_removed_and_keeps_what_it_measured(project):
    found = measured(project)
    nodes.remove(found.node, user=project.created_by)

    with pytest.raises(Conflict):
        nodes.resume(found.node, user=project.created_by)

    assert nodes.drain(found.node, user=project.created_by).state == "removed"
    kept = nodes.one(project, found.node_id)
    assert (kept.state, kept.measured, kept.online) == ("removed", 1, False)


def test_acts_upon_nodes_are_written_down_once(project):
    node, by = join(project).node, project.created_by
    for act in (nodes.drain, nodes.drain, nodes.resume, nodes.resume, nodes.remove, nodes.remove):
        act(node, user=by)

    written = AuditEntry.objects.filter(target=str(node.id)).order_by("id").values_list("action", flat=True)
    assert list(written) == ["node.joined", "node.drained", "node.resumed", "node.removed"]


@pytest.mark.parametrize("act", [nodes.drain, nodes.resume, nodes.remove])
def test_acting_upon_nodes_takes_an_editor(project, act):
    viewer = factories.user()
    Membership.objects.create(project=project, user=viewer, role="viewer")
    node = join(project).node

    with pytest.raises(Forbidden):
        act(node, user=viewer)

    assert Node.objects.get().state == "active"


def test_a_node_of_another_project_is_not_there(project):
    node = join(project).node

    with pytest.raises(NotFound):
        nodes.one(factories.project(), node.id)
    with pytest.raises(NotFound):
        nodes.one_of(factories.user(), node.id)
    with pytest.raises(NotFound):
        nodes.one(project, "x")


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_two_queries_whatever_it_shows(project, count, django_assert_num_queries):
    for _ in range(count):
        join(project)
        job(project)
    dispatching.assign()

    with django_assert_num_queries(2):
        shown = [(node.joined_by.username, len(node.current), node.measured) for node in nodes.listed(project)]

    assert shown == [(project.created_by.username, 1, 0)] * count


def test_counts_hold_every_state(project):
    measured(project)

    assert nodes.counts() == {"active": 1, "draining": 0, "removed": 0}
    assert nodes.online() == 1
