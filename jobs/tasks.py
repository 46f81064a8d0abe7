"""The one task: fetch, call, store."""

from uuid import UUID

import structlog
from django.conf import settings

from jobs import supervise, worker
from jobs.celery import app
from jobs.limits import Limits
from jobs.progress import watcher
from jobs.supervise import Verdict
from planner.services import claims
from planner.services.claims import Cancelled, Claim, Outcome

log = structlog.get_logger(__name__)


@app.task(name="jobs.solve")  # type: ignore[untyped-decorator]  # Celery has no types
def solve(run_id: str) -> None:
    """Solve one run, if it is still waiting."""
    if worker.stopping.is_set():
        return
    claim = claims.claim(UUID(run_id), worker=worker.NAME)
    if claim is None:
        return
    with structlog.contextvars.bound_contextvars(run=run_id, attempt=claim.attempt):
        spec, server = claim.spec, worker.server
        outcome = supervise.solve(spec, server=server, allowed=limits(), heed=watcher(claim, worker.stopping))
        settle(claim, outcome)


def settle(claim: Claim, outcome: Outcome | Verdict) -> None:
    """Stores the outcome of a solve that ended, or does what the verdict that ended it means for the run."""
    match outcome:
        case Verdict.CANCEL:
            claims.finish(claim, Cancelled())
        case Verdict.RELEASE:
            claims.release(claim)
        case Verdict():
            log.warning("claim_lost", worker=claim.worker)
        case _ if not claims.finish(claim, outcome):
            log.warning("late_answer_dropped", worker=claim.worker)


def limits() -> Limits:
    """What the settings allow one solve."""
    return Limits(
        wall_s=settings.SOLVE_SECONDS,
        cpu_s=settings.SOLVE_SECONDS,
        memory_bytes=settings.SOLVE_MEMORY_BYTES,
        file_bytes=settings.SOLVE_FILE_BYTES,
        processes=settings.SOLVE_PROCESSES,
    )
