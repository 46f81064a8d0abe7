"""Real answers, as the solver finds them, in every figure."""

import pytest

from frontend import figures
from frontend.figures import answer
from frontend.figures.theme import theme
from solvers import documents, kinds
from solvers.documents import Document
from tests.answers import answer as solved
from tests.frontend.figures.picks import picks

VIEW = figures.view("fleet")
EXAMPLES = kinds.examples("fleet")


@pytest.fixture(scope="module", params=EXAMPLES)
def example(request: pytest.FixtureRequest) -> tuple[Document, Document]:
    """The spec and the answer of an example that ships."""
    spec = documents.read(EXAMPLES[request.param])
    return spec, solved(kinds.parse(spec))


def test_every_part_of_the_page_is_made_of_a_real_answer(example: tuple[Document, Document]) -> None:
    result = example[1]

    page = answer.answer(result)

    assert page.headline
    assert [head.title for head in page.heads] == ["Cost", "Saving", "GPUs", "Within all limits", "Power"]
    assert {"proof", "sizes"} <= {chart.name for chart in page.charts}
    assert ("hours" in {chart.name for chart in page.charts}) == (result["plan"]["hours"]["count"] > 1)
    for chart in VIEW.charts:
        if chart.shown(result):
            assert 200 < len(chart.figure(result, theme("dark")).to_json()) < 200_000
            assert {len(row) for row in chart.table(result).rows} == {len(chart.table(result).columns)}


def test_what_is_stacked_is_the_cost_of_the_plan(example: tuple[Document, Document]) -> None:
    result = example[1]
    cost = result["estimates"]["cost_usd_per_hour"]["value"]

    bars = VIEW.charts[0].figure(result, theme("light")).data[:-1]

    assert sum(bar.x[0] for bar in bars if bar.y[0] == 0) == pytest.approx(cost, rel=1e-6)
    assert sum(part["value"] for part in VIEW.terms.read(result)) == pytest.approx(cost, rel=1e-6)


def test_all_that_can_be_picked_asks_for_a_spec_that_can_be_read(example: tuple[Document, Document]) -> None:
    for key, picked, again in picks(VIEW, *example):
        assert bool(picked.changes) == (key != "plan")
        assert kinds.parse(again).kind == "fleet"
