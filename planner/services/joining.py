"""How a machine becomes a node: a token of one project, good for minutes and one use, is traded for a credential."""

from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from planner.models import Bell, Executor, Job, JoinToken, Node, NodeState, Project, Role
from planner.services import audit, credentials, jobs, outbox, projects, secret_words, signing
from planner.services.errors import Conflict, Unauthenticated, invalid
from solvers.documents import Document
from solvers.errors import IsoflopError, Problem

log = structlog.get_logger(__name__)

PREFIX = "nj_"
LIVES = timedelta(minutes=15)
NAME = 60
MOST_NODES = 500
SLOTS = {Executor.LOCAL: 1, Executor.SLURM: 8}


@dataclass(frozen=True)
class Joined:
    """A new node with its credential, which exists nowhere else."""

    node: Node
    credential: str


@transaction.atomic
def token(project: Project, *, user: User) -> tuple[JoinToken, str]:
    """A new join token and its plain text, which exists nowhere else."""
    projects.require(user, project, Role.EDITOR)
    plain = secret_words.make(PREFIX)
    made = JoinToken.objects.create(
        project=project, created_by=user, digest=secret_words.digest(plain), expires=Now() + LIVES
    )
    made.refresh_from_db(fields=["created", "expires"])
    audit.record(user, "node.invited", made.id, project=project)
    return made, plain


def command(url: str, plain: str) -> str:
    """The one line that attaches the machine on which it is run."""
    return f"isoflop node join {url} --token {plain}"


@transaction.atomic
def join(plain: str, *, name: str, executor: str, agent_version: str, capability: Document) -> Joined:
    """Trades the token for a node. Whatever is wrong with a token, the answer is the same."""
    name = _name(name)
    digest = secret_words.digest(plain)
    if not JoinToken.objects.filter(digest=digest, used=None, expires__gt=Now()).update(used=Now()):
        raise _refused()
    invitation = JoinToken.objects.select_related("project", "created_by").get(digest=digest)
    project, host = invitation.project, invitation.created_by
    if not projects.may(host, project, Role.EDITOR):
        raise _refused()
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    node = Node.objects.create(
        project=project,
        name=_free_name(project, name),
        executor=executor,
        slots=SLOTS[Executor(executor)],
        capability=capability,
        agent_version=agent_version,
        public_key=signing.public_key(),
        joined_by=host,
    )
    JoinToken.objects.filter(pk=invitation.pk).update(node=node)
    audit.record(host, "node.joined", node.id, project=project, details={"name": node.name, "executor": executor})
    outbox.ring_bell(Bell.DISPATCH)
    node.refresh_from_db(fields=["joined", "last_seen"])
    return Joined(node, credentials.issue(node))


def welcome(node: Node) -> Job | None:
    """The first job of a node that joined: seconds of work show that it measures, and how fast its memory is.

    None where the node cannot measure that, or the queue is full: it has joined all the same.
    """
    if "memory_copy" not in node.capability["recipes"]:
        return None
    device = "cuda" if node.capability["gpus"] else "cpu"
    # One thread, as experiments on a CPU ask for: what it measures first is learned from as well.
    params = {"device": device, "threads": 1, "sizes": ["16 MB", "64 MB"], "repeats": 5}
    try:
        return jobs.submit(
            node.project, user=node.joined_by, recipe="memory_copy", params=params, needs={"node": str(node.id)}
        )
    except IsoflopError as error:
        log.warning("node_not_welcomed", node=str(node.id), reason=str(error))
        return None


def forget_old() -> int:
    """Deletes the tokens that can no longer be used; the audit log keeps who attached what."""
    return JoinToken.objects.filter(expires__lt=Now() - LIVES).delete()[0]


def _refused() -> Unauthenticated:
    message = "This join token is wrong, was used before, or has expired."
    hint = "A token attaches one node within 15 minutes. Make another: on the page Nodes, or `isoflop node token`."
    return Unauthenticated(Problem("join_token", message, "/token", hint))


def _name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= NAME or not name.isprintable():
        raise invalid("name", f"A node's name has 1 to {NAME} printable characters.", at="/name")
    return name


def _free_name(project: Project, name: str) -> str:
    taken = set(Node.objects.filter(project=project).exclude(state=NodeState.REMOVED).values_list("name", flat=True))
    if len(taken) >= MOST_NODES:
        raise Conflict(Problem("too_many", f"A project has at most {MOST_NODES} nodes.", "", "Remove some."))
    candidates = (name, *(f"{name[: NAME - 4]}-{number}" for number in range(2, MOST_NODES + 2)))
    return next(candidate for candidate in candidates if candidate not in taken)
