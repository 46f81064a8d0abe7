"""schemathesis over the OpenAPI document: whatever it makes up, the server answers within it."""

import json

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from planner.api.app import api
from solvers import kinds
from tests.planner.api.conftest import secret_of, solve

pytestmark = pytest.mark.django_db


def document():
    """The document with specs left open: what is wrong inside of them has a table of its own, tests/bad_specs.py."""
    whole = json.loads(json.dumps(api.get_openapi_schema()))
    schemas = whole["components"]["schemas"]
    for kind in kinds.names():
        for name in [name for name in schemas if name.startswith(kind.capitalize())]:
            schemas[name] = {"type": "object", "properties": {"kind": {"enum": [kind, "x"]}}}
    return whole


schema = schemathesis.openapi.from_dict(document())
server = get_wsgi_application()
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture
def wide(team, queued):
    """A token that may everything in a project that holds a solved run; the test's connection outlives its requests."""
    solve(queued)
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield secret_of(team.owner, team.project, ["admin"])
    for signal in signals:
        signal.connect(close_old_connections)


@schema.parametrize()
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_request_makes_the_server_fail(case, wide):
    case.headers["Authorization"] = f"Bearer {wide}"

    response = case.call(app=server, base_url="http://testserver")

    case.validate_response(response, checks=CHECKS)
