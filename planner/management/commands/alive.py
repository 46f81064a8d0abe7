"""`alive COMPONENT`: the health check of a container without a port: exit code 1 where none gives a sign of life."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from planner.services import presence


class Command(BaseCommand):
    """Looks for a sign of life."""

    help = "Says whether a component (worker, sweeper, dispatcher) is alive."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("component", choices=[presence.WORKER, presence.SWEEPER, presence.DISPATCHER])

    def handle(self, *, component: str, **_options: object) -> None:
        living = presence.alive(component)
        if not living:
            raise CommandError(f"No {component} gives a sign of life.")
        self.stdout.write(", ".join(one.instance for one in living))
