from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now

from planner.models import AuditEntry, Bell, Credential, JoinToken, Membership, Node, OutboxEntry, Project
from planner.services import jobs, joining, nodes, secret_words
from planner.services.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from tests import factories
from tests.nodes import capability, join

pytestmark = pytest.mark.django_db
RACERS = 20


@pytest.fixture
def project() -> Project:
    return factories.project()


def invited(project: Project) -> str:
    return joining.token(project, user=project.created_by)[1]


def attach(plain: str, name: str = "box") -> joining.Joined:
    return joining.join(plain, name=name, executor="local", agent_version="1", capability=capability())


@pytest.mark.django_db(transaction=True)
def test_of_twenty_machines_with_one_token_exactly_one_joins(project):
    plain, outcomes, start = invited(project), [], Barrier(RACERS)

    def race(number: int) -> None:
        start.wait()
        try:
            outcomes.append(attach(plain, f"box-{number}").node.name)
        except Unauthenticated as error:
            outcomes.append(error.problems[0].code)
        finally:
            connection.close()

    threads = [Thread(target=race, args=(number,)) for number in range(RACERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    names = list(Node.objects.values_list("name", flat=True))
    assert sorted(outcomes) == sorted([*names, *["join_token"] * (RACERS - 1)])
    assert (len(names), Credential.objects.count()) == (1, 1)


def test_a_token_that_has_expired_attaches_nothing(project):
    plain = invited(project)
    JoinToken.objects.update(expires=Now())

    with pytest.raises(Unauthenticated):
        attach(plain)

    assert Node.objects.count() == 0


def test_a_token_lives_fifteen_minutes(project):
    token, plain = joining.token(project, user=project.created_by)

    assert token.expires - token.created == timedelta(minutes=15)
    assert joining.command("https://plans.example.org", plain) == (
        f"isoflop node join https://plans.example.org --token {plain}"
    )


def test_neither_tokens_nor_credentials_are_kept_in_plain_text(project):
    plain = invited(project)
    joined = attach(plain)

    rows = [*JoinToken.objects.values(), *Credential.objects.values(), *AuditEntry.objects.values()]
    stored = "\n".join(str(row) for row in rows)
    assert [secret in stored for secret in (plain, joined.credential)] == [False, False]
    assert [secret_words.digest(secret) in stored for secret in (plain, joined.credential)] == [True, True]


@pytest.mark.parametrize("way", ["inactive", "viewer", "left"])
def test_a_token_is_worth_no_more_than_who_made_it(project, way):
    plain, host = invited(project), project.created_by
    if way == "inactive":
        User.objects.filter(pk=host.pk).update(is_active=False)
    elif way == "viewer":
        Membership.objects.filter(user=host).update(role="viewer")
    else:
        Membership.objects.filter(user=host).delete()

    with pytest.raises(Unauthenticated):
        attach(plain)

    assert Node.objects.count() == 0


def test_a_viewer_and_a_stranger_make_no_tokens(project):
    viewer, stranger = factories.user(), factories.user()
    Membership.objects.create(project=project, user=viewer, role="viewer")

    with pytest.raises(Forbidden):
        joining.token(project, user=viewer)
    with pytest.raises(NotFound):
        joining.token(project, user=stranger)

    assert JoinToken.objects.count() == 0


def test_two_machines_of_one_name_get_two_names_and_a_removed_one_frees_its_own(project):
    names = [join(project, name="box").node.name for _ in range(3)]
    nodes.remove(Node.objects.get(name="box"), user=project.created_by)

    again = join(project, name="box").node.name

    assert (names, again) == (["box", "box-2", "box-3"], "box")


def test_a_project_has_a_bounded_number_of_nodes(project, monkeypatch):
    monkeypatch.setattr(joining, "MOST_NODES", 2)
    join(project)
    join(project)

    with pytest.raises(Conflict):
        join(project)

    assert Node.objects.count() == 2


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 61])
def test_a_wrong_name_does_not_use_up_the_token(project, name):
    plain = invited(project)

    with pytest.raises(Invalid):
        attach(plain, name)

    assert attach(plain).node.name == "box"


def test_joining_is_written_down(project):
    node = join(project).node

    written = AuditEntry.objects.filter(project=project).order_by("id").values_list("action", "target")
    assert list(written)[-2:] == [("node.invited", str(JoinToken.objects.get().id)), ("node.joined", str(node.id))]


def test_a_slurm_cluster_takes_several_jobs_at_once(project):
    assert [join(project, executor=each).node.slots for each in ("local", "slurm")] == [1, 8]


def test_old_tokens_are_forgotten(project):
    old, new = joining.token(project, user=project.created_by)[0], joining.token(project, user=project.created_by)[0]
    JoinToken.objects.filter(pk=old.pk).update(expires=Now() - timedelta(hours=1))

    assert joining.forget_old() == 1
    assert JoinToken.objects.get().pk == new.pk


def test_a_node_joins_also_where_its_first_job_finds_no_room(project, monkeypatch):
    monkeypatch.setattr(jobs, "MOST_QUEUED", 0)

    assert joining.welcome(join(project).node) is None
    assert joining.welcome(join(project, name="bare", recipes={}).node) is None


def test_who_joins_asks_for_what_waits_in_the_queue(project):
    plain = invited(project)
    OutboxEntry.objects.all().delete()

    attach(plain)

    assert list(OutboxEntry.objects.values_list("bell", flat=True)) == [Bell.DISPATCH]
