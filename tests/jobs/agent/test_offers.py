import json
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jobs.agent import offers
from jobs.agent.errors import Untrusted
from jobs.agent.offers import Limits, Offer
from tests.jobs.agent import signing

OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


def verified(offer):
    return offers.verified(offer, public_key=signing.PUBLIC, node=signing.NODE, now=time.time())


def code_of(offer):
    with pytest.raises(Untrusted) as caught:
        verified(offer)
    return caught.value.problems[0].code


def test_what_the_server_signed_for_this_node_may_run():
    assert verified(signing.offer()) == Offer(
        job=signing.JOB,
        fence=3,
        recipe="memory_copy",
        version=1,
        params=signing.COPY,
        processes=1,
        limits=Limits(wall_s=60.0, memory_bytes=2**32),
    )


@pytest.mark.parametrize(
    "field", ["job", "node", "fence", "recipe", "version", "params", "processes", "limits", "issued", "expires"]
)
def test_a_change_of_any_field_breaks_the_signature(field):
    whole = signing.offer()
    said = json.loads(whole["payload"])
    changed = {"fence": 4, "version": 2, "processes": 2, "issued": 1, "expires": 9e9}.get(field, {"sizes": ["2 MB"]})

    assert code_of({**whole, "payload": json.dumps({**said, field: changed})}) == "bad_signature"


def test_a_signature_of_another_key_is_refused():
    assert code_of(signing.offer(key=OTHER)) == "bad_signature"


@pytest.mark.parametrize(
    "offer", [{}, {"payload": "{}"}, {"payload": 3, "signature": ""}, {"payload": "", "signature": "%"}]
)
def test_what_cannot_be_read_is_refused(offer):
    assert code_of(offer) == "bad_offer"


def test_a_job_signed_for_another_node_is_refused():
    assert code_of(signing.offer(node="33333333-3333-4333-8333-333333333333")) == "wrong_node"


def test_a_clock_that_is_a_little_behind_is_no_reason_to_refuse():
    now = int(time.time())

    assert verified(signing.offer(issued=now + 60, expires=now + 960)).job == signing.JOB


@pytest.mark.parametrize(("issued", "expires"), [(-2000, -1100), (1000, 1900)])
def test_an_offer_runs_only_within_its_time(issued, expires):
    now = int(time.time())

    assert code_of(signing.offer(issued=now + issued, expires=now + expires)) == "expired"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"recipe": "shell"}, "unknown_name"),
        ({"version": 2}, "recipe_version"),
        ({"params": {"sizes": ["1 MB"], "command": "id"}}, "unknown_field"),
        ({"params": {"sizes": ["64 GB", "65 GB"]}}, "too_much_memory"),
        ({"processes": 2}, "bad_offer"),
        ({"shell": "id"}, "bad_offer"),
    ],
)
def test_signed_or_not_only_a_known_recipe_within_its_bounds_runs(changes, code):
    assert code_of(signing.offer(**changes)) == code
