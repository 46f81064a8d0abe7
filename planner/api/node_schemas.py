"""What goes in and comes out where nodes are concerned: people's side and the nodes' own."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from planner.api.schemas import Asked, ProblemOut
from planner.models import Executor, JobState, Lease, Measurement, Node, NodeState
from planner.models import Job as Row
from planner.services import hindrance, joblogs, joining, leases
from planner.services.capability import Capability
from planner.services.jobs import Needs
from solvers.documents import Document

MOST_PROBLEMS = 50
LONGEST_WAIT_S = 20.0
Fence = Annotated[int, Field(ge=1, lt=2**63, description="The number of the lease, from the offer.")]
StateName = Literal[*JobState.values]  # type: ignore[valid-type]  # the one list of states
Words = Annotated[str, Field(max_length=2000)]


class JoinTokenAsked(Asked):
    """A machine is to be attached."""

    project: str = Field("", max_length=60, description="The project's slug; a token's own project if left out.")


class JoinTokenOut(BaseModel):
    """A join token, which is shown this once, and the command that uses it."""

    token: str
    expires: datetime
    command: str


class JoinAsked(Asked):
    """A machine attaches itself."""

    token: str = Field(max_length=200)
    name: str = Field(min_length=1, max_length=joining.NAME)
    executor: Literal[*Executor.values] = "local"  # type: ignore[valid-type]  # the one list of executors
    agent_version: str = Field(max_length=40)
    capability: Capability


class JoinedNode(BaseModel):
    id: UUID
    name: str
    project: str


class JoinedOut(BaseModel):
    """What a node needs from now on; the credential is shown this once."""

    node: JoinedNode
    credential: str
    public_key: str = Field(description="Ed25519, 32 bytes in base64: what signs every job.")
    renew_s: float
    lease_s: float


class LeaseAsked(Asked):
    """A node has a hand free."""

    wait_s: float = Field(0.0, ge=0, le=LONGEST_WAIT_S, description="Seconds to wait for a job.")
    capability: Capability | None = Field(None, description="When it has changed.")
    leaving: bool = Field(default=False, description="It asks for no more, and is offline from now on.")
    agent_version: str = Field(max_length=40)


class OfferOut(BaseModel):
    """A job, signed: the node checks the signature under the payload's bytes before it reads them."""

    payload: str
    signature: str


class LeaseOut(BaseModel):
    """A job or none, a credential that replaces the node's own or none, and when to ask again."""

    offer: OfferOut | None
    credential: str | None
    poll_after_s: float


class Progress(Asked):
    """How far a job is."""

    stage: str = Field(max_length=100)
    fraction: float | None = Field(None, ge=0, le=1)


class RenewAsked(Asked):
    fence: Fence
    progress: Progress | None = None


class RenewOut(BaseModel):
    """The lease goes on; `cancel` asks the node to end the job."""

    cancel: bool
    lease_s: float


class LogAsked(Asked):
    """A piece of a job's log."""

    fence: Fence
    offset: int = Field(ge=0, le=2**31, description="Where it begins, in characters.")
    text: str = Field(max_length=joblogs.MOST)


class LogTaken(BaseModel):
    """Where the next piece begins."""

    length: int


class ProblemAsked(Asked):
    code: str = Field(max_length=60)
    message: Words
    at: Words = ""
    hint: Words = ""


class FinishAsked(Asked):
    """How a job ended."""

    fence: Fence
    outcome: Literal[*leases.OUTCOMES]  # type: ignore[valid-type]  # the one list of outcomes
    measurement: dict[str, Any] | None = None
    problems: list[ProblemAsked] = Field(default=[], max_length=MOST_PROBLEMS)


class FinishOut(BaseModel):
    """What became of the job."""

    state: StateName
    problems: list[ProblemOut]


class JobRef(BaseModel):
    id: UUID
    recipe: str
    state: StateName


class NodeOut(BaseModel):
    """A node as people see it."""

    id: UUID
    project: str
    name: str
    executor: str
    slots: int
    state: Literal[*NodeState.values]  # type: ignore[valid-type]  # the one list of states
    online: bool
    last_seen: datetime
    joined: datetime
    joined_by: str
    agent_version: str
    capability: Document
    current: list[JobRef] = Field(description="The jobs on it now.")
    measured: int = Field(description="How many measurements it has made.")


class NodePage(BaseModel):
    items: list[NodeOut]


class JobAsked(Asked):
    """A measurement is asked for."""

    project: str = Field("", max_length=60, description="The project's slug; a token's own project if left out.")
    recipe: str = Field(max_length=40, description="GET /recipes lists them.")
    params: dict[str, Any] = Field(default={}, description="What the recipe's schema describes.")
    needs: dict[str, Any] = Field(
        default={}, description="Which nodes may take it.", json_schema_extra={"x-shape": Needs.model_json_schema()}
    )


class LeaseLine(BaseModel):
    """One node's turn at a job."""

    node: UUID
    node_name: str
    fence: int
    started: datetime
    ended: datetime | None
    why: str


class JobOut(BaseModel):
    """A validation job."""

    id: UUID
    project: str
    run: UUID | None
    validation: UUID | None
    recipe: str
    version: int
    params: Document
    needs: Document
    cost_s: float
    state: StateName
    attempts: int
    cancel_requested: bool
    node: UUID | None
    progress: Document
    problems: list[ProblemOut]
    requested_by: str
    created: datetime
    started: datetime | None
    finished: datetime | None
    measurement: UUID | None
    leases: list[LeaseLine]


class JobWhole(JobOut):
    """A validation job, and why it waits if it does."""

    waits: ProblemOut | None = Field(description="What keeps a queued job from a node, if anything but time.")


class JobPage(BaseModel):
    """One page of jobs; `next_cursor` is empty on the last."""

    items: list[JobOut]
    next_cursor: str


class LogOut(BaseModel):
    """A piece of the log of a job's latest lease; control characters are written out."""

    fence: int
    offset: int
    length: int = Field(description="The offset of what comes next.")
    text: str


class MeasurementLine(BaseModel):
    """What a node measured, as lists show it."""

    id: UUID
    project: str
    job: UUID
    node: UUID
    node_name: str
    recipe: str
    version: int
    device: str
    name: str
    stack: str
    digest: str
    created: datetime
    params: Document


class MeasurementOut(MeasurementLine):
    """What a node measured, with its document, of which `digest` is the SHA-256."""

    document: Document


class MeasurementPage(BaseModel):
    """One page of measurements; `next_cursor` is empty on the last."""

    items: list[MeasurementLine]
    next_cursor: str


class RecipeOut(BaseModel):
    """Something that nodes can measure."""

    name: str
    version: int
    title: str
    summary: str
    params: Document = Field(description="JSON Schema of its parameters.")


class RecipePage(BaseModel):
    items: list[RecipeOut]


def node_out(node: Node) -> NodeOut:
    """The node; it was loaded by `services.nodes`."""
    return NodeOut(
        id=node.id,
        project=node.project.slug,
        name=node.name,
        executor=node.executor,
        slots=node.slots,
        state=NodeState(node.state).value,
        online=node.online,
        last_seen=node.last_seen,
        joined=node.joined,
        joined_by=node.joined_by.username,
        agent_version=node.agent_version,
        capability=node.capability,
        current=[JobRef(id=job.id, recipe=job.recipe, state=job.state) for job in node.current],  # type: ignore[attr-defined]  # prefetched
        measured=node.measured,  # type: ignore[attr-defined]  # annotated
    )


def job_out(job: Row) -> JobOut:
    """The job; it was loaded by `services.jobs`."""
    measured: Measurement | None = getattr(job, "measurement", None)
    return JobOut(
        id=job.id,
        project=job.project.slug,
        run=job.run_id,
        validation=job.validation_id,
        recipe=job.recipe,
        version=job.version,
        params=job.params,
        needs=job.needs,
        cost_s=job.cost_s,
        state=JobState(job.state).value,
        attempts=job.attempts,
        cancel_requested=job.cancel_requested,
        node=job.node_id,
        progress=job.progress,
        problems=problems_out(job),
        requested_by=job.requested_by.username,
        created=job.created,
        started=job.started,
        finished=job.finished,
        measurement=measured.id if measured else None,
        leases=[_lease_line(lease) for lease in job.leases.all()],
    )


def job_whole(job: Row) -> JobWhole:
    """The job as its own address shows it."""
    found = hindrance.of(job)
    return JobWhole(**job_out(job).model_dump(), waits=ProblemOut(**found.document()) if found else None)


def problems_out(job: Row) -> list[ProblemOut]:
    """What is wrong with the job."""
    return [ProblemOut(**{"at": "", "hint": "", **problem}) for problem in job.problems]


def measurement_line(found: Measurement) -> MeasurementLine:
    """The measurement as a list shows it; its project and node must have been fetched with it."""
    return MeasurementLine(**_measured(found))


def measurement_out(found: Measurement) -> MeasurementOut:
    """The measurement with its document."""
    return MeasurementOut(**_measured(found), document=found.document)


def _measured(found: Measurement) -> Document:
    return {
        "id": found.id,
        "project": found.project.slug,
        "job": found.job_id,
        "node": found.node_id,
        "node_name": found.node.name,
        "recipe": found.recipe,
        "version": found.version,
        "device": found.device,
        "name": found.name,
        "stack": found.stack,
        "digest": found.digest,
        "created": found.created,
        "params": found.params,
    }


def _lease_line(lease: Lease) -> LeaseLine:
    return LeaseLine(
        node=lease.node_id,
        node_name=lease.node.name,
        fence=lease.fence,
        started=lease.started,
        ended=lease.ended,
        why=lease.why,
    )
