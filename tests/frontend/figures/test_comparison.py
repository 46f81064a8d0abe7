"""Plans side by side, of one kind or of several."""

from copy import deepcopy

from frontend.figures import comparison
from frontend.figures.theme import theme
from solvers.documents import Document
from tests.frontend.figures.serving import sample


def test_each_kind_has_a_chart_in_its_own_words(small: Document) -> None:
    named = [("cluster", small), ("chat", sample.solved())]

    charts = comparison.compared(named)

    assert [(chart.kind, chart.table.caption) for chart in charts] == [
        ("training", "Time of one step by term"),
        ("serving", "Time of a decode step by term"),
    ]
    assert [chart.title for chart in charts] == [
        "Where the time of one step of cluster goes",
        "Where the time of a decode step of chat goes",
    ]
    drawn = comparison.figure(comparison.drawn(named, "serving"), theme("light"))
    assert [trace.x[0] for trace in drawn.data] == [10, 6, 2, 2]
    assert drawn.layout.xaxis.title.text == "Time of a decode step (ms)"


def test_a_plan_that_cannot_be_has_no_bar_and_is_named(small: Document, impossible: Document) -> None:
    (chart,) = comparison.compared([("works", small), ("does not", impossible)])

    assert (chart.title, chart.without) == ("Where the time of one step of works goes", ("does not",))
    assert chart.table.columns == ("Term", "works")


def test_the_title_names_the_term_that_tells_the_slowest_from_the_fastest() -> None:
    slow = deepcopy(sample.solved())
    slow["explanation"]["breakdown"][1]["value"] = 0.016

    (chart,) = comparison.compared([("one", sample.solved()), ("two", slow)])
    (same,) = comparison.compared([("one", slow), ("two", slow)])

    assert chart.title == "Attention over the KV cache makes most of the 10 ms between “one” and “two”"
    assert same.title == "A decode step takes as long in every plan"


def test_runs_that_are_called_alike_are_told_apart_by_their_ids() -> None:
    runs = [("Eight nodes", "1a2b3c4d"), ("Four nodes", "2a2b3c4d"), ("Eight nodes", "3a2b3c4d"), ("", "4a2b3c4d")]
    long = [("x" * 60 + "1", "1a2b3c4d"), ("x" * 60 + "2", "2a2b3c4d")]

    assert comparison.told_apart(runs) == ["Eight nodes (1a2b3c4d)", "Four nodes", "Eight nodes (3a2b3c4d)", "4a2b3c4d"]
    assert comparison.told_apart(long) == ["x" * 28 + "… (1a2b3c4d)", "x" * 28 + "… (2a2b3c4d)"]


def test_without_any_answer_there_is_no_chart(impossible: Document) -> None:
    assert comparison.compared([]) == ()
    assert comparison.compared([("does not", impossible)]) == ()
