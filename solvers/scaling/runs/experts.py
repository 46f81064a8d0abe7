"""Experts of runs whose table says active and all parameters and no experts: all over active ones stand for them.

A model with E experts of which each token passes through one has about E times its parameters (section 2.1
[clark2022unified]); with shared parts or several experts a token, the ratio is what is left of that.
"""

from collections.abc import Sequence
from dataclasses import replace

from solvers.errors import Problem
from solvers.scaling.runs.columns import Columns, said_by_name
from solvers.scaling.runs.names import ACTIVE
from solvers.scaling.runs.records import Record


def derived(columns: Columns) -> bool:
    """Whether experts are all parameters over those of N: active ones, or such as were told beside all of them.

    All over those without embeddings say nothing of experts.
    """
    all_ = columns.get("all_params")
    if "experts" in columns or all_ is None or all_.column == columns["params"].column:
        return False
    return all_.told or said_by_name(columns, "params") == ACTIVE


def with_experts(records: Sequence[Record], columns: Columns) -> tuple[Record, ...]:
    """The records, with experts where those can be derived."""
    return tuple(_with_ratio(record) for record in records) if derived(columns) else tuple(records)


def told(columns: Columns) -> list[Problem]:
    """A warning where they are."""
    if not derived(columns):
        return []
    over = f"'{columns['all_params'].column}' over '{columns['params'].column}'"
    message = f"No column says experts; {over} stand for them."
    return [Problem("experts_derived", message, "/columns", "Say experts=COLUMN; a target's `experts` mean the same.")]


def _with_ratio(record: Record) -> Record:
    if "all_params" not in record.numbers:
        return record
    ratio = max(record.numbers["all_params"] / record.numbers["params"], 1.0)
    return replace(record, numbers={**record.numbers, "experts": ratio})
