"""`/runs/{id}/validate`, `/validations`, `/calibrations`: a plan on trial, and what nodes have taught."""

from datetime import datetime
from http import HTTPStatus
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.responses import Status
from pydantic import BaseModel, Field

from planner.api.auth import caller, needs
from planner.api.node_schemas import JobOut, job_out
from planner.api.schemas import Asked, ProblemOut
from planner.api.visible import calibration as visible_calibration
from planner.api.visible import run as visible_run
from planner.api.visible import validation as visible
from planner.models import Calibration, Role, Validation
from planner.services import calibrations, jobs, validations
from solvers.documents import Document

of_runs = Router(tags=["validations"])
router = Router(tags=["validations"])
learned = Router(tags=["calibrations"])


class ValidationAsked(Asked):
    """A plan is to be tried on a node."""

    gpu_minutes: float = Field(
        gt=0, le=validations.MOST_S / 60, description="Minutes of the device, all jobs together."
    )
    node: str = Field("", max_length=36, description="Id of the node; whichever is fit if left out.")


class ValidationOut(BaseModel):
    """A plan on trial: what was chosen, what became of it, the plan before and the run after."""

    id: UUID
    project: str
    run: UUID
    state: str
    budget_s: float
    choice: Document
    before: Document
    calibration: UUID | None
    after: UUID | None
    problems: list[ProblemOut]
    created: datetime
    finished: datetime | None


class ValidationWhole(ValidationOut):
    """A trial with its jobs."""

    jobs: list[JobOut]


class CalibrationOut(BaseModel):
    """What was learned of a device with its software; specs name it in `calibration`."""

    id: UUID
    project: str
    kind: str
    name: str
    device: str
    stack: str
    base: str
    digest: str
    shared: bool
    created: datetime
    created_by: str


class CalibrationWhole(CalibrationOut):
    """A calibration with its document."""

    document: Document
    nodes: list[str]


class Calibrations(BaseModel):
    items: list[CalibrationOut]


class Validations(BaseModel):
    items: list[ValidationOut]


@of_runs.post(
    "/{uuid:run_id}/validate", auth=needs("nodes:write"), response={202: ValidationWhole}, operation_id="validate_run"
)
def start(request: HttpRequest, response: HttpResponse, run_id: UUID, body: ValidationAsked) -> Status[ValidationWhole]:
    """Try a solved plan on a node: choose the jobs that teach most, run them, calibrate, solve again."""
    who = caller(request)
    run = visible_run(who, run_id)
    made = validations.start(run, user=who.user, budget_s=60.0 * body.gpu_minutes, node=body.node)
    response["Location"] = f"/api/v1/validations/{made.id}"
    return Status(HTTPStatus.ACCEPTED, _tried(made))


@router.get("", auth=needs("nodes:read"), response=Validations, operation_id="list_validations")
def list_(request: HttpRequest, project: str = "") -> Validations:
    """List a project's latest trials."""
    found = validations.listed(caller(request).project(project, Role.VIEWER))
    return Validations(items=[ValidationOut(**_line(one)) for one in found])


@router.get("/{uuid:validation_id}", auth=needs("nodes:read"), response=ValidationWhole, operation_id="read_validation")
def read(request: HttpRequest, validation_id: UUID) -> ValidationWhole:
    """Read a trial with its jobs."""
    return _tried(visible(caller(request), validation_id))


@router.post(
    "/{uuid:validation_id}/cancel",
    auth=needs("nodes:write"),
    response=ValidationWhole,
    operation_id="cancel_validation",
)
def cancel(request: HttpRequest, validation_id: UUID) -> ValidationWhole:
    """End a trial and its jobs; one that has ended stays as it is."""
    who = caller(request)
    return _tried(validations.cancel(visible(who, validation_id), user=who.user))


@learned.get("", auth=needs("nodes:read"), response=Calibrations, operation_id="list_calibrations")
def list_calibrations(request: HttpRequest, project: str = "", kind: str = "") -> Calibrations:
    """List a project's own calibrations and the shared ones, latest first."""
    found = calibrations.listed(caller(request).project(project, Role.VIEWER), kind=kind)
    return Calibrations(items=[CalibrationOut(**_head(one)) for one in found])


@learned.get(
    "/{uuid:calibration_id}", auth=needs("nodes:read"), response=CalibrationWhole, operation_id="read_own_calibration"
)
def read_calibration(request: HttpRequest, calibration_id: UUID) -> CalibrationWhole:
    """Read a calibration with its document."""
    return _whole(visible_calibration(caller(request), calibration_id))


@learned.post(
    "/{uuid:calibration_id}/share",
    auth=needs("nodes:write"),
    response=CalibrationWhole,
    operation_id="share_calibration",
)
def share(request: HttpRequest, calibration_id: UUID) -> CalibrationWhole:
    """Open a calibration to all projects: by another owner than its maker, or where two nodes measured."""
    who = caller(request)
    return _whole(calibrations.share(visible_calibration(who, calibration_id), user=who.user))


def _line(row: Validation) -> Document:
    return {
        "id": row.id,
        "project": row.project.slug,
        "run": row.run_id,
        "state": row.state,
        "budget_s": row.budget_s,
        "choice": row.choice,
        "before": row.before,
        "calibration": row.calibration_id,
        "after": row.after_id,
        "problems": [ProblemOut(**problem) for problem in row.problems],
        "created": row.created,
        "finished": row.finished,
    }


def _tried(row: Validation) -> ValidationWhole:
    return ValidationWhole(**_line(row), jobs=[job_out(job) for job in jobs.of_validation(row)])


def _head(row: Calibration) -> Document:
    return {
        "id": row.id,
        "project": row.project.slug,
        "kind": row.kind,
        "name": row.name,
        "device": row.device,
        "stack": row.stack,
        "base": row.base,
        "digest": row.digest,
        "shared": row.shared,
        "created": row.created,
        "created_by": row.created_by.username,
    }


def _whole(row: Calibration) -> CalibrationWhole:
    return CalibrationWhole(**_head(row), document=row.document, nodes=calibrations.witnesses(row))
