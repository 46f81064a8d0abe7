"""Error pages say what to do next."""

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from frontend.views import errors


def test_not_found_leads_back(browser: Client) -> None:
    response = browser.get("/nowhere")

    assert response.status_code == 404
    assert 'href="/projects">My projects' in response.content.decode()


def test_a_body_too_large_is_413_in_words(browser: Client) -> None:
    response = browser.post("/projects/new", {"name": "x" * 17 * 2**20}, headers={"Accept": "text/html"})

    assert response.status_code == 413
    assert "This is too large" in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [(RequestDataTooBig(), 413, "This is too large"), (SuspiciousOperation(), 400, "This request makes no sense")],
)
def test_a_bad_request_is_told_from_a_large_one(rf: RequestFactory, raised: Exception, status: int, said: str) -> None:
    response = errors.bad_request(rf.get("/"), raised)

    assert response.status_code == status
    assert said in response.content.decode()


@pytest.mark.django_db
def test_forbidden_names_the_reason(rf: RequestFactory) -> None:
    response = errors.forbidden(rf.get("/"), PermissionDenied("This takes the role of owner."))

    assert response.status_code == 403
    assert "This takes the role of owner." in response.content.decode()


@pytest.mark.django_db
def test_a_server_error_asks_nothing_of_the_database(
    rf: RequestFactory, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        response = errors.server_error(rf.get("/"))

    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()
