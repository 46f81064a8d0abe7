"""`/compare`: runs side by side, with what differs and who is best."""

from dataclasses import asdict

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel

from planner.api.auth import caller, needs
from planner.api.schemas import ComparisonAsked, RunLine, run_line
from planner.api.visible import run as visible
from planner.services import history
from solvers.documents import Document

router = Router(tags=["compare"])


class ComparisonOut(BaseModel):
    """The runs, and one row for each thing that can be compared, its values in the order of the runs.

    `alike`: plans of one kind rest on one calibration; where they do not, none is the best.
    """

    runs: list[RunLine]
    rows: list[Document]
    alike: bool


@router.post("", auth=needs("runs:read"), response=ComparisonOut, operation_id="compare_runs")
def compare(request: HttpRequest, body: ComparisonAsked) -> ComparisonOut:
    """Put two or more runs side by side."""
    who = caller(request)
    comparison = history.compare([visible(who, run_id) for run_id in dict.fromkeys(body.runs)])
    rows = [asdict(row) for row in comparison.rows]
    return ComparisonOut(runs=[run_line(run) for run in comparison.runs], rows=rows, alike=comparison.alike)
