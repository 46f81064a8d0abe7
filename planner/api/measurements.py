"""`/measurements` and `/recipes`: what was measured, and what can be."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field

from planner.api.auth import caller, needs
from planner.api.node_schemas import (
    MeasurementOut,
    MeasurementPage,
    RecipeOut,
    RecipePage,
    measurement_line,
    measurement_out,
)
from planner.api.visible import measurement as visible
from planner.services import measurements
from solvers import recipes

router = Router(tags=["measurements"])


class Filters(BaseModel):
    """Which measurements a list shows."""

    model_config = ConfigDict(extra="forbid")

    project: str = Field("", max_length=60, description="The project's slug; a token's own project if left out.")
    recipe: str = Field("", max_length=40)
    node: str = Field("", max_length=36, description="Id of the node that measured.")
    cursor: str = Field("", max_length=500, description="`next_cursor` of the page before.")
    limit: Annotated[int, Field(ge=1, le=measurements.MOST)] = 50


@router.get("/measurements", auth=needs("nodes:read"), response=MeasurementPage, operation_id="list_measurements")
def list_(request: HttpRequest, response: HttpResponse, asked: Query[Filters]) -> MeasurementPage:
    """List a project's measurements, latest first."""
    page = measurements.page(caller(request).project(asked.project), **asked.model_dump(exclude={"project"}))
    if page.next_cursor:
        query = urlencode({**asked.model_dump(exclude_defaults=True), "cursor": page.next_cursor})
        response["Link"] = f'</api/v1/measurements?{query}>; rel="next"'
    return MeasurementPage(items=[measurement_line(each) for each in page.rows], next_cursor=page.next_cursor)


@router.get(
    "/measurements/{uuid:measurement_id}",
    auth=needs("nodes:read"),
    response=MeasurementOut,
    operation_id="read_measurement",
)
def read(request: HttpRequest, measurement_id: UUID) -> MeasurementOut:
    """Read a measurement."""
    return measurement_out(visible(caller(request), measurement_id))


@router.get("/recipes", auth=needs(""), response=RecipePage, operation_id="list_recipes")
def list_recipes(request: HttpRequest) -> RecipePage:  # noqa: ARG001 -- ninja passes it
    """List what nodes can measure, with the JSON Schema of each recipe's parameters."""
    known = [
        RecipeOut(name=each.name, version=each.version, title=each.title, summary=each.summary, params=each.schema())
        for each in recipes.KNOWN.values()
    ]
    return RecipePage(items=known)
