"""Rows and documents that tests begin with, made through the services, as people would."""

from itertools import count
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import transaction

from planner.models import Forecast, Project, Run
from planner.services import claims, forecasts, history, projects, runs
from solvers import kinds
from tests.answers import answer

PASSWORD = "correct horse battery staple"
# Made once: to hash a password is slow by design.
HASHED = make_password(PASSWORD)
_number = count(1)


def user(name: str = "") -> User:
    return User.objects.create(username=name or f"user-{next(_number)}", password=HASHED)


def project(owner: User | None = None, name: str = "Cluster plans") -> Project:
    return projects.create(owner or user(), name)


def trial(**fields: Any) -> dict[str, Any]:
    """A spec of the kind that only tests have (the fixture `trial_kind` registers it)."""
    return {"kind": "trial", **fields}


def run(project: Project, *, owner: User | None = None, **fields: Any) -> Run:
    """A queued run of a trial spec, whose fields are given."""
    return runs.submit(project, trial(**fields), user=owner or project.created_by, fresh=True).run


def solved(project: Project, *, owner: User | None = None, **fields: Any) -> Run:
    """A trial run with its answer, whatever it is."""
    with transaction.atomic():  # no worker sees it before it is claimed
        waiting = run(project, owner=owner, **fields)
        claim = claims.claim(waiting.id, worker="test")
    assert claim is not None
    claims.finish(claim, claims.Answered(answer(kinds.parse(claim.spec)), waiting.result_key))
    return history.run(project, waiting.id)


def forecast(project: Project, *, owner: User | None = None, name: str = "The big run", **fields: Any) -> Forecast:
    """A frozen forecast of a trial run, whose fields are given: `loss` is what it says, give or take five percent."""
    return forecasts.freeze(solved(project, owner=owner, **fields), user=owner or project.created_by, name=name)
