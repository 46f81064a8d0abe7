"""Traces and sets of lengths that ship: where they come from stands in data/README.md."""

from functools import cache
from importlib.resources import files
from typing import Literal, get_args

from solvers.serving.traces import Rows, of_csv, unpacked

TraceName = Literal["azure-2023-conv", "azure-2023-code", "mooncake-conversation", "mooncake-synthetic"]
LengthsName = Literal[
    "sharegpt", "lmsys", "arxiv-summarization",
    "azure-2023-conv", "azure-2023-code", "mooncake-conversation", "mooncake-synthetic",
]  # fmt: skip
TRACES: tuple[str, ...] = get_args(TraceName)
SETS: tuple[str, ...] = get_args(LengthsName)


@cache
def shipped(name: str) -> Rows:
    """The requests called `name`; those of a set without times arrive one a second."""
    packed = (files("solvers.serving") / "data" / f"{name}.csv.gz").read_bytes()
    return of_csv(unpacked(packed).decode())
