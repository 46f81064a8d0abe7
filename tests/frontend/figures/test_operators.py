"""Measured against expected: what is drawn, and in which colours."""

from frontend.expected import Point, finding, lines
from frontend.figures import operators
from frontend.figures.theme import theme

POINTS = [
    Point("Memory bandwidth", "size 1 MB", "box", expected_s=1e-4, measured_s=1.1e-4),
    Point("Memory bandwidth", "size 8 MB", "box", expected_s=8e-4, measured_s=4e-4),
    Point("Matrix products", "m 512", "<b>box", expected_s=1e-2, measured_s=3e-2),
]


def test_each_recipe_has_its_colour_above_the_band_and_the_diagonal() -> None:
    light = theme("light")

    drawn = operators.scatter(POINTS, light)

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


def test_a_hover_says_the_ratio_and_no_html_of_a_node() -> None:
    drawn = operators.scatter(POINTS, theme("dark"))

    assert drawn.data[4].hovertext == (
        "<b>Matrix products</b>, &lt;b&gt;box<br>m 512<br>measured 30 ms, expected 10 ms: 3 ×",
    )


def test_the_key_has_a_colour_for_each_recipe() -> None:
    assert operators.colours(["a", "b"]) == [("a", "fig-gpu-1"), ("b", "fig-gpu-2")]


def test_the_table_and_the_finding_say_the_same() -> None:
    assert [(line.recipe, line.rows, line.near, line.ratio, line.worst) for line in lines(POINTS)] == [
        ("Memory bandwidth", 2, 1, "0.8 ×", "0.5 × (size 8 MB, box)"),
        ("Matrix products", 1, 0, "3 ×", "3 × (m 512, <b>box)"),
    ]
    said = finding(POINTS).replace("\u00a0", " ")
    assert said == "The median row takes 1.1 × as long as the datasheet lets expect; 1 of 3 rows lie within 15 %"
