import pytest
from django.db import transaction

from planner.models import AuditEntry, OutboxEntry, Project, Run
from planner.services import claims, projects, runs
from planner.services.claims import Answered
from planner.services.errors import Forbidden, IdempotencyConflict, Invalid, NotFound
from solvers import kinds
from solvers.documents import MAX_BYTES, MAX_TEXT
from solvers.errors import Problem, SpecError, TooLarge
from tests import factories
from tests.answers import answer
from tests.factories import trial
from tests.solvers.scaling.made import document, thousands

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trial_kind")]


@pytest.fixture
def project() -> Project:
    return factories.project()


def solved(run: Run) -> Run:
    claim = claims.claim(run.id, worker="host:1")
    spec = kinds.parse(claim.spec)
    claims.finish(claim, Answered(answer(spec), kinds.result_key(spec)))
    run.refresh_from_db()
    return run


def test_a_run_and_its_message_are_written_together(project):
    document = trial(name="First", tags=["a", "b"], seed=2)

    made = runs.submit(project, document, user=project.created_by, source="cli", text="kind: trial")

    run = Run.objects.get()
    assert made == runs.Submission(run, cached=False)
    assert (run.state, run.name, run.tags) == ("queued", "First", ["a", "b"])
    assert (run.source, run.spec_text) == ("cli", "kind: trial")
    assert run.spec == document
    assert [entry.run_id for entry in OutboxEntry.objects.all()] == [run.id]
    assert AuditEntry.objects.filter(action="run.submitted", target=str(run.id)).count() == 1


def test_neither_is_written_when_the_transaction_is_undone(project):
    with transaction.atomic():
        runs.submit(project, trial(), user=project.created_by)
        transaction.set_rollback(True)

    assert (Run.objects.count(), OutboxEntry.objects.count()) == (0, 0)


def test_a_bad_spec_writes_nothing_and_says_where(project):
    with pytest.raises(SpecError) as refused:
        runs.submit(project, trial(secondz=3), user=project.created_by, idempotency_key="k")

    assert refused.value.problems == (
        Problem(
            "unknown_field",
            "There is no field called 'secondz' here.",
            "/secondz",
            "Did you mean seconds?",
        ),
    )
    assert Run.objects.count() == 0


def test_a_huge_document_is_refused(project):
    with pytest.raises(TooLarge) as refused:
        runs.submit(project, trial(extra="x" * MAX_BYTES), user=project.created_by)

    [problem] = refused.value.problems
    assert problem.hint == (
        "A spec has 4 MiB at most: of runs, traces and tables keep the columns and rows that matter."
    )


def test_a_spec_carries_as_many_runs_as_its_kind_takes(project):
    spec = {**document(), "runs": {"csv": thousands(), "counts": "total", "loss_unit": "nats/token"}}

    found = runs.submit(project, spec, user=project.created_by)

    assert 3_500_000 < len(spec["runs"]["csv"]) < MAX_TEXT
    assert found.run.spec["runs"] == spec["runs"]


def test_the_same_spec_is_answered_from_history_unless_a_fresh_solve_is_asked_for(project):
    first = solved(runs.submit(project, trial(seed=1), user=project.created_by).run)

    again = runs.submit(project, trial(seed=1, name="Another name"), user=project.created_by)
    fresh = runs.submit(project, trial(seed=1), user=project.created_by, fresh=True)
    other = runs.submit(project, trial(seed=2), user=project.created_by)

    assert again == runs.Submission(first, cached=True)
    assert [fresh.cached, other.cached] == [False, False]
    assert Run.objects.count() == 3


def test_two_solves_of_one_spec_have_one_digest(project):
    both = [solved(runs.submit(project, trial(), user=project.created_by, fresh=True).run) for _ in range(2)]

    assert both[0].result.digest == both[1].result.digest


def test_a_result_that_a_clock_cut_short_answers_nobody_else(project):
    document = trial(act="cut_short")
    first = solved(runs.submit(project, document, user=project.created_by).run)

    again = runs.submit(project, document, user=project.created_by)

    assert (first.state, first.result.reusable) == ("solved", False)
    assert not again.cached


def test_another_project_has_its_own_history(project):
    solved(runs.submit(project, trial(), user=project.created_by).run)
    other = factories.project()

    assert not runs.submit(other, trial(), user=other.created_by).cached


def test_a_repeated_key_gets_the_same_run_and_another_body_is_refused(project):
    first = runs.submit(project, trial(seed=1), user=project.created_by, idempotency_key="k-1")
    again = runs.submit(project, trial(seed=1), user=project.created_by, idempotency_key="k-1")
    with pytest.raises(IdempotencyConflict):
        runs.submit(project, trial(seed=2), user=project.created_by, idempotency_key="k-1")
    other_key = runs.submit(project, trial(seed=1), user=project.created_by, idempotency_key="k-2")

    assert again == first
    assert other_key.run != first.run
    assert Run.objects.count() == 2


def test_keys_of_two_people_are_two_keys(project):
    editor = factories.user()
    projects.add_member(project, editor.username, "editor", by=project.created_by)

    mine = runs.submit(project, trial(seed=1), user=project.created_by, idempotency_key="k")
    theirs = runs.submit(project, trial(seed=2), user=editor, idempotency_key="k")

    assert mine.run != theirs.run


def test_viewers_may_not_submit_and_outsiders_see_nothing(project):
    viewer, outsider = factories.user(), factories.user()
    projects.add_member(project, viewer.username, "viewer", by=project.created_by)

    with pytest.raises(Forbidden):
        runs.submit(project, trial(), user=viewer)
    with pytest.raises(NotFound):
        runs.submit(project, trial(), user=outsider)
    with pytest.raises(Forbidden):
        runs.cancel(factories.run(project), user=viewer)


def test_a_queued_run_is_cancelled_at_once_with_no_worker_up(project):
    run = runs.cancel(factories.run(project), user=project.created_by)

    assert (run.state, run.cancel_requested) == ("cancelled", True)
    assert run.finished is not None
    assert claims.claim(run.id, worker="host:1") is None


def test_cancelling_a_finished_run_changes_nothing(project):
    run = solved(factories.run(project))

    assert runs.cancel(run, user=project.created_by).state == "solved"


def test_names_and_tags_change_and_the_question_does_not(project):
    run = factories.run(project, name="Old")
    key = run.result_key

    runs.annotate(run, user=project.created_by, name=" New ", tags=["x", "x", " y "])

    stored = Run.objects.get(id=run.id)
    assert (stored.name, stored.tags, stored.result_key) == ("New", ["x", "y"], key)


@pytest.mark.parametrize("tags", [["t" * 41], [f"t{number}" for number in range(21)], ["a\x00b"]])
def test_tags_have_bounds(project, tags):
    with pytest.raises(Invalid):
        runs.annotate(factories.run(project), user=project.created_by, tags=tags)
