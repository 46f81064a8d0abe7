"""What nodes call: join once, then lease, renew, log, finish. Nothing here answers a person's token or session.

The operations hang on the routers of nodes and of jobs, as people read the log at the address at which a node writes.
"""

from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja.responses import Status

from planner.api.auth import spend
from planner.api.jobs import router as jobs_router
from planner.api.node_auth import NodeBearer, credential_of
from planner.api.node_schemas import (
    FinishAsked,
    FinishOut,
    JoinAsked,
    JoinedNode,
    JoinedOut,
    LeaseAsked,
    LeaseOut,
    LogAsked,
    LogTaken,
    OfferOut,
    RenewAsked,
    RenewOut,
    problems_out,
)
from planner.api.nodes import router as nodes_router
from planner.api.waiting import until_offered
from planner.models import JobState, NodeState
from planner.services import credentials, joblogs, joining, leases, logins, nodes, signing
from planner.services.errors import not_found
from solvers.errors import Problem

NODE = NodeBearer()
OWN = ["nodes' own"]
# When to ask again: where there was no seat to wait on; where jobs are not to be had.
CROWDED_S, IDLE_S = 2.0, 5.0
# A node renews so many times as often as a worker does, because that is when it hears of a cancel.
RENEWALS = 2


@nodes_router.post("/join", auth=None, response={201: JoinedOut}, operation_id="join_node", tags=OWN)
def join(request: HttpRequest, response: HttpResponse, body: JoinAsked) -> Status[JoinedOut]:
    """Attach this machine: a join token is traded for a credential, once. 401: the token is wrong, used or expired."""
    spend(request, f"stranger {logins.address_of(request)}")
    joined = joining.join(
        body.token,
        name=body.name,
        executor=body.executor,
        agent_version=body.agent_version,
        capability=body.capability.model_dump(mode="json"),
    )
    response["Cache-Control"] = "no-store"
    node = joined.node
    joining.welcome(node)
    answer = JoinedOut(
        node=JoinedNode(id=node.id, name=node.name, project=node.project.slug),
        credential=joined.credential,
        public_key=signing.public_key(),
        renew_s=settings.RENEW_S / RENEWALS,
        lease_s=settings.LEASE_S,
    )
    return Status(HTTPStatus.CREATED, answer)


@nodes_router.post("/{uuid:node_id}/lease", auth=NODE, response=LeaseOut, operation_id="lease_job", tags=OWN)
def lease(request: HttpRequest, response: HttpResponse, node_id: UUID, body: LeaseAsked) -> LeaseOut:
    """Ask for a job, as the node itself; `wait_s` holds the answer back until there is one, if there is a seat."""
    credential = credential_of(request)
    node = credential.node
    if node.id != node_id:
        raise not_found("node")
    if body.leaving:
        nodes.left(node)
        return LeaseOut(offer=None, credential=None, poll_after_s=IDLE_S)
    capability = body.capability.model_dump(mode="json") if body.capability else None
    nodes.heard(node, capability=capability, agent_version=body.agent_version)
    fresh = credentials.rotate(credential)
    # An answer that carries a credential goes out at once, and a draining node waits for nothing.
    wait_s = 0.0 if fresh or node.state != NodeState.ACTIVE else body.wait_s
    asked = nodes.last_seen(node)
    offer, seated = until_offered(lambda: leases.offer(node, asked=asked), seconds=wait_s)
    response["Cache-Control"] = "no-store"
    return LeaseOut(
        offer=OfferOut(**offer) if offer else None,
        credential=fresh or None,
        poll_after_s=CROWDED_S if not seated else 0.0 if offer or fresh or wait_s else IDLE_S,
    )


@jobs_router.post("/{uuid:job_id}/renew", auth=NODE, response=RenewOut, operation_id="renew_job", tags=OWN)
def renew(request: HttpRequest, job_id: UUID, body: RenewAsked) -> RenewOut:
    """Prolong the lease and say how far the job is. 409 `lease_lost`: it is another's now; stop."""
    progress = body.progress.model_dump() if body.progress else None
    cancel = leases.renew(credential_of(request).node, job_id, fence=body.fence, progress=progress)
    return RenewOut(cancel=cancel, lease_s=settings.LEASE_S)


@jobs_router.post("/{uuid:job_id}/log", auth=NODE, response=LogTaken, operation_id="log_job", tags=OWN)
def log(request: HttpRequest, job_id: UUID, body: LogAsked) -> LogTaken:
    """Add to the job's log. What was sent before is not written twice; the answer says where to go on."""
    node = credential_of(request).node
    return LogTaken(length=joblogs.append(node, job_id, fence=body.fence, offset=body.offset, text=body.text))


@jobs_router.post("/{uuid:job_id}/finish", auth=NODE, response=FinishOut, operation_id="finish_job", tags=OWN)
def finish(request: HttpRequest, job_id: UUID, body: FinishAsked) -> FinishOut:
    """End the job. A measurement that its recipe does not take ends it as failed. 409 `lease_lost`: too late."""
    problems = tuple(Problem(**problem.model_dump()) for problem in body.problems)
    said = leases.Said(body.outcome, body.measurement, problems)
    job = leases.finish(credential_of(request).node, job_id, fence=body.fence, said=said)
    return FinishOut(state=JobState(job.state).value, problems=problems_out(job))
