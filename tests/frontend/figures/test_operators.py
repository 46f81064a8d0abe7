"""Measured against expected: what is drawn, and in which colours."""

from frontend.expected import Line, Point, finding, lines
from frontend.figures import operators
from frontend.figures.theme import theme
from frontend.predictors import Predictor

POINTS = [
    Point("Memory bandwidth", "size 1 MB", "box", expected_s=1e-4, measured_s=1.1e-4),
    Point("Memory bandwidth", "size 8 MB", "box", expected_s=8e-4, measured_s=4e-4),
    Point("Matrix products", "m 512", "<b>box", expected_s=1e-2, measured_s=3e-2),
]


RECIPES = ["Memory bandwidth", "Matrix products"]
LEARNED = Predictor("id", "box, training", "the calibration box", "training")
AFTER = [
    Point("Memory bandwidth", "size 1 MB", "box", 1.1e-4, 1.1e-4, datasheet_s=1e-4, left_out=True),
    Point("Memory bandwidth", "size 8 MB", "box", 5e-4, 4e-4, datasheet_s=8e-4),
    Point("Matrix products", "m 512", "box", 2.4e-2, 3e-2, datasheet_s=1e-2),
    Point("Launches", "eager", "box", 1e-3, 2e-3),
]


def test_each_recipe_has_its_colour_above_the_band_and_the_diagonal() -> None:
    light = theme("light")

    drawn = operators.scatter(POINTS, light, recipes=RECIPES)

    names = ["15 % shorter", "Within 15 %", "As expected", "Memory bandwidth", "Matrix products"]
    assert [trace.name for trace in drawn.data] == names
    assert [list(trace.x) for trace in drawn.data[3:]] == [[1e-4, 8e-4], [1e-2]]
    assert [list(trace.y) for trace in drawn.data[3:]] == [[1.1e-4, 4e-4], [3e-2]]
    assert [trace.marker.color for trace in drawn.data[3:]] == [light["fig-gpu-1"], light["fig-gpu-2"]]
    assert [list(trace.y) for trace in drawn.data[:3]] == [
        [0.85 * 5e-5, 0.85 * 6e-2],
        [1.15 * 5e-5, 1.15 * 6e-2],
        [5e-5, 6e-2],
    ]
    assert drawn.layout.xaxis.range == drawn.layout.yaxis.range
    assert drawn.layout.xaxis.title.text == "Expected by the datasheet"


def test_behind_a_calibration_stands_what_the_datasheet_says_where_it_has_words() -> None:
    drawn = operators.scatter(
        AFTER, theme("light"), recipes=["Collectives", *RECIPES, "Launches"], by="the calibration", before=True
    )

    marks = drawn.data[3:]
    assert [trace.name for trace in marks] == ["By the datasheet", "Memory bandwidth", "Matrix products", "Launches"]
    assert [list(trace.x) for trace in marks] == [[1e-4, 8e-4, 1e-2], [1.1e-4, 5e-4], [2.4e-2], [1e-3]]
    assert [list(trace.y) for trace in marks] == [[1.1e-4, 4e-4, 3e-2], [1.1e-4, 4e-4], [3e-2], [2e-3]]
    assert marks[0].marker.symbol == "circle-open"
    # A recipe of which nothing is expected keeps its colour free.
    assert marks[1].marker.color == theme("light")["fig-gpu-2"]
    assert drawn.layout.xaxis.title.text == "Expected by the calibration"
    assert marks[1].hovertext[0].endswith("1 ×<br>learned from, and left out of what is expected")
    assert marks[2].hovertext[0].endswith(": 1.25 ×")


def test_a_hover_says_the_ratio_and_no_html_of_a_node() -> None:
    drawn = operators.scatter(POINTS, theme("dark"), recipes=RECIPES)

    assert drawn.data[4].hovertext == (
        "<b>Matrix products</b>, &lt;b&gt;box<br>m 512<br>measured 30 ms, expected 10 ms: 3 ×",
    )


def test_the_key_has_a_colour_for_each_recipe() -> None:
    assert operators.colours(["a", "b"]) == [("a", "fig-gpu-1"), ("b", "fig-gpu-2")]


def test_the_table_and_the_finding_say_the_same() -> None:
    assert lines(POINTS) == [
        Line("Memory bandwidth", 2, 1, "0.8 ×", "0.5 × (size 8 MB, box)", "55 %", ""),
        Line("Matrix products", 1, 0, "3 ×", "3 × (m 512, <b>box)", "67 %", ""),
    ]
    said = finding(POINTS).replace("\u00a0", " ")
    assert said == "The median row takes 1.1 × as long as the datasheet lets expect; 1 of 3 rows lie within 15 %"


def test_by_a_calibration_they_say_what_it_and_the_datasheet_are_off_by() -> None:
    assert lines(AFTER) == [
        Line("Memory bandwidth", 2, 1, "0.9 ×", "0.8 × (size 8 MB, box)", "12 %", "55 %"),
        Line("Matrix products", 1, 0, "1.25 ×", "1.25 × (m 512, box)", "20 %", "67 %"),
        Line("Launches", 1, 0, "2 ×", "2 × (eager, box)", "50 %", ""),
    ]
    # Both medians are of the three rows that a datasheet speaks of.
    assert finding(AFTER, LEARNED).replace("\u00a0", " ") == (
        "The calibration box is off by 20 % in the median, the datasheet by 67 %: "
        "memory bandwidth 12 % (55 %), matrix products 20 % (67 %), launches 50 %"
    )
    assert finding(AFTER[3:], LEARNED).replace("\u00a0", " ") == (
        "The calibration box is off by 50 % in the median: launches 50 %"
    )


def test_a_finding_names_three_recipes_those_with_most_rows() -> None:
    more = [*AFTER, *(2 * [Point("Attention", "s 1", "box", 1.05, 1.0)])]

    assert (
        finding(more, LEARNED)
        .replace("\u00a0", " ")
        .endswith(": memory bandwidth 12 % (55 %), attention 5.0 %, matrix products 20 % (67 %) and 1 more")
    )
