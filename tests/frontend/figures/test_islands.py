"""What the page says of a plan over islands."""

from copy import deepcopy

import pytest

from frontend.figures import answer
from frontend.figures.theme import theme
from frontend.figures.training import heads, islands, memory
from solvers.documents import Document
from tests.frontend.figures.conftest import solved

SPEC = """kind: training
model: {name: small-1b, layers: 16, hidden: 2048, ffn: 8192, heads: 32, kv_heads: 8, vocab: 32000}
hardware:
  islands:
    - {name: old, node: dgx-a100-40, nodes: 1}
    - {name: new, node: dgx-h100, nodes: 1}
  between: ethernet-100
sequence_length: 2048
global_batch: 64
options: {fix: {tp: 4, pp: 4, recompute: none}}
"""


@pytest.fixture(scope="module")
def over() -> Document:
    """A plan with stages on both islands."""
    return solved(SPEC)


def test_every_island_has_its_line_with_its_stages_layers_and_share(over: Document) -> None:
    (panel,) = islands.panels(over)

    parts = over["plan"]["islands"]
    assert panel.title == "old and new share pipelines: no gradient crosses between them"
    assert [row[0] for row in panel.table.rows] == [
        "old, 1 × NVIDIA DGX A100 (8 A100 40 GB)",
        "new, 1 × NVIDIA DGX H100 (8 H100 SXM)",
    ]
    assert [row[3].rpartition(" = ")[2] for row in panel.table.rows] == [str(part["layers"]) for part in parts]
    assert sum(part["layers"] for part in parts) == 16
    assert len(panel.notes) == 1


def test_an_island_that_is_left_out_says_so() -> None:
    plan = {
        "islands": [
            {"name": "a", "node": "n", "nodes": 1, "gpus": 8, "gpus_used": 0},
            {
                "name": "b", "node": "n", "nodes": 2, "gpus": 16, "gpus_used": 8, "stages": [0], "dp": 2,
                "layers_per_stage": [4], "layers": 4, "micro_batches": 3, "sequences": 6,
                "peak_memory_bytes": 1e9, "usable_bytes": 2e9,
            },
        ],
        "crossing": [],
    }  # fmt: skip

    (panel,) = islands.panels({"plan": plan})

    assert panel.title == "b trains alone; a is left out"
    assert panel.table.rows == (
        ("a, 1 × n", "0 of 8", "–", "–", "–", "–"),
        ("b, 2 × n", "8 of 16", "0", "4 = 4", "6 sequences, 2 × 3 micro-batches", "1 GB of 2 GB usable"),
    )


def test_a_plan_on_equal_nodes_has_no_such_table(small: Document) -> None:
    assert islands.panels(small) == ()


def test_each_stage_stands_against_the_memory_of_its_own_gpu(over: Document) -> None:
    stages = over["plan"]["memory"]["stages"]

    figure = memory.figure(over, theme("light"))

    lines = [(shape.x0, shape.y0, shape.y1) for shape in figure.layout.shapes]
    capacities = [stage["capacity_bytes"] / 1e9 for stage in stages]
    assert len({line[0] for line in lines}) == 2
    assert {line[0] for line in lines} == set(capacities)
    assert list(figure.layout.yaxis.ticktext) == [f"{stage['stage']} on {stage['island']}" for stage in stages]


def test_the_fullest_stage_is_that_nearest_to_its_own_limit(over: Document) -> None:
    plan = deepcopy(over["plan"])
    small, large = plan["memory"]["stages"][0], plan["memory"]["stages"][-1]
    small |= {"capacity_bytes": 10e9, "total_bytes": 9e9}
    large |= {"capacity_bytes": 80e9, "total_bytes": 60e9}

    assert heads.fullest(plan) == small


def test_the_whole_page_can_be_made_of_it(over: Document) -> None:
    page = answer.answer(over)

    assert [panel.name for panel in page.panels] == ["islands"]
    assert page.bold == over["plan"]["label"]
    assert page.options[0].title == "Pipelines across islands"
