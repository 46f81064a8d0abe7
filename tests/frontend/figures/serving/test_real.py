"""Real answers, as the solver finds them, in every figure and every format."""

import pytest

from frontend import figures
from frontend.figures import answer
from frontend.figures.theme import theme
from solvers import documents, kinds
from solvers.documents import Document
from solvers.errors import CannotExpress
from tests.answers import answer as solved

VIEW = figures.view("serving")
EXAMPLES = kinds.examples("serving")


@pytest.fixture(scope="module", params=EXAMPLES)
def result(request: pytest.FixtureRequest) -> Document:
    """The answer of an example that ships."""
    return solved(kinds.parse(documents.read(EXAMPLES[request.param])))


def test_every_part_of_the_page_is_made_of_a_real_answer(result: Document) -> None:
    page = answer.answer(result)

    assert page.headline
    assert len(page.heads) == 5
    assert {"ttft", "tpot", "goodput", "bound", "breakdown", "memory", "timeline"} >= {c.name for c in page.charts}
    for chart in VIEW.charts:
        if chart.shown(result):
            drawn = chart.figure(result, theme("dark")).to_json()
            assert 200 < len(drawn) < 200_000
            assert {len(row) for row in chart.table(result).rows} == {len(chart.table(result).columns)}


def test_the_parts_of_a_decode_step_have_words_of_their_own(result: Document) -> None:
    terms = [entry["term"] for entry in result["explanation"]["breakdown"]]

    assert [term for term in terms if term not in VIEW.terms.known] == []


def test_every_point_of_the_frontier_can_be_picked_and_asked_for(result: Document) -> None:
    keys = [point.key for point in VIEW.frontier.points(result)]

    for key in keys:
        picked = VIEW.frontier.pick(result, key)
        assert picked is not None
        fixed = {**result["spec"]["options"]["fix"], **dict(picked.changes)["/options/fix"]}
        again = {**result["spec"], "options": {**result["spec"]["options"], "fix": fixed}}
        assert kinds.parse(again).kind == "serving"
    assert "plan" in keys


def test_a_real_plan_leaves_in_its_engines_format_or_is_refused_with_a_reason(result: Document) -> None:
    made, refused = [], []
    for export in kinds.get("serving").exports:
        try:
            made += [export.name for text in export.write(result).values() if text]
        except CannotExpress as error:
            refused += [(export.name, problem.code) for problem in error.problems]

    assert result["plan"]["engine"]["name"] in made
    assert {code for _, code in refused} <= {"cannot_express"}
