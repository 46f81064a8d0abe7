import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from planner.middleware import request_log, request_size

LARGE = b"x" * (16 * 2**20 + 1)


def passed(request):
    return HttpResponse("passed")


@pytest.mark.parametrize(("body", "status"), [(LARGE, 413), (LARGE[:-1], 200)])
def test_a_body_beyond_the_limit_is_refused_before_it_is_parsed(body, status):
    request = RequestFactory().post("/api/v1/runs", body, content_type="application/json")

    assert request_size(passed)(request).status_code == status


def test_programs_get_a_problem():
    request = RequestFactory().post("/anything", LARGE, content_type="application/json")

    answer = request_size(passed)(request)

    assert answer.headers["Content-Type"] == "application/problem+json"
    assert b'"code": "too_large"' in answer.content


def test_people_get_a_page(settings):
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    request = RequestFactory().post("/anything", LARGE, content_type="text/plain", headers={"Accept": "text/html"})

    answer = request_size(passed)(request)

    assert answer.status_code == 413
    assert b"16,777,216" in answer.content


def test_each_answer_names_its_request_and_the_log_has_no_query(caplog):
    caplog.set_level("INFO")
    request = RequestFactory().get("/p/x/?token=if_secret")

    answer = request_log(passed)(request)

    assert len(answer.headers["X-Request-Id"]) == 16
    assert "if_secret" not in caplog.text
    assert "/p/x/" in caplog.text
