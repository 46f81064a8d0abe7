"""What the frame of each page needs: sheets, the project in view, the projects to switch to, the reader's role."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest

from planner.models import Project
from planner.services import projects

SHEETS = tuple(
    f"css/{name}.css" for name in ("tokens", "fonts", "base", "layout", "cards", "forms", "tables", "plotly", "print")
)
WRITERS = ("editor", "owner")


@dataclass
class Shell:
    """Lazy: an answer without a frame asks the database nothing."""

    request: HttpRequest
    sheets: tuple[str, ...] = SHEETS

    @property
    def project(self) -> Project | None:
        """The project of the page, or the one last looked at."""
        return getattr(self.request, "project", None) or self._last

    @property
    def role(self) -> str | None:
        """The reader's role in the project of the page."""
        return getattr(self.request, "role", None)

    @property
    def can_edit(self) -> bool:
        """Whether the reader may submit, tag, cancel and add to the catalogue."""
        return self.role in WRITERS

    @property
    def is_owner(self) -> bool:
        """Whether the reader may change members."""
        return self.role == "owner"

    @cached_property
    def projects(self) -> list[Project]:
        """All projects the reader may open."""
        user = getattr(self.request, "user", None)
        if user is None or not user.is_authenticated:
            return []
        return list(projects.for_user(user))

    @property
    def here(self) -> str:
        """Which entry of the navigation is the current one."""
        match = self.request.resolver_match
        return SECTIONS.get(match.url_name or "", "") if match else ""

    @cached_property
    def _last(self) -> Project | None:
        slug = self.request.session.get("project") if hasattr(self.request, "session") else None
        return _first(self.projects, slug)


SECTIONS = {
    "accuracy": "accuracy",
    "accuracy-kind": "accuracy",
    "plans": "plans",
    "run": "plans",
    "plan-new": "new",
    "compare": "compare",
    "forecasts": "forecasts",
    "forecast": "forecasts",
    "forecast-outcome": "forecasts",
    "nodes": "nodes",
    "node-attach": "nodes",
    "node": "nodes",
    "node-catalogue": "nodes",
    "jobs": "nodes",
    "job": "nodes",
    "job-new": "nodes",
    "measurements": "nodes",
    "calibrations": "nodes",
    "calibration": "nodes",
    "validation": "plans",
    "catalogue": "catalogue",
    "catalogue-entry": "catalogue",
    "catalogue-new": "catalogue",
    "catalogue-edit": "catalogue",
    "members": "members",
    "tokens": "tokens",
    "token-new": "tokens",
}


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `shell` in every template."""
    return {"shell": Shell(request)}


def _first(found: Iterable[Project], slug: str | None) -> Project | None:
    known = list(found)
    return next((project for project in known if project.slug == slug), known[0] if known else None)
