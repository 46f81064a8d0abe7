from datetime import timedelta

import pytest
from django.db.models.functions import Now

from planner.models import Credential, Node
from planner.services import credentials, nodes
from tests import factories
from tests.nodes import Joined, join

pytestmark = pytest.mark.django_db


@pytest.fixture
def joined() -> Joined:
    return join(factories.project())


def aged(days: float) -> None:
    Credential.objects.update(issued=Now() - timedelta(days=days), expires=Now() + timedelta(days=30 - days))


def rotated(plain: str) -> str:
    credential = credentials.authenticate(plain)
    assert credential is not None
    return credentials.rotate(credential)


def test_a_credential_finds_its_node_and_shows_that_it_is_there(joined):
    Node.objects.update(last_seen=Now() - timedelta(hours=1))

    credential = credentials.authenticate(joined.credential)

    assert credential.node == joined.node
    assert Node.objects.get().online


def test_it_is_256_bits_behind_a_prefix_of_its_own(joined):
    assert joined.credential.startswith("nd_")
    assert len(joined.credential) == len("nd_") + 43


@pytest.mark.parametrize("plain", ["", "nd_", "nd_wrong", "if_wrong", "x\ud800"])
def test_what_is_no_credential_finds_nothing(joined, plain):
    assert credentials.authenticate(plain) is None


def test_it_ends_after_thirty_days(joined):
    aged(30.001)

    assert credentials.authenticate(joined.credential) is None


def test_it_ends_with_its_node(joined):
    nodes.remove(joined.node, user=joined.node.joined_by)

    assert credentials.authenticate(joined.credential) is None
    assert Credential.objects.count() == 0


def test_a_young_one_is_kept(joined):
    aged(6.9)

    assert rotated(joined.credential) == ""


def test_after_a_week_it_is_replaced_and_lives_until_the_new_one_is_used(joined):
    aged(7.1)

    fresh = rotated(joined.credential)
    still = credentials.authenticate(joined.credential)
    new = credentials.authenticate(fresh)

    assert still is not None
    assert new.node == joined.node
    assert credentials.authenticate(joined.credential) is None
    assert Credential.objects.count() == 1


def test_a_replacement_that_got_lost_is_given_again_after_an_hour(joined):
    aged(7.1)
    lost = rotated(joined.credential)
    at_once = rotated(joined.credential)
    Credential.objects.filter(pk=Credential.objects.latest("issued").pk).update(issued=Now() - timedelta(hours=1.1))

    later = rotated(joined.credential)

    assert (lost != "", at_once, later != "") == (True, "", True)
    assert credentials.authenticate(later) is not None
    assert [credentials.authenticate(each) for each in (lost, joined.credential)] == [None, None]


def test_using_it_takes_two_queries(joined, django_assert_num_queries):
    with django_assert_num_queries(2):
        credentials.authenticate(joined.credential)


def test_what_has_had_its_time_is_forgotten(joined):
    aged(31)

    assert credentials.forget_old() == 1


def test_a_removed_node_is_nobody_even_where_its_credential_is_left(joined):
    Node.objects.update(state="removed")

    assert credentials.authenticate(joined.credential) is None
