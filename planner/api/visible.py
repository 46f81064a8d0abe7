"""Finding what an address names, among what the caller may see."""

from uuid import UUID

from planner.api.auth import Caller
from planner.models import Forecast, Run
from planner.services import forecasts, history
from planner.services.errors import not_found


def run(caller: Caller, run_id: UUID) -> Run:
    """The run, with its project, user and result; NotFound for another project's as for none."""
    found = history.run_of(caller.user, run_id)
    if caller.token and caller.token.project_id not in (None, found.project_id):
        raise not_found("run")
    return found


def forecast(caller: Caller, forecast_id: UUID) -> Forecast:
    """The forecast, with its run and outcomes; NotFound for another project's as for none."""
    found = forecasts.one_of(caller.user, forecast_id)
    if caller.token and caller.token.project_id not in (None, found.project_id):
        raise not_found("forecast")
    return found
