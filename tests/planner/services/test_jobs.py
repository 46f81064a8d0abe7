import pytest

from planner.models import AuditEntry, Job, Membership, Project
from planner.services import jobs, measurements, nodes
from planner.services.errors import Conflict, Forbidden, Invalid, NotFound
from solvers.errors import SpecError
from tests import factories
from tests.nodes import H200, job, join, leased, measured

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return factories.project()


def problems_of(error) -> list[tuple[str, str]]:
    return [(problem.code, problem.at) for problem in error.value.problems]


def submit(project: Project, recipe: str = "memory_copy", params=None, needs=None) -> Job:
    return jobs.submit(project, user=project.created_by, recipe=recipe, params=params or {}, needs=needs)


def test_a_job_keeps_its_parameters_in_full_and_in_si_units(project):
    made = submit(project, params={"sizes": ["1 MB"]})

    assert made.params == {"device": "cpu", "warmup": 2, "repeats": 9, "threads": 0, "sizes": [1e6]}
    assert made.needs == {"device": "cpu", "gpu": "", "gpus": 1, "node": "", "memory_bytes": 2e6}
    assert (made.version, made.state, made.attempts, made.fence) == (1, "queued", 0, 0)
    assert made.cost_s > 0
    assert AuditEntry.objects.latest("id").details == {"recipe": "memory_copy"}


@pytest.mark.parametrize(
    ("recipe", "params", "needs", "found"),
    [
        ("memory_cpy", {}, {}, [("unknown_name", "/recipe")]),
        ("memory_copy", {"size": [1]}, {}, [("unknown_field", "/params/size")]),
        ("memory_copy", {"repeats": 10**6}, {}, [("less_than_equal", "/params/repeats")]),
        ("memory_copy", {"sizes": ["1 PB"]}, {}, [("too_much_memory", "/params")]),
        ("memory_copy", {}, {"gpus": 0}, [("greater_than_equal", "/needs/gpus")]),
        ("memory_copy", {}, {"shell": "x"}, [("unknown_field", "/needs/shell")]),
    ],
)
def test_what_is_wrong_is_said_at_its_field(project, recipe, params, needs, found):
    with pytest.raises(SpecError) as error:
        submit(project, recipe, params, needs)

    assert problems_of(error) == found
    assert Job.objects.count() == 0


def test_the_device_of_the_parameters_is_the_device_of_the_needs(project):
    with pytest.raises(Invalid) as error:
        submit(project, params={"device": "cpu"}, needs={"device": "cuda"})

    assert problems_of(error) == [("device", "/needs/device")]
    assert submit(project, params={"device": "cuda"}).needs["device"] == "cuda"


def test_a_job_can_only_ask_for_a_living_node_of_its_project(project):
    gone, elsewhere = join(project).node, join(factories.project()).node
    nodes.remove(gone, user=project.created_by)

    for node in (gone, elsewhere):
        with pytest.raises(NotFound):
            submit(project, needs={"node": str(node.id)})
    with pytest.raises(Invalid):
        submit(project, needs={"node": "box"})


def test_the_queue_of_a_project_is_bounded(project, monkeypatch):
    monkeypatch.setattr(jobs, "MOST_QUEUED", 1)
    submit(project)

    with pytest.raises(Conflict):
        submit(project)

    assert submit(factories.project()).state == "queued"


def test_a_viewer_asks_for_nothing_and_cancels_nothing(project):
    viewer = factories.user()
    Membership.objects.create(project=project, user=viewer, role="viewer")
    made = submit(project)

    with pytest.raises(Forbidden):
        jobs.submit(project, user=viewer, recipe="memory_copy", params={})
    with pytest.raises(Forbidden):
        jobs.cancel(made, user=viewer)

    assert list(Job.objects.values_list("state", flat=True)) == ["queued"]


def test_pages_follow_one_another_without_gaps(project):
    made = [submit(project).id for _ in range(5)]

    first = jobs.page(project, limit=2)
    second = jobs.page(project, limit=2, cursor=first.next_cursor)
    third = jobs.page(project, limit=2, cursor=second.next_cursor)

    assert [row.id for page in (first, second, third) for row in page.rows] == made[::-1]
    assert third.next_cursor == ""


def test_jobs_are_found_by_what_they_are(project):
    done = measured(project)
    waiting = job(project, "gemm", {"shapes": [{"m": 8, "n": 8, "k": 8}]})

    found = [
        [row.id for row in jobs.page(project, **query).rows]
        for query in ({"state": "measured"}, {"recipe": "gemm"}, {"node": str(done.node_id)}, {"run": str(waiting.id)})
    ]

    assert found == [[done.job_id], [waiting.id], [done.job_id], []]


@pytest.mark.parametrize("query", [{"node": "x"}, {"run": "x"}, {"cursor": "x"}, {"limit": 0}])
def test_a_filter_that_means_nothing_is_refused(project, query):
    with pytest.raises(Invalid) as error:
        jobs.page(project, **query)

    assert [error.value.problems[0].code] == list(query)


@pytest.mark.parametrize("count", [1, 3])
def test_a_page_of_jobs_takes_two_queries_whatever_it_shows(project, count, django_assert_num_queries):
    for _ in range(count):
        measured(project)

    with django_assert_num_queries(2):
        rows = jobs.page(project).rows
        shown = [(row.node.name, row.measurement.digest, [turn.node.name for turn in row.leases.all()]) for row in rows]

    assert len(shown) == count


@pytest.mark.parametrize("count", [1, 3])
def test_a_page_of_measurements_takes_one_query_whatever_it_shows(project, count, django_assert_num_queries):
    for _ in range(count):
        measured(project)

    with django_assert_num_queries(1):
        shown = [(row.node.name, row.project.slug, row.params) for row in measurements.page(project).rows]

    assert len(shown) == count


def test_measurements_are_found_by_recipe_and_node(project):
    first, second = measured(project), measured(project)

    found = [
        [row.id for row in measurements.page(project, **query).rows]
        for query in ({}, {"recipe": "gemm"}, {"node": str(first.node_id)}, {"recipe": "memory_copy", "limit": 1})
    ]

    assert found == [[second.id, first.id], [], [first.id], [second.id]]


def test_a_job_for_gpus_takes_one_for_each_process(project):
    node = join(project, gpus=[H200] * 2, cuda="12.8").node
    asked = job(project, "collectives", {"device": "cuda", "processes": 2})

    payload = leased(node)

    assert (asked.needs["gpus"], payload["processes"]) == (2, 2)


def test_fewer_gpus_than_the_recipe_takes_are_refused(project):
    with pytest.raises(Invalid) as error:
        submit(project, "collectives", {"device": "cuda", "processes": 4}, {"gpus": 2})

    assert problems_of(error) == [("gpus", "/needs/gpus")]
