"""The addresses of the API, and what load balancers and Prometheus ask at the root as well."""

from django.urls import path

from planner.api import monitoring
from planner.api.app import api

WATCHED = (("healthz", monitoring.healthz), ("readyz", monitoring.readyz), ("metrics", monitoring.metrics))

urlpatterns = [
    *(path(name, view, name=name) for name, view in WATCHED),
    *(path(f"api/v1/{name}", view, name=f"api-{name}") for name, view in WATCHED),
    path("api/v1/", api.urls),
]
