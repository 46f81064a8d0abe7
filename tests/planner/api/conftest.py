"""A team with its tokens, another project beside it, and a way to call the API as any of them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from planner.api.auth import buckets
from planner.models import Project, Role, Run
from planner.services import claims, projects, runs, tokens
from solvers import kinds
from solvers.documents import Document, read
from tests.answers import answer
from tests.bad_specs import GOOD

ALL_SCOPES = [scope for scope in tokens.SCOPES if scope != "admin"]
Call = Callable[..., HttpResponse]


@dataclass(frozen=True)
class Team:
    """A project with a member of each role, a token of each, and a stranger with a project of his own."""

    project: Project
    owner: User
    editor: User
    viewer: User
    stranger: User
    other: Project
    secrets: dict[str, str]


@pytest.fixture(autouse=True)
def _full_buckets() -> None:
    buckets.cache_clear()


@pytest.fixture
def team(db: None) -> Team:
    people = {name: User.objects.create_user(name) for name in (*Role.values, "stranger")}
    project = projects.create(people["owner"], "Lab")
    projects.add_member(project, "editor", Role.EDITOR, by=people["owner"])
    projects.add_member(project, "viewer", Role.VIEWER, by=people["owner"])
    other = projects.create(people["stranger"], "Other")
    rooms = {**dict.fromkeys(Role.values, project), "stranger": other}
    secrets = {name: secret_of(people[name], room, ALL_SCOPES) for name, room in rooms.items()}
    secrets["admin"] = secret_of(people["owner"], project, ["admin"])
    return Team(project=project, other=other, secrets=secrets, **people)


def secret_of(user: User, project: Project | None, scopes: list[str]) -> str:
    return tokens.issue(user, project, name="test", scopes=scopes, days=1)[1]


@pytest.fixture
def call(team: Team) -> Call:
    """`call("POST", "/runs", {...}, who="viewer")`: a request with that person's token; who="" sends none."""

    def send(method: str, path: str, body: Any = None, *, who: str = "editor", **options: Any) -> HttpResponse:
        headers = {"Authorization": f"Bearer {team.secrets[who]}"} if who else {}
        headers |= options.pop("headers", {})
        media_type = options.pop("content_type", "application/json")
        data = body if isinstance(body, bytes | str) else json.dumps(body) if body is not None else ""
        return Client().generic(method, f"/api/v1{path}", data, media_type, headers=headers, **options)

    return send


@pytest.fixture
def spec() -> Document:
    return read(GOOD)


def solve(run: Run) -> Run:
    """Solves a queued run here, as a worker would."""
    claim = claims.claim(run.id, worker="test")
    assert claim is not None
    parsed = kinds.parse(claim.spec)
    result = answer(parsed)
    result["search"]["seconds"] = 0.5
    assert claims.finish(claim, claims.Answered(document=result, key=kinds.result_key(parsed)))
    run.refresh_from_db()
    return run


@pytest.fixture
def queued(team: Team, spec: Document) -> Run:
    return runs.submit(team.project, spec, user=team.editor).run


@pytest.fixture
def solved(queued: Run) -> Run:
    return solve(queued)
