"""Every example's own answer has a whole page: a finding, a figure and a table for each chart, in both themes."""

import pytest

from frontend.figures import answer, view
from frontend.figures.theme import theme
from solvers import documents, kinds
from tests.answers import answer as solved
from tests.frontend.figures.picks import picks


@pytest.mark.parametrize("stem", sorted(kinds.examples("scaling")))
def test_the_page_of_an_example_is_whole(stem: str) -> None:
    result = solved(kinds.parse(documents.read(kinds.examples("scaling")[stem])))

    shown = answer.answer(result)

    assert shown.headline
    assert shown.bold in shown.headline
    for chart in shown.charts:
        assert chart.title
        assert all(len(row) == len(chart.table.columns) for row in chart.table.rows)
        drawn = [view("scaling").figure(chart.name, result, theme(name)) for name in ("light", "dark")]
        assert [figure is not None and bool(figure.to_json(validate=True)) for figure in drawn] == [True, True]
    for panel in (*shown.first, *shown.panels):
        assert all(len(row) == len(panel.table.columns) for row in panel.table.rows)


@pytest.mark.parametrize("stem", sorted(kinds.examples("scaling")))
def test_all_that_can_be_picked_asks_for_a_spec_that_can_be_read(stem: str) -> None:
    spec = documents.read(kinds.examples("scaling")[stem])

    for key, picked, again in picks(view("scaling"), spec, solved(kinds.parse(spec))):
        assert bool(picked.changes) == (key != "plan")
        assert kinds.parse(again).kind == "scaling"


def test_the_charts_of_an_example_with_runs_and_a_budget_are_all_there() -> None:
    result = solved(kinds.parse(documents.read(kinds.examples("scaling")["a-ladder-to-5b"])))

    shown = answer.answer(result)

    assert [chart.name for chart in shown.charts] == [
        "spend", "doubt", "fan", "isoflops", "surface", "tuning", "residuals", "laws", "throughput",
    ]  # fmt: skip
    assert [panel.name for panel in (*shown.first, *shown.panels)] == ["ladder", "laws", "rules"]
    assert shown.first[0].title.startswith("Run next: ")
