"""Rows and documents that tests begin with, made through the services, as people would."""

from itertools import count
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User

from planner.models import Project, Run
from planner.services import projects, runs

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
