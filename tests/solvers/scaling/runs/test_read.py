import numpy as np
import pytest

from solvers.errors import TooLarge
from solvers.scaling.runs import read as module
from solvers.scaling.runs.read import read

TABLE = "N,D,loss,lr,min_lr,gpu_hours,lr_schedule,state\n"


def test_runs_are_read_with_all_that_their_table_says():
    found = read(TABLE + "1e8,2B,3.1,0.002,0.0002,3.5,cosine,\n2e8,4B,2.9,0.001,0.0005,9,cosine,\n", counts="active")

    assert {name: values.tolist() for name, values in found.runs.inputs.items()} == {
        "params": [1e8, 2e8],
        "tokens": [2e9, 4e9],
        "learning_rate": [0.002, 0.001],
        "final_rate_share": [0.1, 0.5],
    }
    assert (found.runs.counts, found.runs.loss_unit) == ("active", "nats/token")
    assert found.runs.names == ("line 2", "line 3")
    assert found.gpu_hours == 12.5
    assert [(flag.run, flag.code) for flag in found.flags] == [(1, "not_decayed")]


def test_a_constant_schedule_ends_at_its_peak():
    found = read("N,D,loss,lr,schedule\n1e8,2e9,3.1,0.002,constant\n2e8,4e9,2.9,0.001,constant_with_warmup\n")

    assert found.runs.inputs["final_rate_share"].tolist() == [1.0, 1.0]


def test_an_input_that_one_run_does_not_say_is_none_of_the_runs():
    found = read("N,D,loss,lr\n1e8,2e9,3.1,0.002\n2e8,4e9,2.9,\n")

    assert sorted(found.runs.inputs) == ["params", "tokens"]


def test_unknown_states_are_told_and_count_as_finished():
    found = read(TABLE + "1e8,2B,3.1,,,,,napping\n")

    assert found.warnings[-1].message == "States of runs that are not known: napping; they count as finished."
    assert len(found.usable) == 1


def test_everything_that_was_inferred_is_said():
    found = read("Model Size,Training FLOP,val_loss,train_loss\n1e8,1.2e18,3.1,3.0\n")

    assert [one.code for one in found.warnings] == [
        "guessed_column", "counts_assumed", "loss_unit_assumed", "tokens_derived",
    ]  # fmt: skip


def test_the_same_text_is_read_the_same_whatever_its_form():
    lines = read('{"N": 1e8, "D": "2B", "loss": 3.1}\n{"N": "200M", "D": 4e9, "loss": 2.9}\n')
    table = read("N,D,loss\n1e8,2e9,3.1\n2e8,4e9,2.9\n")

    assert np.array_equal(lines.runs.loss, table.runs.loss)
    assert {name: list(values) for name, values in lines.runs.inputs.items()} == {
        name: list(values) for name, values in table.runs.inputs.items()
    }


def test_more_runs_than_are_accepted_are_refused(monkeypatch):
    monkeypatch.setattr(module, "MOST_RUNS", 1)

    with pytest.raises(TooLarge) as caught:
        read("N,D,loss\n1e8,2e9,3.1\n2e8,4e9,2.9\n")

    assert str(caught.value) == "There are 2 runs; 1 are the most."


def test_what_some_runs_say_of_their_kind_and_others_do_not_is_assumed_and_told():
    mixed = read(
        "N,D,loss,experts\n1e8,2e9,3.1,8\n2e8,4e9,2.9,64\n3e8,6e9,2.8,\n", counts="active", loss_unit="nats/token"
    )
    alike = read("N,D,loss,experts\n1e8,2e9,3.1,8\n2e8,4e9,2.9,8\n", counts="active", loss_unit="nats/token")

    assert [(one.code, one.message) for one in mixed.warnings] == [
        ("kind_assumed", "1 run of 3 without experts: one was assumed (line 4 first).")
    ]
    assert mixed.runs.inputs["experts"].tolist() == [8.0, 64.0, 1.0]
    assert alike.warnings == ()
