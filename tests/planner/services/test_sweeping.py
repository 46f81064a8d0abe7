from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection
from django.db.models.functions import Now

from planner.models import Heartbeat, IdempotencyKey, LoginFailure, OutboxEntry, Run
from planner.services import logins, outbox, presence, runs, sweeping
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trial_kind")]


def queued(count: int) -> list[Run]:
    project = factories.project()
    made = [factories.run(project, seed=seed) for seed in range(count)]
    outbox.sent(outbox.pending())
    return made


def long_ago() -> None:
    Run.objects.update(rung=Now() - timedelta(minutes=1))


def test_forgotten_runs_are_rung_again_oldest_first_as_many_as_there_are_free_hands():
    waiting = queued(4)
    long_ago()
    presence.beat(presence.WORKER, "host:1", {"slots": 2})

    assert sweeping.sweep().rung == 2
    assert set(OutboxEntry.objects.values_list("run_id", flat=True)) == {waiting[0].id, waiting[1].id}


def test_nobody_is_rung_for_while_all_hands_are_busy_or_none_is_there():
    queued(3)
    long_ago()
    none_there = sweeping.sweep().rung
    presence.beat(presence.WORKER, "host:1", {"slots": 1})
    Run.objects.filter(id=Run.objects.first().id).update(state="running", lease_until=Now() + timedelta(seconds=30))

    assert (none_there, sweeping.sweep().rung) == (0, 0)


def test_a_message_just_sent_is_left_its_time():
    queued(1)
    presence.beat(presence.WORKER, "host:1", {"slots": 2})

    assert sweeping.sweep().rung == 0


@pytest.mark.django_db(transaction=True)
def test_a_second_sweeper_stands_back():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [sweeping.LOCK])
        found: list[sweeping.Sweep] = []

        def other() -> None:
            found.append(sweeping.sweep())
            connection.close()

        thread = Thread(target=other)
        thread.start()
        thread.join()
        cursor.execute("SELECT pg_advisory_unlock(%s)", [sweeping.LOCK])

    assert found == [sweeping.Sweep(held=False)]


def test_a_message_that_the_broker_refused_waits_longer_each_time():
    factories.run(factories.project())
    waits = []
    for _ in range(3):
        entry = OutboxEntry.objects.get()
        outbox.postpone(entry, "ConnectionError: away")
        later = OutboxEntry.objects.get()
        waits.append((later.due - Run.objects.annotate(now=Now()).get().now).total_seconds())

    assert waits == pytest.approx([0.5, 1.0, 2.0], abs=0.3)
    assert outbox.pending() == []
    assert (later.failures, later.last_error) == (3, "ConnectionError: away")
    assert presence.status().broker_error == "ConnectionError: away"


def test_who_is_missing_is_said():
    presence.beat(presence.WORKER, "host:1", {"slots": 2})
    presence.beat(presence.SWEEPER, "host:2")

    before = presence.missing()
    presence.leave(presence.WORKER, "host:1")

    assert before == ("dispatcher",)
    assert presence.missing() == ("worker", "dispatcher")


def test_tidying_deletes_what_has_had_its_time():
    project = factories.project()
    runs.submit(project, factories.trial(), user=project.created_by, idempotency_key="k")
    presence.beat(presence.WORKER, "host:1")
    logins.failed("192.0.2.1")
    sweeping.tidy()
    kept = (IdempotencyKey.objects.count(), Heartbeat.objects.count(), LoginFailure.objects.count())
    old = Now() - timedelta(hours=25)
    IdempotencyKey.objects.update(created=old)
    Heartbeat.objects.update(seen=old)
    LoginFailure.objects.update(at=old)
    sweeping.tidy()

    assert kept == (1, 1, 1)
    assert (IdempotencyKey.objects.count(), Heartbeat.objects.count(), LoginFailure.objects.count()) == (0, 0, 0)
