from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections, transaction
from django.db.models.functions import Now

from planner.models import AuditEntry, Bell, JobState, Node, OutboxEntry, Run, Validation, ValidationState
from planner.services import calibrations, claims, jobs, leases, nodes, projects, validations
from planner.services.claims import Answered
from planner.services.errors import Conflict, Forbidden, Invalid, NotFound
from planner.services.validations import Call
from solvers import kinds
from solvers.errors import Problem, UnknownName
from tests import factories
from tests import nodes as made
from tests.jobs.conftest import wait_until

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trial_kind")]


@pytest.fixture
def solved():
    return factories.solved(factories.project())


@pytest.fixture
def node(solved):
    return made.join(solved.project).node


def begun(run, minutes=2.0, **options):
    return validations.start(run, user=run.created_by, budget_s=60.0 * minutes, **options)


def answer_of(call: Call):
    """What the child that solves answers."""
    spec = kinds.parse(call.spec)
    if call.call == "experiments":
        return kinds.experiments(spec, call.beside["result"], call.beside["capability"], call.beside["budget_s"])
    return kinds.learn(spec, call.beside["measurements"])


def stepped(validation) -> Validation:
    call = validations.step(validation)
    if call is not None:
        validations.answered(validation, call, answer_of(call))
    return validations.one(validation.project, validation.id)


def measure_all(node) -> None:
    for _ in range(20):
        try:
            payload = made.leased(node)
        except AssertionError:
            return
        made.finish(node, payload)


def solve(run: Run) -> None:
    claim = claims.claim(run.id, worker="w")
    spec = kinds.parse(claim.spec)
    claims.finish(claim, Answered(kinds.solve(spec), kinds.result_key(spec)))


def test_a_trial_goes_from_choice_to_a_plan_under_what_was_learned(solved, node):
    validation = begun(solved)
    assert validation.state == ValidationState.QUEUED

    measuring = stepped(validation)
    assert (measuring.state, [job.params["sizes"] for job in measuring.jobs.order_by("created")]) == (
        ValidationState.MEASURING,
        [[1e6], [2e6]],
    )
    measure_all(node)
    solving = stepped(measuring)
    assert solving.state == ValidationState.SOLVING
    assert solving.after.spec["calibration"] == solving.calibration.document
    assert len(solving.calibration.document["measurements"]) == 2
    solve(solving.after)
    done = stepped(solving)

    assert done.state == ValidationState.DONE
    assert done.after.result.document["provenance"]["calibration"].startswith("own-")
    assert done.before["calibration"] == "published"


def test_nothing_moves_while_jobs_are_under_way(solved, node):
    validation = stepped(begun(solved))

    assert stepped(validation).state == ValidationState.MEASURING


def test_a_job_that_ends_asks_for_the_trials_next_step(solved, node):
    stepped(begun(solved))
    payload = made.leased(node)
    OutboxEntry.objects.all().delete()

    made.finish(node, payload)

    assert OutboxEntry.objects.filter(bell=Bell.VALIDATE).count() == 1


def test_only_what_the_same_software_measured_is_learned_from(solved, node):
    made.finish(node, leased_of(solved.project, node))
    validation = stepped(begun(solved))
    for _ in range(2):
        payload = made.leased(node)
        environment = {**made.environment(), "torch": "9.9.9"}
        measured = made.result(payload, environment=environment)
        leases.finish(node, payload["job"], fence=payload["fence"], said=leases.Said("measured", measured))

    call = validations.step(validation)

    assert [one["environment"]["torch"] for one in call.beside["measurements"]] == ["9.9.9", "9.9.9"]


def leased_of(project, node):
    made.job(project)
    return made.leased(node)


@pytest.mark.parametrize("act", ["start", "cancel", "keep"])
def test_who_may_only_look_tries_nothing(solved, node, act):
    viewer = factories.user("vic")
    projects.add_member(solved.project, "vic", "viewer", by=solved.created_by)
    running = begun(solved)
    document = {"name": "cpu", "device": "d", "stack": "s", "base": "published", "measurements": []}
    acts = {
        "start": lambda: validations.start(solved, user=viewer, budget_s=120.0),
        "cancel": lambda: validations.cancel(running, user=viewer),
        "keep": lambda: calibrations.keep(solved.project, document, kind="trial", user=viewer),
    }

    with pytest.raises(Forbidden):
        acts[act]()

    assert validations.one(solved.project, running.id).state == ValidationState.QUEUED


def bells() -> list[str]:
    """What was asked for since the last look."""
    asked = sorted(OutboxEntry.objects.values_list("bell", flat=True))
    OutboxEntry.objects.all().delete()
    return asked


def test_each_step_rings_for_the_next(solved, node):
    OutboxEntry.objects.all().delete()

    validation = begun(solved)
    started = bells()
    validation = stepped(validation)
    queued = bells()
    jobs.cancel(validation.jobs.first(), user=solved.created_by)
    cancelled = bells()
    made.finish(node, made.leased(node))
    bells()
    stepped(validation)

    assert (started, set(queued)) == ([Bell.VALIDATE], {Bell.DISPATCH})
    assert (set(cancelled), bells()) == ({Bell.DISPATCH, Bell.VALIDATE}, [Bell.SOLVE, Bell.VALIDATE])


def test_a_step_that_is_answered_twice_changes_nothing(solved, node):
    validation = begun(solved)
    call = validations.step(validation)

    validations.answered(validation, call, answer_of(call))
    validations.answered(validation, call, answer_of(call))

    assert validation.jobs.count() == 2


def test_jobs_that_are_refused_end_the_trial_with_the_reason(solved, node):
    validation = begun(solved)
    call = validations.step(validation)
    choice = answer_of(call)
    odd = {**choice["experiments"][1], "needs": {"gpus": 0}}

    validations.answered(validation, call, {**choice, "experiments": [choice["experiments"][0], odd]})

    failed = validations.one(validation.project, validation.id)
    assert (failed.state, failed.problems[0]["at"], failed.jobs.count()) == (
        ValidationState.FAILED,
        "/needs/gpus",
        0,
    )


def test_jobs_of_a_trial_go_to_its_node_only(solved, node):
    other = made.join(solved.project, name="other").node

    validation = stepped(begun(solved, node=str(other.id)))

    assert {job.needs["node"] for job in validation.jobs.all()} == {str(other.id)}


@pytest.mark.parametrize(("hardware", "chosen"), [("dgx-h200", "rack"), ("dgx-h100", "box"), (None, "box")])
def test_a_plan_is_tried_on_a_node_of_its_own_device(solved, node, hardware, chosen):
    """`box` was heard of last and has no GPU; `rack` has H200s."""
    rack = made.join(solved.project, name="rack", gpus=[made.H200]).node
    Node.objects.filter(id=rack.id).update(last_seen=Now() - timedelta(seconds=5))
    asked = {"kind": "training", "model": "llama-3.1-8b", "sequence_length": 4096, "global_batch": 64}
    equal = {**asked, "hardware": {"node": hardware, "nodes": 1}}
    spec = kinds.parse(solved.spec if hardware is None else equal)

    ranked = sorted(Node.objects.all(), key=lambda one: (validations._share(one, spec, {}), one.last_seen))

    assert ranked[-1].name == chosen


def test_a_node_that_stays_away_is_not_waited_for_for_ever(solved, node):
    validation = stepped(begun(solved))
    Validation.objects.filter(id=validation.id).update(created=Now() - timedelta(hours=2))

    failed = stepped(validation)

    assert (failed.state, failed.problems[0]["code"]) == (ValidationState.FAILED, "nothing_measured")
    assert {job.state for job in failed.jobs.all()} == {JobState.CANCELLED}


def test_where_no_job_measured_the_reasons_are_told(solved, node):
    validation = stepped(begun(solved))
    for job in validation.jobs.all():
        jobs.cancel(job, user=solved.created_by)

    failed = stepped(validation)

    assert (failed.state, failed.problems[0]["code"]) == (ValidationState.FAILED, "nothing_measured")


def test_a_budget_in_which_nothing_fits_is_told(solved, node):
    failed = stepped(begun(solved, minutes=0.5))

    assert (failed.state, failed.problems[0]["code"]) == (ValidationState.FAILED, "nothing_to_measure")


def test_a_node_that_has_gone_is_told(solved, node):
    validation = begun(solved)
    nodes.remove(node, user=solved.created_by)

    failed = stepped(validation)

    assert (failed.state, failed.problems[0]["code"]) == (ValidationState.FAILED, "no_node")


def test_cancelling_ends_the_jobs_too(solved, node):
    validation = stepped(begun(solved))

    cancelled = validations.cancel(validation, user=solved.created_by)

    assert cancelled.state == ValidationState.CANCELLED
    assert {job.state for job in cancelled.jobs.all()} == {JobState.CANCELLED}


def editor_of(project):
    user = factories.user("edith")
    projects.add_member(project, "edith", "editor", by=project.created_by)
    return user


def demoted(project, user):
    projects.set_role(project, user, "viewer", by=project.created_by)


def expelled(project, user):
    projects.remove(project, user, by=project.created_by)


def deactivated(_project, user):
    type(user).objects.filter(id=user.id).update(is_active=False)


GONE = ("requester_gone", "edith, who asked for this, may no longer change the project.")


@pytest.mark.parametrize("leave", [demoted, expelled, deactivated])
def test_a_trial_whose_requester_may_no_longer_change_the_project_ends_with_its_jobs(solved, node, leave):
    """One job runs, one waits: the node of the first is told to stop."""
    user = editor_of(solved.project)
    measuring = stepped(validations.start(solved, user=user, budget_s=120.0))
    made.leased(node)
    leave(solved.project, user)

    failed = stepped(measuring)

    assert (failed.state, [(one["code"], one["message"]) for one in failed.problems]) == (
        ValidationState.FAILED,
        [GONE],
    )
    assert sorted(failed.jobs.values_list("state", "cancel_requested")) == [("cancelled", True), ("running", True)]
    said = AuditEntry.objects.filter(action="job.cancelled").values_list("actor_name", flat=True)
    assert list(said) == ["system", "system"]


@pytest.mark.parametrize("at", [ValidationState.QUEUED, ValidationState.CALIBRATING])
def test_what_a_solver_answers_after_its_requester_has_left_is_not_used(solved, node, at):
    user = editor_of(solved.project)
    validation = validations.start(solved, user=user, budget_s=120.0)
    if at == ValidationState.CALIBRATING:
        validation = stepped(validation)
        measure_all(node)
    call = validations.step(validation)
    demoted(solved.project, user)

    validations.answered(validation, call, answer_of(call))

    failed = validations.one(solved.project, validation.id)
    assert (failed.state, failed.problems[0]["code"]) == (ValidationState.FAILED, "requester_gone")
    assert (failed.jobs.exclude(state="measured").count(), failed.calibration, failed.after) == (0, None, None)


def test_a_trial_that_only_waits_for_its_second_plan_needs_nobodys_name(solved, node):
    user = editor_of(solved.project)
    validation = stepped(validations.start(solved, user=user, budget_s=120.0))
    measure_all(node)
    solving = stepped(validation)
    solve(solving.after)
    demoted(solved.project, user)

    assert stepped(solving).state == ValidationState.DONE


def test_a_trial_that_fails_leaves_no_job_behind(solved, node):
    validation = stepped(begun(solved))

    validations.fail(validation, (Problem("crashed", "It crashed."),))

    assert {job.state for job in validation.jobs.all()} == {JobState.CANCELLED}


@pytest.mark.parametrize("budget_s", [1.0, 1e6])
def test_a_budget_beyond_reason_is_refused(solved, node, budget_s):
    with pytest.raises(Invalid):
        validations.start(solved, user=solved.created_by, budget_s=budget_s)


def test_without_a_node_it_is_said_how_to_attach_one(solved):
    with pytest.raises(Conflict) as caught:
        begun(solved)

    assert caught.value.problems[0].code == "no_node"


def test_a_plan_is_tried_once_at_a_time(solved, node):
    begun(solved)

    with pytest.raises(Conflict) as caught:
        begun(solved)

    assert caught.value.problems[0].code == "under_way"


def test_only_a_plan_can_be_tried(solved, node):
    run = factories.run(solved.project, seed=9)

    with pytest.raises(Conflict) as caught:
        begun(run)

    assert caught.value.problems[0].code == "no_plan"


def test_a_crash_ends_the_trial_with_a_reason(solved, node):
    validation = begun(solved)

    validations.fail(validation, (Problem("crashed", "It crashed."),))

    assert validations.one(solved.project, validation.id).state == ValidationState.FAILED


def test_the_sweeper_asks_for_a_round_once(solved, node):
    begun(solved)
    OutboxEntry.objects.all().delete()

    validations.ring_waiting()
    validations.ring_waiting()

    assert OutboxEntry.objects.filter(bell=Bell.VALIDATE).count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_worker_at_a_time_is_at_a_trial(solved, node):
    validation = begun(solved)
    seen = []

    def other():
        with validations.held(validation) as ours:
            seen.append(ours)
        connections.close_all()

    with validations.held(validation) as ours:
        thread = Thread(target=other)
        thread.start()
        thread.join()

    assert (ours, seen) == (True, [False])


def test_a_spec_may_name_a_calibration_of_the_project(solved, node):
    document = {"name": "our cpu", "device": "d", "stack": "s", "base": "published", "measurements": []}
    calibrations.keep(solved.project, document, kind="trial", user=solved.created_by)

    named = calibrations.resolve(solved.project, {"kind": "trial", "calibration": "our-cpu"})

    assert named == {"kind": "trial", "calibration": document}


def test_the_latest_calibration_of_a_name_counts_and_the_projects_own_before_a_shared_one(solved, node):
    base = {"name": "cpu", "device": "d", "stack": "s", "base": "published", "measurements": []}
    elsewhere = factories.project()
    shared = calibrations.keep(elsewhere, {**base, "stack": "far"}, kind="trial", user=elsewhere.created_by)
    type(shared).objects.filter(id=shared.id).update(shared=True)
    spec = {"kind": "trial", "calibration": "cpu"}
    assert calibrations.resolve(solved.project, spec)["calibration"]["stack"] == "far"

    for stack in ("first", "second"):
        calibrations.keep(solved.project, {**base, "stack": stack}, kind="trial", user=solved.created_by)

    assert calibrations.resolve(solved.project, spec)["calibration"]["stack"] == "second"


def test_a_fleet_names_calibrations_that_serving_learned_one_of_each_device(solved):
    project, base = solved.project, {"device": "d", "stack": "s", "base": "published", "measurements": []}
    h100, l4 = ({**base, "name": name, "kind": "serving"} for name in ("h100-sxm", "l4"))
    for document in (h100, l4):
        calibrations.keep(project, document, kind="serving", user=solved.created_by)
    calibrations.keep(project, {**base, "name": "trained"}, kind="training", user=solved.created_by)

    def resolved(said):
        return calibrations.resolve(project, {"kind": "fleet", "calibration": said})["calibration"]

    assert resolved("l4") == l4
    assert resolved(["h100-sxm", l4, "published"]) == [h100, l4, "published"]
    for said, at in (("trained", "/calibration"), (["l4", "h10-sxm"], "/calibration/1")):
        with pytest.raises(UnknownName) as caught:
            resolved(said)
        assert (caught.value.problems[0].at, "h100-sxm" in caught.value.problems[0].hint) == (at, True)


def test_an_unknown_calibration_offers_the_nearest(solved):
    with pytest.raises(Exception, match="no calibration called 'publishd'") as caught:
        calibrations.resolve(solved.project, {"kind": "trial", "calibration": "publishd"})

    assert "published" in caught.value.problems[0].hint


def test_its_maker_alone_cannot_share_what_one_node_measured(solved, node):
    document = {"name": "cpu", "device": "d", "stack": "s", "base": "published", "measurements": []}
    kept = calibrations.keep(solved.project, document, kind="trial", user=solved.created_by)

    with pytest.raises(Conflict) as caught:
        calibrations.share(kept, user=solved.created_by)

    assert caught.value.problems[0].code == "not_reviewed"


def test_another_owner_can_share(solved, node):
    reviewer = factories.user("reviewer")
    projects.add_member(solved.project, "reviewer", "owner", by=solved.created_by)
    document = {"name": "cpu", "device": "d", "stack": "s", "base": "published", "measurements": []}
    kept = calibrations.keep(solved.project, document, kind="trial", user=solved.created_by)

    shared = calibrations.share(kept, user=reviewer)

    assert (shared.shared, shared.shared_by) == (True, reviewer)


def test_two_nodes_that_measured_stand_in_for_a_reviewer(solved, node):
    other = made.join(solved.project, name="other").node
    for each in (node, other):
        validation = stepped(begun(solved, minutes=1, node=str(each.id)))
        measure_all(each)
        validation = stepped(validation)
        solve(validation.after)
        validation = stepped(validation)

    shared = calibrations.share(validation.calibration, user=solved.created_by)

    assert shared.shared
    assert calibrations.witnesses(shared) == ["box", "other"]


def test_another_projects_trial_is_not_found(solved, node):
    validation = begun(solved)

    with pytest.raises(NotFound):
        validations.one(factories.project(), validation.id)


def kept(project, *, name="cpu", **fields):
    document = {"name": name, "device": "d", "stack": "s", "base": "published", "measurements": [], **fields}
    return calibrations.keep(project, document, kind="trial", user=project.created_by)


def test_what_a_shared_name_means_is_not_another_projects_to_change(solved):
    reviewer, reviewed = factories.user("reviewer"), []
    for project in (solved.project, factories.project()):
        projects.add_member(project, "reviewer", "owner", by=project.created_by)
        reviewed.append(kept(project, stack=project.slug))
    first, second = reviewed
    calibrations.share(first, user=reviewer)

    with pytest.raises(Conflict) as caught:
        calibrations.share(second, user=reviewer)

    assert caught.value.problems[0].code == "name_taken"
    spec = {"kind": "trial", "calibration": "cpu"}
    assert calibrations.resolve(factories.project(), spec)["calibration"]["stack"] == solved.project.slug


@pytest.mark.django_db(transaction=True)
def test_of_two_projects_that_share_one_name_at_once_one_is_refused(solved):
    """The second looks while the first has shared and not yet committed."""
    factories.user("reviewer")
    both = [solved.project, factories.project()]
    for project in both:
        projects.add_member(project, "reviewer", "owner", by=project.created_by)
    reviewer = User.objects.get(username="reviewer")
    first, second = (kept(project, stack=project.slug) for project in both)
    came, waits = [], Barrier(2, timeout=60)

    def other():
        waits.wait()
        try:
            came.append(calibrations.share(second, user=reviewer).shared)
        except Conflict as error:
            came.append(error.problems[0].code)
        connections.close_all()

    thread = Thread(target=other)
    thread.start()
    with transaction.atomic():
        calibrations.share(first, user=reviewer)
        waits.wait()
        wait_until(lambda: came or somebody_waits_for_a_lock())
    thread.join()

    assert came == ["name_taken"]


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool(cursor.fetchone()[0])


def test_a_node_whose_rows_were_all_set_aside_vouches_for_nothing(solved):
    seen = [made.measured(solved.project).digest]
    other = made.join(solved.project, name="other").node
    asked = made.job(solved.project, "memory_copy", {"sizes": ["2 MB", "4 MB"], "repeats": 3}, node=str(other.id))
    made.finish(other, made.leased(other))
    asked.refresh_from_db()
    seen.append(asked.measurement.digest)

    def witnesses(*rows: int) -> list[str]:
        aside = [{"measurement": seen[1], "recipe": "memory_copy", "row": row, "reason": "odd"} for row in rows]
        return calibrations.witnesses(kept(solved.project, measurements=seen, aside=aside))

    assert [witnesses(), witnesses(1), witnesses(0, 1), witnesses(-1)] == [["box", "other"]] * 2 + [["box"]] * 2


def test_a_node_that_is_there_is_taken_before_a_better_one_that_is_away(solved, node):
    away = made.join(solved.project, name="gpus", gpus=[made.H200]).node
    type(away).objects.filter(id=away.id).update(last_seen=Now() - timedelta(days=3))

    validation = begun(solved)
    validations.step(validation)

    assert validation.choice["node_name"] == "box"
