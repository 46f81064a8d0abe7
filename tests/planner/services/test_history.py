import pytest
from django.db import connection

from planner.models import Project, Run
from planner.services import claims, history, projects
from planner.services.claims import Answered
from planner.services.comparison import _best
from planner.services.errors import Invalid, NotFound
from solvers import kinds
from tests import factories
from tests.answers import answer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trial_kind")]


@pytest.fixture
def project() -> Project:
    return factories.project()


def solved(run: Run) -> Run:
    claim = claims.claim(run.id, worker="host:1")
    spec = kinds.parse(claim.spec)
    claims.finish(claim, Answered(answer(spec), kinds.result_key(spec)))
    return run


@pytest.mark.parametrize("count", [1, 3])
def test_a_page_takes_two_queries_whatever_it_shows(project, count, django_assert_num_queries):
    for seed in range(count):
        solved(factories.run(project, seed=seed, name=f"Run {seed}"))

    with django_assert_num_queries(2):
        page = history.page(project)
        shown = [(run.name, run.created_by.username, run.summary["label"]) for run in page.rows]

    owner = project.created_by.username
    assert shown == [(f"Run {seed}", owner, f"trial {seed}") for seed in reversed(range(count))]


@pytest.mark.parametrize("sort", ["-created", "created", "name", "-name"])
def test_pages_together_hold_each_run_once_and_in_order(project, sort):
    for seed in range(7):
        factories.run(project, seed=seed, name=f"Run {seed % 3}")
    whole = [run.id for run in history.page(project, sort=sort).rows]

    seen, cursor, pages = [], "", 0
    while pages == 0 or cursor:
        page = history.page(project, sort=sort, cursor=cursor, limit=3)
        seen += [run.id for run in page.rows]
        cursor, pages = page.next_cursor, pages + 1

    assert (seen, pages, page.total_label) == (whole, 3, "7")


def test_a_run_that_comes_in_while_one_turns_the_page_shifts_nothing(project):
    old = [factories.run(project, seed=seed) for seed in range(4)]
    first = history.page(project, limit=2)
    factories.run(project, seed=9)

    second = history.page(project, limit=2, cursor=first.next_cursor)

    assert [run.id for run in second.rows] == [old[1].id, old[0].id]


@pytest.mark.parametrize(
    "asked", [{"cursor": "nonsense"}, {"cursor": "WzFd"}, {"sort": "secret"}, {"limit": 0}, {"limit": 201}]
)
def test_nonsense_is_refused(project, asked):
    with pytest.raises(Invalid):
        history.page(project, **asked)


def test_a_cursor_of_another_order_is_refused(project):
    for seed in range(3):
        factories.run(project, seed=seed)
    cursor = history.page(project, limit=1).next_cursor

    with pytest.raises(Invalid):
        history.page(project, sort="name", cursor=cursor)


def test_filters_find_what_they_name(project):
    editor = factories.user("editor")
    projects.add_member(project, "editor", "editor", by=project.created_by)
    plain = factories.run(project, name="Llama on H100")
    tagged = factories.run(project, name="Qwen on B200", tags=["cheap"], owner=editor)
    done = solved(factories.run(project, name="GPT on A100", seed=4))

    def found(**asked: str) -> list[Run]:
        return history.page(project, sort="created", **asked).rows

    assert found(search="llama") == [plain]
    assert found(search="cheap") == [tagged]
    assert found(search=plain.id.hex[:8]) == [plain]
    assert found(search="%") == []
    assert found(search="\x00") == found()
    assert found(tag="cheap") == [tagged]
    assert found(owner="editor") == [tagged]
    assert found(state="solved") == [done]
    assert found(kind="training") == []


def test_facets_name_what_there_is(project):
    factories.run(project, tags=["b", "a"])
    solved(factories.run(project, tags=["a"]))

    facets = history.facets(project)

    assert facets == history.Facets(
        kinds=["trial"], states=["queued", "solved"], tags=["a", "b"], owners=[project.created_by.username]
    )


def test_another_projects_run_is_not_found(project):
    run = factories.run(project)
    other = factories.project()

    for look in (lambda: history.run(other, run.id), lambda: history.run_of(other.created_by, run.id)):
        with pytest.raises(NotFound):
            look()
    assert history.run_of(project.created_by, str(run.id)) == run


@pytest.mark.parametrize("number", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_an_unknown_run_is_not_found(project, number):
    with pytest.raises(NotFound):
        history.run(project, number)


def test_a_comparison_marks_what_differs(project):
    pair = [solved(factories.run(project, seed=seed, name=f"Run {seed}", extra="same")) for seed in (1, 2)]

    compared = history.compare([history.run(project, run.id) for run in pair])

    rows = {row.label: (row.group, row.values, row.differs) for row in compared.rows}
    assert rows["extra"] == ("Question", ("same", "same"), False)
    assert rows["label"] == ("Plan", ("trial 1", "trial 2"), True)
    assert rows["candidates"] == ("Search", (3, 3), False)
    assert "name" not in rows
    assert compared.runs == pair


def test_the_best_of_a_line_is_that_with_less_time_or_more_tokens():
    assert _best("step_time_s", [2.0, 1.0, None]) == 1
    assert _best("tokens_per_s", [2.0, 1.0]) == 0
    assert _best("step_time_s", [1.0, 1.0]) is None
    assert _best("state", ["solved", "failed"]) is None


def test_one_run_is_not_a_comparison(project):
    with pytest.raises(Invalid):
        history.compare([factories.run(project)])


def test_the_first_page_is_read_from_an_index(project):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT * FROM planner_run WHERE project_id = 1 ORDER BY created DESC, id DESC LIMIT 50")
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "Index Scan using run_newest" in plan
