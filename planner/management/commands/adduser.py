"""`manage.py adduser NAME`: makes an account. The password comes from ISOFLOP_PASSWORD, or is asked for."""

import getpass
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from planner.services import accounts
from solvers.errors import IsoflopError


class Command(BaseCommand):
    help = "Makes an account."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")

    def handle(self, *_: Any, name: str, **__: Any) -> None:
        password = os.environ.get("ISOFLOP_PASSWORD") or getpass.getpass("Password: ")
        try:
            accounts.create(name, password)
        except IsoflopError as error:
            raise CommandError("\n".join(f"{problem.message} {problem.hint}" for problem in error.problems)) from None
        self.stdout.write(f"{name} can sign in now.")
