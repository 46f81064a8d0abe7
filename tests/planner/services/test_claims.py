from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.models.functions import Now

from planner.models import OutboxEntry, Result, Run, State
from planner.services import claims, runs, sweeping
from planner.services.claims import Answered, Cancelled, Claim, Crashed, Failed, Lost, Renewal
from solvers import kinds
from solvers.errors import Problem
from tests import factories
from tests.factories import trial

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trial_kind")]
WORKER = "host:1"


@pytest.fixture
def run() -> Run:
    return factories.run(factories.project(), seed=1)


def taken(run: Run) -> Claim:
    claim = claims.claim(run.id, worker=WORKER)
    assert claim is not None
    return claim


def answer(**fields) -> Answered:
    spec = kinds.parse(trial(**fields))
    return Answered(kinds.solve(spec), kinds.result_key(spec))


def fresh(run: Run) -> Run:
    return Run.objects.get(id=run.id)


def let_expire(run: Run) -> None:
    Run.objects.filter(id=run.id).update(lease_until=Now() - timedelta(seconds=1))


def test_only_one_worker_gets_a_run(run):
    first = claims.claim(run.id, worker="host:1")
    second = claims.claim(run.id, worker="host:2")

    assert first == Claim(run_id=run.id, fence=1, attempt=1, worker="host:1", spec=trial(seed=1))
    assert second is None
    assert (fresh(run).state, fresh(run).worker) == ("running", "host:1")


def test_an_unknown_run_cannot_be_claimed():
    assert claims.claim(uuid4(), worker=WORKER) is None


def test_renewing_prolongs_the_lease_and_shows_progress(run):
    claim = taken(run)
    before = fresh(run).lease_until

    renewal = claims.renew(claim, progress={"stage": "search"})

    assert renewal == Renewal(held=True, cancel=False)
    assert fresh(run).progress == {"stage": "search"}
    assert fresh(run).lease_until > before


def test_an_answer_is_stored_once(run):
    claim = taken(run)

    first = claims.finish(claim, answer(seed=1))
    second = claims.finish(claim, answer(seed=1))

    assert (first, second) == (True, False)
    assert fresh(run).state == "solved"
    assert Result.objects.filter(run=run).count() == 1


@pytest.mark.parametrize(
    ("outcome", "state", "codes", "trace"),
    [
        (Failed((Problem("time_limit", "Too long."),)), "failed", ["time_limit"], ""),
        (Crashed("Traceback"), "crashed", ["crashed"], "Traceback"),
        (Cancelled(), "cancelled", [], ""),
    ],
)
def test_other_outcomes_end_the_run_with_their_problems(run, outcome, state, codes, trace):
    claims.finish(taken(run), outcome)

    ended = fresh(run)
    assert (ended.state, [problem["code"] for problem in ended.problems], ended.trace) == (state, codes, trace)
    assert ended.finished is not None
    assert not Result.objects.exists()


def test_a_lost_process_means_another_try_until_the_third(run):
    states = []
    for _ in range(3):
        claims.finish(taken(run), Lost("signal SIGSEGV"))
        states.append(fresh(run).state)

    assert states == ["queued", "queued", "crashed"]
    assert [problem["code"] for problem in fresh(run).problems] == ["worker_lost"]
    assert fresh(run).trace == "signal SIGSEGV"


def test_nothing_of_a_stale_claim_is_written(run):
    stale = taken(run)
    let_expire(run)
    sweeping.sweep()
    current = claims.claim(run.id, worker="host:2")

    assert claims.renew(stale, progress={"stage": "stale"}) == Renewal(held=False, cancel=False)
    assert claims.look(stale) == Renewal(held=False, cancel=False)
    assert claims.finish(stale, answer(seed=1)) is False
    assert claims.release(stale) is False
    assert claims.finish(current, answer(seed=1)) is True
    assert (fresh(run).fence, fresh(run).attempts, fresh(run).worker) == (2, 2, "host:2")


def test_a_released_run_waits_again_and_has_lost_no_attempt(run):
    claim = taken(run)
    OutboxEntry.objects.all().delete()

    assert claims.release(claim) is True

    assert (fresh(run).state, fresh(run).attempts, fresh(run).lease_until) == ("queued", 0, None)
    assert OutboxEntry.objects.filter(run=run).count() == 1


def test_an_answer_after_a_cancel_is_dropped(run):
    claim = taken(run)
    runs.cancel(run, user=run.created_by)

    claims.finish(claim, answer(seed=1))

    assert fresh(run).state == "cancelled"
    assert not Result.objects.exists()


def test_cancel_is_heard_when_renewing_and_when_looking(run):
    claim = taken(run)
    runs.cancel(run, user=run.created_by)

    assert claims.renew(claim) == claims.look(claim) == Renewal(held=True, cancel=True)


def test_the_digest_leaves_out_seconds_and_nothing_else():
    document = kinds.solve(kinds.parse(trial()))
    timed = {**document, "search": {**document["search"], "seconds": 1.5}}
    other = {**document, "search": {**document["search"], "candidates": 4}}

    digests = [claims.result_digest(each) for each in (document, timed, other)]

    assert digests[0] == digests[1]
    assert digests[0] != digests[2]


def test_a_document_comes_back_as_it_was_stored(run):
    outcome = answer(seed=1)
    document = {**outcome.document, "plan": {"z": 1e20, "a": 1.0, "label": "ü"}}

    claims.finish(taken(run), Answered(document, outcome.key))

    stored = Result.objects.get(run=run).document
    assert list(stored) == list(document)
    assert str(stored["plan"]) == "{'z': 1e+20, 'a': 1.0, 'label': 'ü'}"


def test_sweep_takes_back_expired_leases_and_those_that_were_never_set():
    project = factories.project()
    late, never, held = (factories.run(project, seed=seed) for seed in range(3))
    for run in (late, never, held):
        taken(run)
    let_expire(late)
    Run.objects.filter(id=never.id).update(lease_until=None)
    OutboxEntry.objects.all().delete()

    swept = sweeping.sweep()

    assert (swept.held, swept.requeued, swept.crashed, swept.cancelled) == (True, 2, 0, 0)
    assert [fresh(run).state for run in (late, never, held)] == ["queued", "queued", "running"]
    assert set(OutboxEntry.objects.values_list("run_id", flat=True)) == {late.id, never.id}


def test_sweep_crashes_what_was_lost_three_times(run):
    taken(run)
    Run.objects.filter(id=run.id).update(attempts=3)
    let_expire(run)

    assert sweeping.sweep().crashed == 1
    assert (fresh(run).state, fresh(run).problems[0]["code"]) == ("crashed", "worker_lost")


def test_sweep_ends_a_cancelled_run_whose_worker_is_gone(run):
    taken(run)
    runs.cancel(run, user=run.created_by)
    let_expire(run)

    assert sweeping.sweep().cancelled == 1
    assert fresh(run).state == State.CANCELLED
