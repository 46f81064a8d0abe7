"""`manage.py demo`: the demo's account, project, token and runs. Doing it again changes nothing."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from planner.models import Project
from planner.services import demo, tokens

SCOPES = [
    *("runs:read", "runs:write", "projects:read", "projects:write"),
    *("catalogue:write", "nodes:read", "nodes:write"),
]
DAYS = 365


class Command(BaseCommand):
    help = "Makes the demo account (password: ISOFLOP_DEMO_PASSWORD), its project, a token, and example runs."

    def handle(self, *_: Any, **__: Any) -> None:
        password = os.environ.get("ISOFLOP_DEMO_PASSWORD", "")
        if not password:
            raise CommandError("ISOFLOP_DEMO_PASSWORD is not set.")
        user, project = demo.prepare(password)
        _write_token(user, project, settings.HOME / "token")
        queued = demo.submit_examples(user, project)
        self.stdout.write(f"Project {project.slug}: {len(queued)} examples queued.")


def _write_token(user: User, project: Project, path: Path) -> None:
    if path.exists():
        return
    _, plain = tokens.issue(user, project, name="Command line on this machine", scopes=SCOPES, days=DAYS)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(plain + "\n", "ascii")
