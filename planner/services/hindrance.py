"""Why a queued job waits: said beside it, so that its reader knows what to do."""

from planner.models import Job, JobState, Node, NodeState
from planner.services import capability, dispatching, nodes
from solvers.errors import Problem

ATTACH = "Attach one that has what it needs."


def of(job: Job) -> Problem | None:
    """What keeps the job from a node; nothing where one will take it as soon as it has a hand free."""
    if job.state != JobState.QUEUED:
        return None
    attached = nodes.listed(job.project)
    able = [node for node in attached if dispatching.takes(node, job)]
    if not attached:
        return Problem("no_node", "No node is attached to this project.", "", "Attach one.")
    if not able:
        return Problem("no_node_fits", "No attached node can take this job.", "", ATTACH)
    return _all_away(able)


def _all_away(able: list[Node]) -> Problem | None:
    there = [node for node in able if node.online and node.state == NodeState.ACTIVE]
    if there:
        return _no_time(there)
    names = ", ".join(node.name for node in able)
    if any(node.online for node in able):
        return Problem("draining", f"What could take it is draining: {names}.", "", "Resume it, or attach another.")
    hint = "Start its agent again there: `isoflop node run`."
    return Problem("offline", f"What could take it is offline: {names}.", "", hint)


def _no_time(there: list[Node]) -> Problem | None:
    wrong = [(node.name, capability.wrong_clock(node.capability)) for node in there]
    if not all(off for _, off in wrong):
        return None
    said = "; ".join(f"that of {name} is {off}" for name, off in wrong)
    hint = "Set it there: `timedatectl set-ntp true`."
    return Problem("wrong_clock", f"The clock is wrong of what could take it: {said}.", "", hint)
