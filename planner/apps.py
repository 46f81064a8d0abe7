"""The app `planner`: its signals are connected and a site's own kinds are registered when Django starts."""

from django.apps import AppConfig
from django.conf import settings

from solvers import kinds


class PlannerConfig(AppConfig):
    name = "planner"
    label = "planner"

    def ready(self) -> None:
        from planner import signals  # noqa: F401, PLC0415 -- receivers need the models, which are loaded only now

        kinds.MODULES.update(settings.EXTRA_KINDS)
