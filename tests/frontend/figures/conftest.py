"""A real answer of a small plan, and one of a plan that cannot be."""

import pytest

from solvers import documents, kinds
from solvers.documents import Document
from tests.answers import answer

SMALL = """kind: training
name: A small plan
model: llama-3.1-8b
hardware: {node: dgx-h100, nodes: 2, cost_usd_per_gpu_hour: 2.50 USD/h}
sequence_length: 4096
global_batch: 128
tokens: 1.0e11
"""


def solved(text: str) -> Document:
    """The result document of a spec, as a worker stores it."""
    result = answer(kinds.parse(documents.read(text)))
    result["search"]["seconds"] = 0.5
    return result


@pytest.fixture(scope="session")
def small() -> Document:
    """A solved run's result."""
    return solved(SMALL)


@pytest.fixture(scope="session")
def impossible() -> Document:
    """The result of a spec without any plan."""
    return solved(SMALL.replace("llama-3.1-8b", "llama-3.1-405b").replace("nodes: 2", "nodes: 1"))
