import pytest

from planner.models import Job, Lease, Node, Project
from planner.services import joblogs, leases, recovery
from planner.services.errors import LeaseLost
from planner.services.joblogs import CUT, Log
from tests import factories
from tests.nodes import job, join, leased

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return factories.project()


@pytest.fixture
def node(project) -> Node:
    return join(project, name="a").node


@pytest.fixture
def asked(project, node) -> Job:
    asked = job(project)
    leased(node)
    return asked


def say(node: Node, asked: Job, offset: int, text: str, *, fence: int = 1) -> int:
    return joblogs.append(node, asked.id, fence=fence, offset=offset, text=text)


def test_pieces_follow_one_another(node, asked):
    lengths = [say(node, asked, 0, "Begin\n"), say(node, asked, 6, "ünd weiter\n")]

    assert lengths == [6, 17]
    assert joblogs.read(asked) == Log(fence=1, offset=0, length=17, text="Begin\nünd weiter\n")
    assert joblogs.read(asked, offset=6).text == "ünd weiter\n"


def test_what_is_sent_twice_is_written_once(node, asked):
    lengths = [say(node, asked, offset, text) for offset, text in ((0, "abc"), (0, "abc"), (1, "bcde"), (0, ""))]

    assert lengths == [3, 3, 5, 5]
    assert joblogs.read(asked).text == "abcde"


def test_a_gap_is_not_written_and_the_answer_says_from_where_to_send(node, asked):
    say(node, asked, 0, "abc")

    assert say(node, asked, 10, "later") == 3
    assert joblogs.read(asked).text == "abc"


def test_a_log_is_cut_at_its_limit_and_says_so(node, asked, monkeypatch):
    monkeypatch.setattr(joblogs, "MOST", 10)

    lengths = [say(node, asked, 0, "12345"), say(node, asked, 5, "6789abc"), say(node, asked, 12, "more")]

    assert joblogs.read(asked).text == "123456789a" + CUT
    assert lengths == [5, 10 + len(CUT), 10 + len(CUT)]


def test_the_limit_is_a_mebibyte(node, asked):
    for _ in range(3):
        say(node, asked, joblogs.read(asked).length, "x" * 500_000)

    assert joblogs.MOST == 1024 * 1024
    assert len(Lease.objects.get().log) == joblogs.MOST + len(CUT)


def test_each_lease_has_a_log_of_its_own_and_the_latest_is_shown(project, node, asked):
    say(node, asked, 0, "first")
    Job.objects.update(lease_until=None)
    recovery.expire()
    other = join(project, name="b").node
    leased(other)
    say(other, asked, 0, "second", fence=2)

    assert joblogs.read(asked) == Log(fence=2, offset=0, length=6, text="second")
    assert list(Lease.objects.order_by("fence").values_list("log", flat=True)) == ["first", "second"]


def test_nothing_is_written_after_the_end(node, asked):
    leases.finish(node, asked.id, fence=1, said=leases.Said("failed"))

    with pytest.raises(LeaseLost):
        say(node, asked, 0, "late")

    assert joblogs.read(asked).text == ""


def test_a_job_that_nobody_had_has_said_nothing(project):
    assert joblogs.read(job(project)) == Log(fence=0, offset=0, length=0, text="")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ünïcode 漢字\tx\n", "plain ünïcode 漢字\tx\n"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("a\rb\r\nc", "a\\rb\nc"),
        ("\x07\x9b", "\\x07\\x9b"),
        ("\u202etxt\u2066", "\\u202etxt\\u2066"),
        ("<script>", "<script>"),
    ],
)
def test_control_characters_are_written_out(text, shown):
    assert joblogs.shown(text) == shown
