import numpy as np
import pytest

from solvers.errors import SpecError
from solvers.scaling.tuning import swept as module
from solvers.scaling.tuning.swept import Swept, batch_tokens, swept
from tests.solvers.laws.hyperparameters.sweeps import made
from tests.solvers.scaling.runs.made import record
from tests.solvers.scaling.tuning.tables import csv, imported


def found(*rows: str, header: str = "params,tokens,lr,batch_tokens,loss") -> Swept:
    one = swept(csv(*rows, header=header), sequence_length=2048)
    assert one is not None
    return one


def test_runs_that_are_not_the_best_and_runs_that_diverged_count() -> None:
    one = found("1e8,2e9,1e-3,1e5,3.0", "1e8,2e9,2e-3,1e5,3.2", "1e8,2e9,8e-3,1e5,nan", "1e8,2e9,9e-3,1e5,-1")

    assert one.sweep.learning_rate.tolist() == [1e-3, 2e-3, 8e-3, 9e-3]
    assert one.sweep.loss.tolist() == [3.0, 3.2, np.inf, np.inf]
    assert one.warnings == ()


def test_runs_without_a_rate_or_an_end_are_left_aside_with_a_word() -> None:
    one = found(
        "1e8,2e9,1e-3,1e5,3.0,finished", "1e8,2e9,0,1e5,3.2,finished", "1e8,2e9,2e-3,1e5,3.1,crashed",
        "1e8,2e9,,1e5,3.1,finished",
        header="params,tokens,lr,batch_tokens,loss,state",
    )  # fmt: skip

    assert one.places.tolist() == [0]
    assert [problem.code for problem in one.warnings] == ["untold_tuning"]
    assert one.warnings[0].message.startswith("1 of 4 runs came to their end")


def test_runs_that_are_not_decayed_say_nothing_of_the_best() -> None:
    one = found(
        "1e8,2e9,1e-3,1e5,3.0,0.1", "1e8,2e9,2e-3,1e5,3.2,1.0", header="params,tokens,lr,batch_tokens,loss,min_lr_ratio"
    )

    assert one.places.tolist() == [0]


@pytest.mark.parametrize(
    ("said", "tokens"),
    [
        ({"batch_tokens": 5e5, "batch": 7.0, "sequence": 1024.0}, 5e5),
        ({"batch": 128.0, "sequence": 1024.0, "steps": 5.0}, 131072.0),
        ({"batch": 128.0, "steps": 10_000.0}, 2e5),
        ({"step": 5000.0, "steps": 10_000.0}, 4e5),
        ({"batch": 128.0}, 262144.0),
        ({}, None),
    ],
)
def test_the_batch_is_as_logged_or_follows_from_what_is(said: dict[str, float], tokens: float | None) -> None:
    assert batch_tokens(record(**said), 2048) == tokens


def test_a_length_that_was_assumed_is_told() -> None:
    one = found("1e8,2e9,1e-3,64,3.0", header="params,tokens,lr,batch_size,loss")

    assert [problem.message for problem in one.warnings] == [
        "The batch of 1 runs is in sequences whose length is not said: 2,048 tokens."
    ]


def test_lengths_that_differ_by_a_step_are_one() -> None:
    one = found(
        "1e8,2e9,1e-3,1e5,3.0", "1e8,2.004e9,2e-3,2e5,3.1", "2e8,2.004e9,2e-3,2e5,3.1", "1e8,2.1e9,2e-3,2e5,3.1"
    )

    assert one.sweep.tokens.tolist() == [2e9, 2e9, 2.004e9, 2.1e9]


def test_runs_of_one_size_on_other_data_are_not_mixed() -> None:
    one = found(
        "1e8,2e9,1e-3,1e5,3.0,1e9", "1e8,2e9,2e-3,1e5,3.2,2e9", "1e8,2e9,3e-3,1e5,3.2,2e9",
        header="params,tokens,lr,batch_tokens,loss,unique_tokens",
    )  # fmt: skip

    assert one.places.tolist() == [1, 2]


def test_runs_of_one_size_of_another_recipe_are_not_mixed() -> None:
    one = found(
        "1e8,2e9,1e-3,1e5,3.0,a", "1e8,2e9,2e-3,1e5,3.2,b", "1e8,2e9,3e-3,1e5,3.2,b", "2e8,2e9,3e-3,1e5,3.2,a",
        header="params,tokens,lr,batch_tokens,loss,recipe",
    )  # fmt: skip

    assert one.places.tolist() == [1, 2, 3]


def test_the_sizes_with_the_most_runs_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_GROUPS", 1)

    one = found("1e8,2e9,1e-3,1e5,3.0", "2e8,2e9,2e-3,1e5,3.2", "2e8,2e9,3e-3,1e5,3.2")

    assert one.places.tolist() == [1, 2]
    assert [problem.code for problem in one.warnings] == ["too_many_sizes"]


def test_a_table_without_learning_rates_is_no_sweep() -> None:
    assert swept(csv("1e8,2e9,3.0", header="params,tokens,loss"), sequence_length=2048) is None


def test_a_whole_sweep_comes_back_as_it_was() -> None:
    sweep = made(runs=4)

    one = swept(imported(sweep), sequence_length=2048)

    assert one is not None
    assert np.allclose(one.sweep.loss, sweep.loss, rtol=1e-9)
    assert np.allclose(one.sweep.batch_tokens, sweep.batch_tokens, rtol=1e-9)


@pytest.mark.parametrize("row", ["1e8,2e9,1e-3,-1e5,3.0", "1e8,2e9,-1e-3,1e5,3.0", "1e8,2e9,1e-3,0,3.0"])
def test_negative_rates_and_batches_are_refused_at_their_cell(row: str) -> None:
    with pytest.raises(SpecError) as caught:
        csv(row)

    assert caught.value.problems[0].message.startswith("Line 2, column")
