"""Every example of scaling in every format that people read: nothing is missing, and no curve fills a cell."""

import json

import pytest

from planner.exports import FORMATS, write
from planner.exports.report import report
from solvers import kinds
from solvers.documents import Document, read
from tests.answers import answer

EXAMPLES = kinds.examples("scaling")


@pytest.fixture(params=EXAMPLES)
def result(request: pytest.FixtureRequest) -> Document:
    """The answer of an example."""
    return answer(kinds.parse(read(EXAMPLES[request.param])))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_says_every_answer(result: Document, name: str) -> None:
    said = write(result, name)

    assert result["plan"]["label"] in said


def test_a_report_says_the_forecast_its_doubt_and_the_ladder_and_no_curve(result: Document) -> None:
    told = report(result)

    titles = [table.title for table in told.tables]
    assert {"Estimates", "Plan", "Options", "Warnings"} <= set(titles)
    assert ("Where the doubt comes from" in titles) == (result["plan"]["doubt"] is not None)
    assert ("Ladder by rung" in titles) == bool(result["plan"]["ladder"] and result["plan"]["ladder"]["rungs"])
    assert [row for table in told.tables for row in table.rows if len(row[-1]) > 1500] == []
    assert [len(row) for table in told.tables for row in table.rows if len(row) != len(table.columns)] == []


def test_json_holds_the_whole_answer(result: Document) -> None:
    assert json.loads(write(result, "json")) == result
