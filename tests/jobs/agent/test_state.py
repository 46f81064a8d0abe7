import pytest

from jobs.agent import state
from jobs.agent.errors import NodeError
from jobs.agent.state import State

JOINED = State(
    url="https://plans.example", node="n", name="cpu-1", credential="nd_x", public_key="k", executor="local", ca=""
)


def test_a_state_is_read_as_it_was_saved_and_is_private(tmp_path):
    path = tmp_path / "deep" / "node.json"

    state.save(path, JOINED)

    assert state.load(path) == JOINED
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["node.json"]


def test_a_new_credential_is_kept_before_it_is_used(tmp_path):
    path = tmp_path / "node.json"
    state.save(path, JOINED)

    state.with_credential(path, JOINED, "nd_y")

    assert state.load(path).credential == "nd_y"


@pytest.mark.parametrize(("text", "code"), [(None, "not_joined"), ("{", "bad_state"), ("{}", "bad_state")])
def test_without_a_state_it_is_said_how_to_join(tmp_path, text, code):
    path = tmp_path / "node.json"
    if text is not None:
        path.write_text(text)

    with pytest.raises(NodeError) as caught:
        state.load(path)

    assert caught.value.problems[0].code == code
    assert "isoflop node join" in caught.value.problems[0].hint


def test_a_credential_that_others_can_read_is_not_used(tmp_path):
    path = tmp_path / "node.json"
    state.save(path, JOINED)
    path.chmod(0o644)

    with pytest.raises(NodeError) as caught:
        state.load(path)

    assert caught.value.problems[0].code == "open_state"
