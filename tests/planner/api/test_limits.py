import pytest

from planner.api.limits import KEPT, Buckets


def test_a_burst_passes_and_then_the_rate_counts():
    buckets = Buckets(per_minute=60)

    waits = [buckets.spend("a", now=0.0).retry_after_s for _ in range(8)]

    assert waits == [0, 0, 0, 0, 0, 0, 1, 1]
    assert buckets.spend("a", now=1.0).retry_after_s == 0
    assert buckets.spend("a", now=1.5).retry_after_s == pytest.approx(0.5)


def test_callers_do_not_share_a_bucket():
    buckets = Buckets(per_minute=1)

    assert [buckets.spend(who, now=0.0).retry_after_s for who in "aab"] == [0, 60, 0]


def test_full_buckets_are_forgotten():
    buckets = Buckets(per_minute=60)
    for number in range(KEPT + 1):
        buckets.spend(str(number), now=float(number))

    assert len(buckets.levels) < 10


@pytest.mark.django_db
def test_too_many_requests_are_told_how_long_to_wait(call, settings):
    settings.API_REQUESTS_PER_MINUTE = 20

    first, second, third = (call("GET", "/kinds") for _ in range(3))

    assert (first.status_code, second.status_code, third.status_code) == (200, 200, 429)
    assert (first["RateLimit-Policy"], first["RateLimit"]) == ('"default";q=20;w=60', '"default";r=1;t=0')
    assert int(third["Retry-After"]) in (3, 4)
    assert third["Content-Type"] == "application/problem+json"
    assert call("GET", "/kinds", who="viewer").status_code == 200


@pytest.mark.django_db
def test_guessing_tokens_is_slowed_down_whatever_address_is_claimed(call, settings):
    settings.API_REQUESTS_PER_MINUTE = 20

    statuses = [
        call(
            "GET", "/kinds", who="", headers={"Authorization": f"Bearer if_{n}", "X-Forwarded-For": f"1.2.3.{n}"}
        ).status_code
        for n in range(4)
    ]

    assert statuses == [401, 401, 429, 429]
