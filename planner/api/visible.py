"""Finding what an address names, among what the caller may see."""

from typing import TypeVar
from uuid import UUID

from planner.api.auth import Caller
from planner.models import Calibration, Forecast, Job, Measurement, Node, Run, Validation
from planner.services import calibrations, forecasts, history, jobs, measurements, nodes, validations
from planner.services.errors import not_found

OfProject = TypeVar("OfProject", Run, Forecast, Node, Job, Measurement, Validation, Calibration)


def run(caller: Caller, run_id: UUID) -> Run:
    """The run, with its project, user and result; NotFound for another project's as for none."""
    found = history.run_of(caller.user, run_id)
    return _reached(caller, found, "run")


def forecast(caller: Caller, forecast_id: UUID) -> Forecast:
    """The forecast, with its run and outcomes; NotFound for another project's as for none."""
    found = forecasts.one_of(caller.user, forecast_id)
    return _reached(caller, found, "forecast")


def node(caller: Caller, node_id: UUID) -> Node:
    """The node, with its project and current jobs; NotFound for another project's as for none."""
    found = nodes.one_of(caller.user, node_id)
    return _reached(caller, found, "node")


def job(caller: Caller, job_id: UUID) -> Job:
    """The job, with its leases; NotFound for another project's as for none."""
    found = jobs.one_of(caller.user, job_id)
    return _reached(caller, found, "job")


def measurement(caller: Caller, measurement_id: UUID) -> Measurement:
    """The measurement, with its node; NotFound for another project's as for none."""
    found = measurements.one_of(caller.user, measurement_id)
    return _reached(caller, found, "measurement")


def validation(caller: Caller, validation_id: UUID) -> Validation:
    """The trial, with its run; NotFound for another project's as for none."""
    found = validations.one_of(caller.user, validation_id)
    return _reached(caller, found, "validation")


def calibration(caller: Caller, calibration_id: UUID) -> Calibration:
    """The calibration; NotFound for another project's, unless it is shared, as for none."""
    found = calibrations.one_of(caller.user, calibration_id)
    return found if found.shared else _reached(caller, found, "calibration")


def _reached(caller: Caller, found: OfProject, what: str) -> OfProject:
    """What was found, unless the caller's token is bound to another project."""
    if caller.token and caller.token.project_id not in (None, found.project_id):
        raise not_found(what)
    return found
