"""The addresses of the API, and what load balancers and Prometheus ask at the root as well."""

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from planner.api import monitoring, problem
from planner.api.app import api
from solvers.errors import Problem

WATCHED = (("healthz", monitoring.healthz), ("readyz", monitoring.readyz), ("metrics", monitoring.metrics))


@csrf_exempt
def nothing_here(request: HttpRequest) -> HttpResponse:
    """The answer below /api/ to every address that no operation has."""
    hint = "GET /api/v1/openapi.json lists all addresses."
    return problem.answer(request, 404, [Problem("not_found", "There is nothing at this address.", "", hint)])


urlpatterns = [
    *(path(name, view, name=name) for name, view in WATCHED),
    *(path(f"api/v1/{name}", view, name=f"api-{name}") for name, view in WATCHED),
    path("api/v1/", nothing_here),
    path("api/v1/", api.urls),
    re_path(r"^api/", nothing_here),
]
