"""The API object: its routers, its parser, and what each error becomes."""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError, ValidationErrorContext

from planner.api import (
    accuracy,
    catalogue,
    compare,
    forecasts,
    jobs,
    kinds,
    leases,  # noqa: F401 -- hangs its operations on the routers of nodes and jobs
    measurements,
    nodes,
    openapi,
    problem,
    projects,
    results,
    runs,
    tokens,
    validations,
)
from planner.api.auth import CHALLENGE
from planner.api.body import StrictParser
from planner.services.errors import Conflict, Forbidden, IdempotencyConflict, NotFound, Unauthenticated
from solvers.documents import Document
from solvers.errors import IsoflopError, Problem
from solvers.problems import problems_of

# The first class that fits decides; whatever else an IsoflopError is, its content could not be processed.
STATUS: Mapping[type[IsoflopError], HTTPStatus] = {
    NotFound: HTTPStatus.NOT_FOUND,
    Forbidden: HTTPStatus.FORBIDDEN,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    IdempotencyConflict: HTTPStatus.UNPROCESSABLE_ENTITY,
    Conflict: HTTPStatus.CONFLICT,
    IsoflopError: HTTPStatus.UNPROCESSABLE_ENTITY,
}


class Invalid(Exception):
    """A body, query or path that does not fit its schema."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__(problems)


class Api(NinjaAPI):
    """ninja's API with our words for what does not fit a schema, and our OpenAPI document."""

    def validation_error_from_error_contexts(
        self, error_contexts: list[ValidationErrorContext[Any]]
    ) -> ValidationError:
        """The problems of every part of the request, each at its field."""
        problems = tuple(found for context in error_contexts for found in _problems(context))
        return Invalid(problems)  # type: ignore[return-value]  # ninja raises whatever it is given

    def get_openapi_schema(  # type: ignore[override]  # a plain document
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> Document:
        """The OpenAPI document."""
        return openapi.completed(super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params))


api = Api(
    title="Isoflop",
    version="1",
    description="Plans for training and serving large models: a spec goes in, the best plan and its reasons come out.",
    urls_namespace="api",
    docs_url=None,
    parser=StrictParser(),
)
api.add_router("/runs", runs.router)
api.add_router("/runs", results.router)
api.add_router("/runs", validations.of_runs)
api.add_router("/validations", validations.router)
api.add_router("/calibrations", validations.learned)
api.add_router("/compare", compare.router)
api.add_router("/forecasts", forecasts.router)
api.add_router("/projects", projects.router)
api.add_router("/tokens", tokens.router)
api.add_router("/nodes", nodes.router)
api.add_router("/jobs", jobs.router)
api.add_router("", measurements.router)
api.add_router("/catalogue", catalogue.router)
api.add_router("", kinds.router)
api.add_router("", accuracy.router)


@api.exception_handler(problem.Refusal)
def _refusal(request: HttpRequest, error: problem.Refusal) -> HttpResponse:
    return problem.answer(request, error.status, error.problems, error.headers)


@api.exception_handler(IsoflopError)
def _mendable(request: HttpRequest, error: IsoflopError) -> HttpResponse:
    status = next(status for kind, status in STATUS.items() if isinstance(error, kind))
    headers = {"WWW-Authenticate": CHALLENGE} if status == HTTPStatus.UNAUTHORIZED else None
    return problem.answer(request, status, error.problems, headers)


@api.exception_handler(Invalid)
def _invalid(request: HttpRequest, error: Invalid) -> HttpResponse:
    return problem.answer(request, HTTPStatus.UNPROCESSABLE_ENTITY, error.problems)


@api.exception_handler(Http404)
def _missing(request: HttpRequest, _error: Http404) -> HttpResponse:
    found = problem.not_found()
    return problem.answer(request, found.status, found.problems)


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Ninja wraps what the parser of bodies raised."""
    if isinstance(error.__cause__, problem.Refusal):
        return _refusal(request, error.__cause__)
    return problem.answer(request, error.status_code, [Problem("http", str(error))])


@api.exception_handler(OperationalError)
@api.exception_handler(InterfaceError)
def _away(request: HttpRequest, _error: Exception) -> HttpResponse:
    return problem.unavailable(request)


@api.exception_handler(Exception)
def _unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem.internal(request, error)


def _problems(context: ValidationErrorContext[Any]) -> tuple[Problem, ...]:
    """The problems of one part; pointers begin below ninja's names for its arguments, which no caller knows."""
    found = problems_of(context.pydantic_validation_error, context.model.model_json_schema())
    if context.model.__ninja_param_source__ == "query":
        return tuple(replace(problem, at=f"/{problem.at.rpartition('/')[2]}") for problem in found)
    if context.model.__ninja_param_source__ != "body":
        return found
    return tuple(_in_body(problem) for problem in found)


def _in_body(found: Problem) -> Problem:
    if found.at == "/body" and found.code == "missing":
        hint = "Write `field: value` lines, or JSON."
        return Problem("empty", "The body is empty.", "", hint)
    return Problem(found.code, found.message, found.at.removeprefix("/body"), found.hint)
