"""Takes validations a step on: what needs a solver is done in a bounded child, as a solve is."""

import structlog
from django.db import Error

from jobs import supervise, worker
from jobs.celery import app
from jobs.supervise import Verdict
from jobs.tasks import limits
from planner.models import Validation
from planner.services import validations
from planner.services.claims import Answered, Crashed, Failed, Lost
from solvers.errors import IsoflopError, Problem

log = structlog.get_logger(__name__)
CRASHED = Problem(
    "crashed",
    "The solver met something that it was not made for.",
    "",
    "This is for us to mend: tell an operator the validation's number.",
)


@app.task(name="jobs.validate")  # type: ignore[untyped-decorator]  # Celery has no types
def validate() -> None:
    """Go on with all validations that nobody else is at."""
    for validation in validations.open_ones():
        if worker.stopping.is_set():
            return
        with validations.held(validation) as ours:
            if ours:
                _go_on(validation)


def _go_on(validation: Validation) -> None:
    """One step, or the trial's end with the reason why there is none: the next one's turn comes in any case."""
    try:
        advance(validation)
    except Error:
        raise
    except IsoflopError as error:
        validations.fail(validation, error.problems)
    except Exception:
        log.exception("validation_crashed", validation=str(validation.id))
        validations.fail(validation, (CRASHED,))


def advance(validation: Validation) -> None:
    """One step; what a solver has to do for it is waited for."""
    call = validations.step(validation)
    if call is None:
        return

    def heed(_progress: object) -> Verdict:
        validation.refresh_from_db(fields=["state"])
        gone_on = Verdict.GO if validation.under_way else Verdict.CANCEL
        return Verdict.RELEASE if worker.stopping.is_set() else gone_on

    outcome = supervise.solve(
        call.spec, server=worker.server, allowed=limits(), heed=heed, call=call.call, beside=call.beside
    )
    match outcome:
        case Answered(document=document):
            validations.answered(validation, call, document)
        case Failed(problems=problems):
            validations.fail(validation, problems)
        case Crashed(trace=trace) | Lost(trace=trace):
            log.error("validation_crashed", validation=str(validation.id), trace=trace[-2000:])
            validations.fail(validation, (CRASHED,))
        case _:
            log.info("validation_left", validation=str(validation.id))
