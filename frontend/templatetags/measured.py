"""Filters of the pages about nodes, jobs and what they measured."""

from collections.abc import Sequence
from typing import Any

from django import template

from frontend import measured
from planner.models import Job, JobState, Lease, Node

register = template.Library()

BADGES = {
    JobState.ASSIGNED: "run",
    JobState.RUNNING: "run",
    JobState.MEASURED: "good",
    JobState.FAILED: "bad",
    JobState.CRASHED: "bad",
}
# How a node's turn ended, as `services.leases` writes it.
ENDED = {
    "": "it goes on",
    "measured": "measured",
    "failed": "the measurement failed",
    "crashed": "the measurement crashed",
    "cancelled": "cancelled",
    "refused": "the agent refused it before anything ran",
    "released": "the agent was stopped and gave it back",
    "lost": "the node was not heard of in time",
    "removed": "the node was removed",
    "bad_measurement": "what was measured did not stand up to its recipe",
}


@register.filter
def recipe_title(name: str) -> str:
    """`Memory bandwidth` for memory_copy; an unknown one by its name."""
    return measured.title(name)


@register.filter
def job_badge(state: str) -> str:
    """The badge's colour."""
    return BADGES.get(JobState(state), "")


@register.filter
def turn_of(job: Job, node: Node) -> Lease | None:
    """The node's latest turn at the job."""
    return next((lease for lease in reversed(job.leases.all()) if lease.node_id == node.id), None)


@register.filter
def why_ended(why: str) -> str:
    """How a turn ended, in words."""
    return ENDED.get(why, why.replace("_", " "))


@register.filter
def whole_percent(fraction: float | None) -> str:
    """`37 %`; nothing where nobody knows."""
    return "" if fraction is None else f"{fraction:.0%}".replace("%", "\u00a0%")


@register.filter
def came_of_it(job: Job) -> str:
    """What a list says of a job: on what it was measured, how far it is, what went wrong."""
    measurement = getattr(job, "measurement", None)
    if measurement is not None:
        return f"{measurement.name}, {measurement.stack}"
    if job.state == JobState.RUNNING and job.progress:
        said = (job.progress["stage"], whole_percent(job.progress["fraction"]))
        return ", ".join(filter(None, said))
    return str(job.problems[0]["message"]) if job.problems else ""


@register.filter
def at(items: Sequence[Any], place: int) -> Any:
    """The item at that place."""
    return items[place]
