"""schemathesis over the OpenAPI document: whatever it makes up, the server never fails and never answers outside of it."""

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from planner.api.app import api
from tests.planner.api.conftest import secret_of, solve

pytestmark = pytest.mark.django_db

schema = schemathesis.openapi.from_dict(api.get_openapi_schema())
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture
def wide(team, queued):
    """A token that may everything in a project that holds a solved run."""
    solve(queued)
    return secret_of(team.owner, team.project, ["admin"])


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

    response = case.call(app=get_wsgi_application(), base_url="http://testserver")

    case.validate_response(response, checks=CHECKS)
