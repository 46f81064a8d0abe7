"""Figures of a training answer: the data first, then the traces."""

import json
from copy import deepcopy

import pytest

from frontend import figures
from frontend.figures.base import chance
from frontend.figures.terms import Term
from frontend.figures.theme import theme
from frontend.figures.training import breakdown, choices, frontier, heads, memory, words
from solvers import units

VIEW = figures.view("training")


def test_the_parts_of_the_bar_add_up_to_the_step(small):
    found = breakdown.TERMS.parts(small["explanation"]["breakdown"])

    assert sum(part.seconds for part in found) == pytest.approx(small["estimates"]["step_time_s"]["value"], rel=1e-6)
    assert sum(part.share for part in found) == pytest.approx(1)
    assert all(part.seconds > 0 for part in found)


def test_the_breakdown_draws_one_bar_for_each_part_in_the_colour_of_its_meaning(small):
    found = breakdown.TERMS.parts(small["explanation"]["breakdown"])

    figure = breakdown.TERMS.figure(small, theme("light"))

    assert [trace.name for trace in figure.data] == [part.term.label for part in found]
    assert [trace.x[0] for trace in figure.data] == [part.seconds for part in found]
    assert figure.data[0].marker.color == theme("light")["fig-compute"]
    assert figure.layout.xaxis.title.text == "Time of one step (s)"


def test_the_breakdowns_title_is_what_it_shows():
    def title(**terms: float) -> str:
        return breakdown.title({"explanation": {"breakdown": [{"term": k, "value": v} for k, v in terms.items()]}})

    assert title(compute=7.1, tensor_parallel=2.0, launch=0.9) == (
        "Compute fills 71 % of the step; most of the rest is tensor parallelism"
    )
    assert title(compute=4.0, pipeline_bubble=6.0) == "Pipeline bubble takes 60 % of the step, more than compute (40 %)"
    assert title(compute=1.0, launch=0.001) == "Nearly all of the step is compute"


def test_a_term_that_is_new_here_is_shown_in_its_own_words():
    assert breakdown.TERMS.of("expert_overflow") == Term("Expert overflow", "expert overflow", "other")


def test_the_tables_hold_the_numbers_of_the_figures(small):
    terms = breakdown.TERMS.table(small)
    stages = memory.table(small)

    assert [row[0] for row in terms.rows] == [
        trace.name for trace in breakdown.TERMS.figure(small, theme("light")).data
    ]
    assert [row[0] for row in stages.rows] == [str(stage["stage"]) for stage in small["plan"]["memory"]["stages"]]


def test_memory_is_stacked_by_stage_and_adds_up_to_each_stages_total(small):
    figure = memory.figure(small, theme("dark"))

    totals = [sum(trace.x[row] for trace in figure.data) for row in range(len(small["plan"]["memory"]["stages"]))]
    assert [trace.name for trace in figure.data] == [
        "Weights, gradients",
        "Optimizer",
        "Activations",
        "Logits, buffers, allocator",
    ]
    assert totals == pytest.approx(
        [stage["total_bytes"] / 1e9 for stage in small["plan"]["memory"]["stages"]], rel=1e-6
    )
    assert figure.layout.shapes[0].x0 == small["plan"]["memory"]["capacity_bytes"] / 1e9


def test_many_stages_are_thin_rows_and_the_fullest_is_named(small):
    deep = deepcopy(small)
    stage = deep["plan"]["memory"]["stages"][0]
    deep["plan"]["memory"]["stages"] = [{**stage, "stage": i, "total_bytes": 1e9 * (64 - i)} for i in range(64)]

    assert memory.title(deep) == "Stage 0 is the fullest: 64 GB of 85.9 GB"
    assert memory.height(deep) == 72 + 64 * 4
    assert memory.figure(deep, theme("light")).layout.yaxis.title.text == "Pipeline stage"


def test_the_frontier_draws_every_spot_once_and_ends_on_an_empty_ring(small):
    found = frontier.spots(small)

    figure = frontier.figure(small, theme("light"))

    assert [trace.name for trace in figure.data] == [
        "Beaten on every count",
        "Fastest for its memory",
        "On the frontier",
        "This plan",
        "Memory of the GPU",
        "Picked",
    ]
    keys = [point[0] for trace in figure.data if trace.customdata is not None for point in trace.customdata]
    assert sorted(keys) == sorted(spot.key for spot in found)
    assert len(figure.data[-1].x) == 0
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == (
        "Step time (s)",
        "Peak memory of a GPU (GB)",
    )


def test_the_line_of_the_frontier_only_falls(small):
    line = frontier.figure(small, theme("light")).data[1]

    assert list(line.x) == sorted(line.x)
    assert list(line.y) == sorted(line.y, reverse=True)


def test_the_rows_of_the_frontier_are_the_answer_and_what_nothing_beats_fastest_first(small):
    rows = frontier.points(small)

    others = [entry for entry in small["frontier"] if entry["plan"]["label"] != small["plan"]["label"]]
    assert len(rows) == 1 + len(others)
    assert [row.standing for row in rows if row.key == "plan"] == ["this plan"]


def test_a_picked_point_shows_its_numbers_beside_the_answers(small):
    key = next(row.key for row in frontier.points(small) if row.key != "plan")
    entry = small["frontier"][int(key[1:])]

    picked = frontier.pick(small, key)

    assert (picked.label, picked.standing) == (entry["plan"]["label"], "on the frontier")
    assert (picked.x, picked.y) == (entry["objectives"]["step_time_s"], entry["objectives"]["peak_memory_bytes"] / 1e9)
    assert [one.label for one in picked.numbers][:2] == ["Step time", "Throughput"]
    assert len(picked.breakdown) > 0
    assert picked.changes[0][0] == "/options/fix"
    assert picked.changes[0][1]["tp"] == entry["plan"]["layout"]["tp"]


def test_the_answer_itself_differs_from_itself_in_nothing(small):
    picked = frontier.pick(small, "plan")

    assert {one.change for one in (*picked.numbers, *picked.breakdown)} == {""}
    assert {one.better for one in (*picked.numbers, *picked.breakdown)} == {None}


@pytest.mark.parametrize("key", ["f99999", "x0", "f-1", "f", "", "a٣"])
def test_a_key_of_no_point_picks_nothing(small, key):
    assert frontier.pick(small, key) is None


def test_every_alternative_and_every_beaten_layout_can_be_picked(small):
    keys = [f"a{i}" for i in range(len(small["alternatives"]))] + [f"d{i}" for i in range(len(small["dominated"]))]

    assert [frontier.pick(small, key).key for key in keys] == keys


def test_a_layout_picked_and_fixed_is_a_spec_again(small):
    from solvers.training.options import Fixed  # noqa: PLC0415 -- the vocabulary that the changes must speak

    changes = [frontier.pick(small, f"f{index}").changes for index in range(len(small["frontier"]))]

    assert [Fixed(**change[0][1]).model_dump(exclude_none=True) for change in changes] == [
        change[0][1] for change in changes
    ]


def test_without_a_price_nothing_costs_zero(small):
    free = deepcopy(small)
    for family in ("frontier", "dominated"):
        for entry in free[family]:
            entry["objectives"]["cost_usd_per_step"] = 0.0
    for name in ("cost_usd", "cost_usd_per_step"):
        del free["estimates"][name]

    assert {spot.cost_usd_per_step for spot in frontier.spots(free)} == {None}
    assert {row.cells[3] for row in frontier.points(free)} == {"no price"}
    assert [head.title for head in heads.heads(free)] == [
        "Step time",
        "Whole run",
        "Model FLOP utilisation",
        "Peak memory",
    ]


def test_names_in_a_figure_are_text_and_not_markup(small):
    hostile = deepcopy(small)
    hostile["plan"]["label"] = "<img src=x onerror=alert(1)>"

    assert "<img" not in frontier.figure(hostile, theme("light")).to_json()


def test_the_five_numbers_stand_with_their_intervals(small):
    found = heads.heads(small)

    assert [head.title for head in found] == ["Step time", "Whole run", "Cost", "Model FLOP utilisation", "Peak memory"]
    assert [bool(head.interval) for head in found] == [True, True, True, True, False]
    assert found[1].note == "for 100B tokens"
    assert found[2].note == "at $2.50/h a GPU"


def test_without_tokens_throughput_stands_for_the_whole_run(small):
    short = deepcopy(small)
    for name in ("run_time_s", "cost_usd"):
        del short["estimates"][name]

    assert [head.title for head in heads.heads(short)][1:3] == ["Throughput", "Cost per step"]


def test_the_best_so_far_is_said_in_words():
    assert heads.best_so_far({"label": "TP8 PP1", "step_time_s": 12.34}) == (
        ("Best so far", "TP8 PP1"),
        ("Step time", "12.3 s"),
    )
    assert heads.best_so_far({}) == ()


def test_the_answer_leads_its_runners_up(small):
    rows = choices.choices(small)

    assert [row.key for row in rows] == ["plan", *(f"a{index}" for index in range(len(small["alternatives"])))]
    assert [row.why_not for row in rows] == ["this plan", *(entry["why_not"] for entry in small["alternatives"])]
    assert [cell[0] for cell in rows[0].cells] == ["Step time", "MFU", "Memory", "Cost", "Expected regret"]
    plan = small["plan"]
    assert rows[0].cells[-1][1:] == (
        units.show(plan["expected_regret"], units.SHARE),
        f"best with {chance(plan['probability_best'])}",
    )


def test_chances_are_whole_per_cents_for_they_come_from_a_few_hundred_draws():
    assert [chance(share) for share in (0.0, 0.0039, 0.0195, 0.5)] == ["under 1 %", "under 1 %", "2 %", "50 %"]


def test_the_runners_up_of_bare_priors_have_no_regret(small):
    without = {name: value for name, value in small["plan"].items() if name != "expected_regret"}

    rows = choices.choices({**small, "plan": without})

    assert {len(row.cells) for row in rows} == {4}


def test_a_reason_is_said_as_the_end_of_a_sentence():
    assert words.reason("memory: optimizer") == "need too much memory, most of it for optimizer states"
    assert words.reason("memory: even with activations on the host") == (
        "need too much memory: even with activations on the host"
    )
    assert words.reason("more stages than layers") == "more stages than layers"
    assert [words.binding(name) for name in ("memory", "memory: logits", "max_step_time")] == [
        "Memory",
        "Memory, most of it for logits",
        "Max step time",
    ]


def test_the_nearest_plan_says_by_what_it_misses(impossible):
    nearest = impossible["infeasible"]["nearest"]

    found = words.nearest(nearest)

    assert found.label == nearest["plan"]["label"]
    assert [fact[0] for fact in found.facts] == ["Needs", "May use", "On"]
    assert words.nearest(
        {"plan": {"label": "x"}, "needs": [{"constraint": "max_step_time", "message": "needs 2 s"}]}
    ).facts == (("Max step time", "needs 2 s"),)


@pytest.mark.parametrize("name", ["breakdown", "memory", "frontier"])
def test_figures_are_small_json_without_a_template(small, name):
    drawn = json.loads(VIEW.figure(name, small, theme("light")).to_json())

    assert drawn["layout"]["template"] == {"data": {"scatter": [{"type": "scatter"}]}}
    assert len(json.dumps(drawn)) < 200_000


def test_a_figure_of_another_name_is_none(small):
    assert VIEW.figure("other", small, theme("light")) is None


def test_both_themes_draw_the_same_data(small):
    light, dark = (VIEW.figure("memory", small, theme(name)) for name in ("light", "dark"))

    assert [trace.x for trace in light.data] == [trace.x for trace in dark.data]
    assert light.data[0].marker.color != dark.data[0].marker.color
