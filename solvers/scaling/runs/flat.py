"""A run's record, however deep, as one level of columns: `config.model.n_layer`, `data.metrics.loss`.

W&B writes a configuration's entry as {"value": ..., "desc": ...}, and in the data frame of its documentation the whole
configuration and summary of a run as the text of a Python dictionary in one cell [wandb2025export]; MLflow's REST
writes params and metrics as lists of {"key": ..., "value": ...} [mlflow2025rest].
"""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

MOST_DEPTH = 8
# What holds a dictionary as text; numbers that Python writes and cannot read.
PACKED = ("config", "summary", "summary_metrics", "summarymetrics")
UNREADABLE = re.compile(r"(?<=[:,\[(] )(-?)(nan|inf)(?=[,}\])])")


def flat(record: Mapping[str, Any]) -> dict[str, str]:
    """The cells of a record by their column; nothing where nothing is said."""
    return dict(_cells(record, "", 0))


def _cells(value: Any, name: str, depth: int) -> Iterator[tuple[str, str]]:
    match value:
        case Mapping() if "value" in value and set(value) <= {"value", "desc"} and name:
            yield from _cells(value["value"], name, depth)
        case Mapping() if depth < MOST_DEPTH:
            for key, inner in value.items():
                yield from _cells(inner, f"{name}.{key}" if name else str(key), depth + 1)
        case list() if value and all(isinstance(one, dict) and {"key", "value"} <= set(one) for one in value):
            for one in value:
                yield from _cells(one["value"], f"{name}.{one['key']}", depth + 1)
        case str() if _packed(name, value):
            yield from _cells(_unpacked(value), name, depth)
        case str() if value.strip():
            yield name, value.strip()
        case bool():
            yield name, str(value).lower()
        case int() | float():
            yield name, repr(value)


def _packed(name: str, text: str) -> bool:
    return name.rsplit(".", 1)[-1].lower() in PACKED and text.lstrip().startswith("{")


def _unpacked(text: str) -> Any:
    """The dictionary of a JSON or Python text; its text in another column where it is neither."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(UNREADABLE.sub(r"'\1\2'", text.strip()))
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return {"unreadable": text[:80]}
