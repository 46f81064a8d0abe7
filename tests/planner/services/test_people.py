"""Projects, members, tokens, sign-ins, accounts, the audit log."""

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.test import RequestFactory
from django.utils import timezone

from planner.models import AuditEntry, LoginFailure, Membership, Token
from planner.services import accounts, audit, demo, logins, projects, tokens
from planner.services.errors import Conflict, Forbidden, Invalid, NotFound
from tests import factories

pytestmark = pytest.mark.django_db
READ = ["runs:read"]


@pytest.fixture
def project():
    return factories.project(name="Big Cluster")


def member(project, role: str):
    user = factories.user()
    projects.add_member(project, user.username, role, by=project.created_by)
    return user


def test_who_makes_a_project_owns_it(project):
    assert projects.role(project.created_by, project) == "owner"
    assert (project.slug, list(projects.for_user(project.created_by))) == ("big-cluster", [project])


def test_equal_names_get_slugs_of_their_own(project):
    others = [projects.create(project.created_by, "Big Cluster").slug for _ in range(2)]

    assert others == ["big-cluster-2", "big-cluster-3"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 101])
def test_a_project_needs_a_name(name):
    with pytest.raises(Invalid):
        projects.create(factories.user(), name)


def test_a_name_of_other_letters_gets_a_slug_as_well():
    assert projects.create(factories.user(), "集群").slug == "project"


@pytest.mark.parametrize(("role", "reaches"), [("viewer", 1), ("editor", 2), ("owner", 3)])
def test_each_role_reaches_as_far_as_it_should(project, role, reaches):
    user = member(project, role)
    reached = 0
    for least in ("viewer", "editor", "owner"):
        try:
            reached += projects.require(user, project, least) == role
        except Forbidden:
            break

    assert reached == reaches


def test_an_outsider_does_not_learn_that_a_project_exists(project):
    outsider = factories.user()

    with pytest.raises(NotFound):
        projects.require(outsider, project, "viewer")
    with pytest.raises(NotFound):
        projects.find(outsider, project.slug)


def test_only_owners_change_members(project):
    editor, stranger = member(project, "editor"), factories.user()

    with pytest.raises(Forbidden):
        projects.add_member(project, stranger.username, "viewer", by=editor)
    with pytest.raises(Forbidden):
        projects.set_role(project, editor, "owner", by=editor)


def test_the_last_owner_stays(project):
    owner = project.created_by

    with pytest.raises(Conflict):
        projects.remove(project, owner, by=owner)
    with pytest.raises(Conflict):
        projects.set_role(project, owner, "viewer", by=owner)


def test_with_a_second_owner_the_first_may_leave(project):
    second = member(project, "viewer")
    projects.set_role(project, second, "owner", by=project.created_by)

    projects.remove(project, project.created_by, by=project.created_by)

    assert [membership.user for membership in projects.members(project)] == [second]


@pytest.mark.parametrize(("name", "role"), [("nobody-here", "viewer"), ("known", "king")])
def test_adding_says_what_is_wrong(project, name, role):
    factories.user("known")

    with pytest.raises(Invalid):
        projects.add_member(project, name, role, by=project.created_by)


def test_nobody_is_added_twice(project):
    user = member(project, "viewer")

    with pytest.raises(Conflict):
        projects.add_member(project, user.username, "owner", by=project.created_by)
    assert Membership.objects.get(project=project, user=user).role == "viewer"


@pytest.mark.parametrize("count", [1, 3])
def test_members_take_one_query(project, count, django_assert_num_queries):
    for _ in range(count):
        member(project, "viewer")

    with django_assert_num_queries(1):
        assert len([membership.user.username for membership in projects.members(project)]) == count + 1


def test_a_token_works_and_only_its_hash_is_kept(project):
    token, plain = tokens.issue(project.created_by, project, name="CI", scopes=READ, days=30)

    assert plain.startswith("if_")
    assert tokens.authenticate(plain) == token
    assert plain not in str(Token.objects.values().get())
    assert plain not in str(list(AuditEntry.objects.values()))
    assert (tokens.allows(token, "runs:read"), tokens.allows(token, "runs:write")) == (True, False)


def test_the_last_use_is_written_at_most_once_a_minute(project, django_assert_num_queries):
    _, plain = tokens.issue(project.created_by, project, name="CI", scopes=READ, days=30)
    tokens.authenticate(plain)
    first = Token.objects.get().last_used

    tokens.authenticate(plain)

    assert first is not None
    assert Token.objects.get().last_used == first


def test_dead_tokens_open_nothing(project):
    owner = project.created_by
    made = [tokens.issue(owner, project, name=f"T{number}", scopes=READ, days=1) for number in range(3)]
    tokens.revoke(made[0][0], user=owner)
    Token.objects.filter(id=made[1][0].id).update(expires=timezone.now() - timedelta(seconds=1))
    before = tokens.authenticate(made[2][1])
    owner.is_active = False
    owner.save()

    assert before == made[2][0]
    assert [tokens.authenticate(plain) for _, plain in made] == [None, None, None]
    assert tokens.authenticate("if_nonsense") is None
    assert tokens.authenticate("") is None


def test_tokens_are_seen_and_revoked_by_their_user_and_by_owners(project):
    editor, viewer = member(project, "editor"), member(project, "viewer")
    token, _ = tokens.issue(editor, project, name="CI", scopes=READ, days=1)

    assert tokens.visible(editor, project) == tokens.visible(project.created_by, project) == [token]
    assert tokens.visible(viewer, project) == []
    with pytest.raises(NotFound):
        tokens.revoke(token, user=viewer)
    assert tokens.revoke(token, user=project.created_by).revoked is not None


@pytest.mark.parametrize(
    "wrong", [{"name": " "}, {"scopes": []}, {"scopes": ["root"]}, {"days": 0}, {"days": 367}, {"name": "n" * 101}]
)
def test_a_token_says_what_is_wrong_with_it(project, wrong):
    asked = {"name": "CI", "scopes": READ, "days": 1, **wrong}

    with pytest.raises(Invalid):
        tokens.issue(project.created_by, project, **asked)


def attempt(name: str, password: str, *, address: str = "192.0.2.1", forwarded: str = ""):
    headers = {"X-Forwarded-For": forwarded} if forwarded else None
    request = RequestFactory(headers=headers).post("/sign-in", REMOTE_ADDR=address)
    return authenticate(request, username=name, password=password)


def test_too_many_wrong_passwords_close_the_door_of_that_address_only(settings):
    settings.LOGIN_FAILURES_PER_HOUR = 3
    user = factories.user("anna")
    for _ in range(3):
        assert attempt("anna", "wrong") is None

    assert attempt("anna", factories.PASSWORD) is None
    assert 3500 < logins.wait_s("192.0.2.1") <= 3600
    assert attempt("anna", factories.PASSWORD, address="192.0.2.2") == user
    assert LoginFailure.objects.count() == 3


def test_the_door_opens_again(settings):
    settings.LOGIN_FAILURES_PER_HOUR = 1
    factories.user("anna")
    attempt("anna", "wrong")
    LoginFailure.objects.update(at=timezone.now() - timedelta(hours=1, seconds=1))

    assert attempt("anna", factories.PASSWORD) is not None


@pytest.mark.parametrize(("trusted", "counted"), [(0, "192.0.2.1"), (1, "198.51.100.7"), (2, "203.0.113.9")])
def test_only_our_own_proxies_are_believed(settings, trusted, counted):
    settings.TRUSTED_PROXIES = trusted
    attempt("nobody", "wrong", forwarded="10.0.0.1, 203.0.113.9, 198.51.100.7")

    assert LoginFailure.objects.get().address == counted


def test_sign_ins_are_audited(client):
    factories.user("anna")
    client.login(username="anna", password=factories.PASSWORD)
    attempt("anna", "wrong")
    client.logout()

    actions = list(AuditEntry.objects.order_by("id").values_list("action", "actor_name"))
    assert actions == [
        ("account.signed_in", "anna"),
        ("account.sign_in_failed", "system"),
        ("account.signed_out", "anna"),
    ]


def test_the_audit_log_turns_pages(project):
    for number in range(3):
        audit.record(project.created_by, f"act.{number}", "x", project=project)

    first = audit.page(project, limit=2)
    second = audit.page(project, before=first[-1].id)

    assert [entry.action for entry in first + second] == ["act.2", "act.1", "act.0", "project.created"]


@pytest.mark.parametrize(
    ("name", "password"), [("a b", "long enough for it 1"), ("anna", "short"), ("anna", "password1234")]
)
def test_accounts_need_a_sound_name_and_password(name, password):
    with pytest.raises(Invalid):
        accounts.create(name, password)


def test_nobody_gets_a_name_twice():
    accounts.create("anna", "long enough for it 1")

    with pytest.raises(Invalid):
        accounts.create("anna", "long enough for it 1")


def test_the_demo_is_made_once():
    first = demo.prepare("long enough for it 1")
    made = demo.submit_examples(*first)
    user = first[0]
    user.set_password("changed by its user 1")
    user.save()

    again = demo.prepare("long enough for it 2")

    assert again == first
    assert demo.submit_examples(*again) == []
    assert len(made) >= 3
    assert authenticate(None, username="demo", password="changed by its user 1") == user
