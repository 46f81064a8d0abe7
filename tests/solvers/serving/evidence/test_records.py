import numpy as np

from solvers.serving.evidence.records import accepted


def test_a_step_without_drafts_gives_one_token_and_each_draft_adds_what_is_accepted() -> None:
    assert accepted(np.array([0.0, 1.0, 2.0]), 0.5).tolist() == [1.0, 1.5, 1.75]
