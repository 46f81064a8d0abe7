"""Exports of W&B and MLflow are read without a word on their columns."""

import math

import numpy as np
import pytest

from solvers.scaling.runs.read import Imported, read
from tests.solvers.scaling.runs import exports


def _read_off(found: Imported) -> dict[str, str]:
    return {field: column.column for field, column in found.columns.items()}


def _codes(found: Imported) -> list[tuple[int, str]]:
    return [(flag.run, flag.code) for flag in found.flags]


def test_the_table_of_a_wandb_page_is_read_with_tokens_from_steps_batch_and_sequence():
    found = read(exports.WANDB_PAGE)

    assert _read_off(found) == {
        "params": "model.n_params",
        "loss": "eval/loss",
        "steps": "max_steps",
        "batch": "global_batch_size",
        "sequence": "seq_len",
        "learning_rate": "lr",
        "name": "Name",
        "state": "State",
        "seed": "seed",
    }
    assert found.runs.names == ("ladder-70m", "ladder-160m", "ladder-410m", "ladder-410m-b")
    assert np.array_equal(found.runs.inputs["tokens"], np.array([9000.0, 12000.0, 24000.0, 24000.0]) * 256 * 1024)
    assert found.tokens_from == "steps x batch x sequence"


def test_a_crashed_run_of_a_wandb_page_stays_and_is_not_fitted_to():
    found = read(exports.WANDB_PAGE)

    assert found.flags[0].message == "The run on line 4 is crashed: it has no end."
    assert found.usable.names == ("ladder-70m", "ladder-160m", "ladder-410m-b")
    assert [problem.message for problem in found.warnings if problem.code in ("left_out", "runs_unfinished")] == [
        "One row is no run with a size, tokens and a loss and is left out (line 6).",
        "1 of 4 runs is not finished (line 4 first): not fitted to.",
    ]


def test_a_wandb_frame_with_dictionaries_in_cells_is_read_and_its_nan_is_a_diverged_run():
    found = read(exports.WANDB_FRAME)

    assert _read_off(found) == {
        "params": "config.model.num_params",
        "tokens": "summary.tokens_seen",
        "loss": "summary.val_loss",
        "learning_rate": "config.lr",
        "name": "name",
    }
    assert found.runs.inputs["params"].tolist() == [7e7, 1.6e8, 1.6e8]
    assert math.isnan(found.runs.loss[1])
    assert _codes(found) == [(1, "diverged")]
    assert found.flags[0].message == "The run on line 3 diverged: its loss is not a number."


def test_wandb_json_with_wrapped_configurations_is_read():
    found = read(exports.WANDB_JSON)

    assert found.runs.names == ("1ab2cd3e", "7kl8mn9o")
    assert found.runs.inputs["tokens"].tolist() == [2e9, 4e9]
    assert _codes(found) == [(1, "diverged")]
    assert found.lines == (1, 3)


def test_the_frame_of_mlflow_search_runs_is_read():
    found = read(exports.MLFLOW_CSV)

    assert _read_off(found) == {
        "params": "params.num_params",
        "loss": "metrics.val_loss",
        "steps": "params.total_steps",
        "batch_tokens": "params.batch_tokens",
        "learning_rate": "params.learning_rate",
        "name": "run_id",
        "state": "status",
    }
    assert found.runs.inputs["tokens"].tolist() == [9000.0 * 262144, 18000.0 * 262144, 18000.0 * 262144]
    assert _codes(found) == [(1, "unfinished"), (1, "no_loss")]
    assert found.usable.loss.tolist() == [3.41, 2.93]


@pytest.mark.parametrize("text", [exports.MLFLOW_PAGE, exports.MLFLOW_REST])
def test_the_download_of_an_mlflow_page_and_its_rest_answer_say_the_same(text):
    found = read(text)

    assert found.runs.names == ("0a1b", "4e5f")
    assert found.runs.inputs["params"].tolist() == [7e7, 1.6e8]
    assert found.runs.inputs["tokens"].tolist() == pytest.approx([2.4e9, 4.7e9])
    assert found.runs.loss.tolist() == [3.41, 2.93]


def test_losses_that_were_held_out_come_before_those_of_training_and_the_choice_is_told():
    found = read(exports.MLFLOW_CSV)

    assert found.warnings[0].message == (
        "The loss is read from 'metrics.val_loss'; 'metrics.train_loss' could be it too."
    )
