"""The round trip: the ladder's table, filled in, is read as runs."""

import csv
import io
from dataclasses import asdict

import pytest

from solvers.exports.table import csv_text
from solvers.scaling.exports import tables
from solvers.scaling.runs.read import read
from tests.solvers.scaling.exports import cases


def filled(case, losses, **more):
    """The table with losses in the order of its rows; None leaves a row as it is."""
    text = tables.write(cases.result(case))[tables.FILE]
    rows = list(csv.DictReader(io.StringIO(text)))
    for row, loss in zip(rows, losses, strict=True):
        row |= {"loss": "" if loss is None else str(loss), **more}
    return csv_text([list(rows[0]), *(list(row.values()) for row in rows)])


def test_a_filled_ladder_is_imported_as_it_was_planned():
    imported = read(filled("tree", [3.4, 3.1, 2.9, 3.6]))

    rungs = cases.LADDERS["tree"]["rungs"]
    assert imported.runs.loss.tolist() == [3.4, 3.1, 2.9, 3.6]
    assert imported.runs.inputs["params"].tolist() == [one["params"] for one in rungs]
    assert imported.runs.inputs["tokens"].tolist() == [one["tokens"] for one in rungs]
    assert imported.runs.inputs["learning_rate"].tolist() == [2.1e-3, 2.1e-3, 1.2e-3, 2.5e-3]
    assert imported.runs.inputs["final_rate_share"].tolist() == [0.0] * 4
    assert imported.runs.names == ("01-70m-1.3b", "02-70m-5.2b", "03-410m-2.6b", "04-70m-small")
    assert [asdict(one) for one in (imported.counts, imported.loss_unit)] == [
        {"name": "non-embedding", "source": "column"}, {"name": "nats/token", "source": "column"},
    ]  # fmt: skip
    assert imported.gpu_hours == pytest.approx(sum(one["gpu_hours"] for one in rungs))
    assert (imported.tokens_from, imported.flags, imported.warnings) == ("", (), ())


def test_every_column_that_says_what_a_run_is_is_read_from_the_column_that_says_it():
    columns = read(filled("tree", [3.4, 3.1, 2.9, 3.6])).columns

    assert {field: column.column for field, column in columns.items()} == {
        "params": "params", "tokens": "tokens", "loss": "loss", "counts": "counts", "loss_unit": "loss_unit",
        "learning_rate": "learning_rate", "final_rate_share": "final_rate_share", "schedule": "schedule",
        "batch_tokens": "batch_tokens", "sequence": "sequence_length", "steps": "train_steps", "flops": "flops",
        "gpu_hours": "gpu_hours", "name": "name", "branch": "branch",
    }  # fmt: skip


def test_runs_that_were_not_made_yet_are_told_and_left_out():
    imported = read(filled("tree", [3.4, None, 2.9, None]))

    assert [(flag.run, flag.code) for flag in imported.flags] == [(1, "no_loss"), (3, "no_loss")]
    assert len(imported.usable) == 2


def test_a_ladder_on_losses_in_bits_a_byte_is_read_in_bits_a_byte():
    imported = read(filled("plain", [1.02, 0.91]))

    assert (imported.loss_unit.name, imported.warnings) == ("bits/byte", ())


def test_a_diverged_run_may_be_written_as_it_is():
    imported = read(filled("plain", ["nan", 0.91]))

    assert [flag.code for flag in imported.flags] == ["diverged"]


def test_every_number_says_its_unit_or_is_a_count():
    [header, *_] = csv.reader(io.StringIO(tables.write(cases.result("tree"))[tables.FILE]))

    known = {
        "name", "params", "tokens", "loss", "counts", "loss_unit", "learning_rate", "learning_rate_low",
        "learning_rate_high", "sequence_length", "schedule", "weight_decay", "adam_beta1", "adam_beta2", "branch",
        "layers", "heads", "kv_heads", "flops", "gpus",
    }  # fmt: skip
    units = ("tokens", "steps", "share", "hours", "per_s", "width", "words", "sequences", "body", "all", "alone")
    assert [name for name in header if name not in known and not any(unit in name for unit in units)] == []
