"""The chart of a pipeline over time: what it draws, and what it leaves out."""

import pytest

from frontend.figures import view
from frontend.figures.theme import theme
from frontend.figures.training import timeline
from solvers.documents import Document
from tests.frontend.figures.conftest import SMALL, solved

STAGES = "options: {fix: {pp: 4, tp: 2, micro_batch: 8}}\n"
MANY = "options: {fix: {pp: 16, micro_batch: 1, schedule: 1f1b, recompute: full}}\n"


@pytest.fixture(scope="module")
def pipelined() -> Document:
    """A plan with four stages and eight micro-batches: few enough operations to show them all."""
    return solved(SMALL + STAGES)


@pytest.fixture(scope="module")
def long() -> Document:
    """A plan with many stages, micro-batches and recomputation."""
    return solved(SMALL.replace("global_batch: 128", "global_batch: 2048") + MANY)


def test_a_plan_without_stages_has_no_timeline() -> None:
    result = solved(SMALL + "options: {fix: {pp: 1}}\n")

    drawn = view("training").figure("timeline", result, theme("light"))

    assert (timeline.shown(result), drawn) == (False, None)


def test_every_operation_is_a_bar_where_it_happened(pipelined: Document) -> None:
    document = pipelined["explanation"]["timeline"]

    drawn = timeline.figure(pipelined, theme("light"))

    bars = {
        (bar.name, row, base, length)
        for bar in drawn.data
        if bar.name != "Waiting"
        for row, base, length in zip(bar.y, bar.base, bar.x, strict=True)
    }
    names = [timeline.WORKS[document["kinds"][kind]].label for kind in document["kind"]]
    said = set(zip(names, document["stage"], document["start_s"], document["operation_s"], strict=True))
    assert (document["shown_from_each_end_s"], bars) == (None, said)


@pytest.mark.parametrize("which", ["pipelined", "long"])
def test_each_stage_works_and_waits_for_the_whole_pipeline(which: str, request: pytest.FixtureRequest) -> None:
    document = request.getfixturevalue(which)["explanation"]["timeline"]

    sums = [
        sum(stage[name] for name in ("forward_s", "backward_s", "weights_s", "recompute_s", "idle_s"))
        for stage in document["by_stage"]
    ]
    assert sums == pytest.approx([document["seconds"]] * document["of_stages"], rel=1e-7)
    assert min(stage["idle_s"] for stage in document["by_stage"]) >= 0


def test_a_long_pipeline_shows_its_start_and_its_end_with_a_gap(long: Document) -> None:
    document = long["explanation"]["timeline"]
    edge, whole = document["shown_from_each_end_s"], document["seconds"]

    drawn = timeline.figure(long, theme("light"))

    ends = [base + length for bar in drawn.data for base, length in zip(bar.base, bar.x, strict=True)]
    width = 2 * edge * (1 + timeline.GAP)
    assert (len(document["kind"]) <= 1200, edge < whole / 2) == (True, True)
    assert max(ends) == pytest.approx(width, rel=1e-3)
    assert "alike left out" in drawn.layout.xaxis.title.text
    assert {bar.name for bar in drawn.data} == {"Forward", "Backward", "Recomputation", "Waiting"}


def test_ticks_stand_at_round_times_away_from_the_gap(long: Document) -> None:
    document = long["explanation"]["timeline"]
    place = timeline.Places(document["seconds"], document["shown_from_each_end_s"])

    drawn = timeline.figure(long, theme("light"))

    ticks = list(drawn.layout.xaxis.tickvals)
    assert ticks == sorted(ticks)
    assert [tick for tick in ticks if place.edge < tick < place.edge + place.gap] == []
    assert len(ticks) >= 3


@pytest.mark.parametrize("edge", [3.1, 3.6, 4.3, 4.9])
def test_a_time_stands_at_both_ends_of_the_scale(long: Document, edge: float) -> None:
    long["explanation"]["timeline"].update(seconds=13.6, shown_from_each_end_s=edge)

    ticks = list(timeline.figure(long, theme("light")).layout.xaxis.tickvals)

    assert len([tick for tick in ticks if tick <= edge]) >= 2
    assert len([tick for tick in ticks if tick > edge]) >= 1


def test_the_table_has_every_stage_with_its_seconds(long: Document) -> None:
    document = long["explanation"]["timeline"]

    table = timeline.table(long)

    assert [row[0] for row in table.rows] == [str(stage) for stage in range(document["of_stages"])]
    assert table.columns == ("Stage", "Layers", "Forward", "Backward", "Recomputation", "Waiting", "Share")


def test_both_themes_draw_the_same_operations(pipelined: Document) -> None:
    light, dark = (timeline.figure(pipelined, theme(name)) for name in ("light", "dark"))

    assert [(bar.name, bar.x, bar.base, bar.y) for bar in light.data] == [
        (bar.name, bar.x, bar.base, bar.y) for bar in dark.data
    ]
    assert [bar.marker.color for bar in light.data] != [bar.marker.color for bar in dark.data]
