"""What one replica does, where there is one that does something."""

from solvers.serving.study import study
from solvers.serving.watched import watch
from tests.solvers.serving.asked import spec


def test_a_pool_without_work_is_not_watched() -> None:
    """Answers of one token end where their prompts were read."""
    asked = study(spec(options={"fix": {"mode": "disaggregated"}}, traffic={"rate": 10, "input": 40, "output": 1}))

    watched, outcome = watch(asked, asked.screened().scored[0].candidate, size=50)

    assert [one.group.role for one in watched] == ["prefill"]
    assert outcome.finish_s.tolist() == outcome.first_token_s.tolist()
