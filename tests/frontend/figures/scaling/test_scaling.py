"""The page of a scaling answer: what it says, and what its charts hold."""

import math
from copy import deepcopy

import pytest

from frontend.figures import answer, view
from frontend.figures.scaling import (
    asked,
    doubt,
    fan,
    isoflops,
    ladder,
    laws,
    panels,
    recipes,
    residuals,
    spend,
    surface,
    throughput,
    tuning,
    words,
)
from frontend.figures.theme import Theme, theme
from solvers.documents import Document
from tests.frontend.figures.scaling import sample

LIGHT = theme("light")
TRUNKS = (
    "Runs of one size share a trunk at a constant learning rate and part only to decay (WSD): that saves 12 % of what "
    "they cost alone."
)
CHARTS = ["spend", "doubt", "fan", "isoflops", "surface", "tuning", "residuals", "laws", "recipes", "throughput"]

SHOWN_BY = {
    "curve": ["spend"], "doubt": ["doubt"], "fan": ["fan"], "flagged": ["flagged"], "isoflops": ["isoflops"],
    "ladder": ["throughput"], "laws": ["laws"], "recipes": ["recipes"], "runs": ["residuals"],
    "surface": ["surface"], "training": ["How to train it", "Learning rate"], "tuning": ["tuning", "rules"],
}  # fmt: skip


@pytest.fixture
def solved() -> Document:
    return sample.solved()


def shown_names(result: Document) -> list[str]:
    """Of charts, panels, sheets and headline numbers."""
    shown = answer.answer(result)
    drawn = [chart.name for chart in shown.charts]
    panels_ = [panel.name for panel in (*shown.first, *shown.panels)]
    return [*drawn, *panels_, *(title for title, _ in shown.sheets), *(head.title for head in shown.heads)]


def names(figure) -> list[str]:
    return [trace.name for trace in figure.data]


def test_the_page_opens_with_the_loss_the_size_and_the_rate(solved: Document) -> None:
    heads = view("scaling").heads.heads(solved)

    assert [(head.title, head.value, head.unit, head.interval, head.note) for head in heads] == [
        ("Loss to expect", "2.000", "nats/token", "1.940 – 2.060", "± 3.0 %"),
        ("Parameters", "10B", "non-embedding", "8B – 12B", "the best split of the compute"),
        ("Tokens", "200B", "", "160B – 240B", "20 a parameter"),
        ("Learning rate", "2e-4", "", "1e-4 – 4e-4", "at its peak, WSD; batches of 2M tokens"),
    ]


def test_a_learning_rate_stands_on_a_bar_of_a_decade_either_way(solved: Document) -> None:
    solved["plan"]["training"]["learning_rate"] = {"value": 2e-4, "low": 2e-4 / 10**0.5, "high": 1.0}

    head = view("scaling").heads.heads(solved)[3]

    assert (head.low, head.at, head.high) == (25.0, 50.0, 100.0)


def test_gpu_hours_stand_on_top_where_the_hardware_is_known(solved: Document) -> None:
    solved["estimates"]["gpu_hours"] = {"value": 8300.0, "low": 7000.0, "high": 9900.0}

    head = view("scaling").heads.heads(solved)[-1]

    assert (head.title, head.value, head.interval, head.note) == ("GPU-hours", "8,300", "7,000 – 9,900", "on 512 GPUs")


def test_a_target_beyond_all_experience_gets_no_number_on_top(solved: Document) -> None:
    solved["warnings"] = [{"code": "too_far_target", "message": "No law was ever tried that far.", "at": "/target"}]

    head = view("scaling").heads.heads(solved)[0]

    note = "the laws point to 2.000 nats/token; none was ever tried so far"
    assert (head.value, head.interval, head.note) == ("–", "", note)
    assert fan.title(solved) == "1.2e22 FLOP is 100 times beyond the largest run: no law was tried so far"


def test_what_was_given_has_no_interval_and_repeats_are_told(solved: Document) -> None:
    solved["plan"]["target"].update(how="given", epochs=2.5)
    del solved["estimates"]["params"], solved["estimates"]["tokens"]

    heads = {head.title: head for head in view("scaling").heads.heads(solved)}

    assert (heads["Parameters"].interval, heads["Parameters"].note) == ("", "as asked")
    assert heads["Tokens"].note == "20 a parameter, each seen 2.5 times"


def test_next_to_it_stands_what_to_run_next_and_the_ladder(solved: Document) -> None:
    (ladder,) = answer.answer(solved).first

    assert ladder.title == "Run next: 1B parameters on 20B tokens: interval 3.0 % → 2.0 % for 40 GPU-hours"
    assert ladder.table.columns == (
        "Run", "Parameters, non-embedding", "Tokens", "Model", "Learning rate", "Batch and steps", "GPU-hours",
        "Interval after it",
    )  # fmt: skip
    assert ladder.table.rows == (
        ("rung-1 (next)", "1B", "20B", "40 layers of 5,120", "2e-4", "2M tokens × 120,000, WSD", "40 on 8 GPUs",
         "± 2.0 %"),
        ("rung-2", "1B", "10B, from rung-1", "40 layers of 5,120", "2e-4", "2M tokens × 120,000, WSD",
         "25 on 8 GPUs", "± 1.5 %"),
    )  # fmt: skip
    assert ladder.notes[1:] == (
        "Together 65 GPU-hours ($162): interval 3.0 % → 1.5 % of the loss on either side.",
        TRUNKS,
        "Go on: the goal is 1.0 %.",
    )


def test_a_first_ladder_promises_no_interval_and_counts_flop_without_hardware(solved: Document) -> None:
    plan = solved["plan"]
    plan["ladder"].update(how="first", gpu_hours=None, usd=None, before=None, after=None, tree_saving=None)
    plan["next"].update(before=None, after=None, gpu_hours=None)
    for rung in plan["ladder"]["rungs"]:
        rung.update(gpu_hours=None, gpus=None, before=None, after=None)

    (ladder,) = answer.answer(solved).first

    assert ladder.title == "Run next: 1B parameters on 20B tokens, 1.2e20 FLOP"
    assert [row[-2:] for row in ladder.table.rows] == [("1.2e20 FLOP", "–"), ("6e19 FLOP", "–")]
    assert ladder.notes[1] == "Together 2.3e20 FLOP."


def test_every_chart_is_drawn_in_both_themes_with_its_twin(solved: Document) -> None:
    shown = answer.answer(solved)

    assert [chart.name for chart in shown.charts] == CHARTS
    for chart in shown.charts:
        assert chart.table.rows
        assert all(len(row) == len(chart.table.columns) for row in chart.table.rows)
        for name in ("light", "dark"):
            drawn = view("scaling").figure(chart.name, solved, theme(name))
            assert drawn is not None
            assert drawn.layout.height == chart.height
            assert drawn.to_json(validate=True)


def test_parts_that_are_null_leave_no_hole() -> None:
    shown = answer.answer(sample.bare())

    assert (shown.charts, shown.first, shown.panels, shown.points, shown.choices) == ((), (), (), (), ())
    assert [head.title for head in shown.heads] == ["Parameters", "Tokens"]
    assert [title for title, _ in shown.sheets] == ["The big run", "What the numbers count"]


@pytest.mark.parametrize("part", sorted(set(sample.plan()) - {"label", "target"}))
def test_what_shows_a_part_that_is_missing_is_left_out_and_all_else_stays(solved: Document, part: str) -> None:
    before = shown_names(solved)
    solved["plan"][part] = [] if isinstance(solved["plan"][part], list) else None

    after = shown_names(solved)

    assert after == [name for name in before if name not in SHOWN_BY.get(part, ())]
    for name in set(after) & set(CHARTS):
        assert view("scaling").figure(name, solved, LIGHT).to_json(validate=True)


def test_the_charts_say_what_they_found(solved: Document) -> None:
    titles = {chart.name: chart.title for chart in answer.answer(solved).charts}

    assert titles == {
        "spend": "65 GPU-hours take the interval from 3.0 % to 1.5 %, not to the goal of 1.0 %",
        "doubt": "Most of the doubt, 64 %, is that laws disagree about the target",
        "fan": "Loss will be 1.940 to 2.060 at 1.2e22 FLOP, 100 times beyond the largest run",
        "isoflops": "10B parameters are best at 1.2e22 FLOP; half or twice that costs up to 1.5 % of the loss",
        "surface": "20 tokens a parameter are best at 1.2e18 FLOP, 20 at 1.2e22 FLOP",
        "tuning": "Learning rates from 1.5e-4 to 3e-4 with batches from 1.50M to 3M tokens lose at most 0.10 %",
        "residuals": "Half of the runs are within 0.39 % of the laws; 1 of 4 runs flagged",
        "laws": "Skaling counts most, 75 %; the laws are 2.5 % apart, 2.000 to 2.050",
        "recipes": "new beats old at the target with a chance of 93 %",
        "throughput": "From 300M to 1B parameters, 30 % to 38 % of the peak FLOP/s",
    }


def test_the_curve_starts_from_what_is_known(solved: Document) -> None:
    drawn = spend.figure(solved, LIGHT)

    assert spend.points(solved) == ((0.0, 0.03, 0), (40.0, 0.02, 1), (65.0, 0.015, 2))
    assert names(drawn) == ["Other spends", "This ladder, run by run", "Run next", "Before its first run"]
    assert list(drawn.data[0].y) == [2.0, 1.5]
    assert (list(drawn.data[1].x), list(drawn.data[1].y)) == ([40.0, 65.0], [2.0, 1.5])
    assert (list(drawn.data[2].x), list(drawn.data[2].y)) == ([40.0], [2.0])
    assert (list(drawn.data[3].x), list(drawn.data[3].y)) == ([40.0, 40.0], [3.0, 2.0])
    assert [annotation.text for annotation in drawn.layout.annotations] == ["now 3.0 %", "goal 1.0 %"]


def test_the_curve_is_of_flop_where_hours_are_not_known(solved: Document) -> None:
    for point in solved["plan"]["curve"]:
        point["gpu_hours"] = None

    assert [cost for cost, _, _ in spend.points(solved)] == [0.0, 1.2e20, 2.3e20]
    assert spend.figure(solved, LIGHT).layout.xaxis.title.text == "Spend on small runs (FLOP)"
    assert spend.table(solved).rows[1] == ("This ladder", "1.2e20 FLOP", "1 run", "± 2.0 %")
    assert spend.table(solved).rows[-1] == ("A set of this spend", "2.3e20 FLOP", "2 runs", "± 1.5 %")


@pytest.mark.parametrize(
    ("goal", "said"),
    [
        (None, "65 GPU-hours take the interval from 3.0 % to 1.5 %"),
        (0.015, "65 GPU-hours take the interval from 3.0 % to 1.5 %, within the goal of 1.5 %"),
        (0.05, "The interval is 3.0 %, within the goal of 5.0 %"),
    ],
)
def test_the_curve_says_whether_the_goal_is_reached(solved: Document, goal: float | None, said: str) -> None:
    solved["spec"]["budget"] = {"goal": goal}

    assert spend.title(solved) == said


def test_doubt_is_parted_as_variances_add_up(solved: Document) -> None:
    assert doubt.shares(solved) == pytest.approx({"laws": 0.64, "parameters": 0.36})
    assert doubt.table(solved).rows[0] == ("Disagreement of the laws", "64 %", "0.80 %")
    assert list(doubt.figure(solved, LIGHT).data[0].x)[:2] == pytest.approx([64.0, 36.0])


def test_the_fan_holds_band_forecast_runs_and_target(solved: Document) -> None:
    drawn = fan.figure(solved, LIGHT)

    assert names(drawn) == [
        "Interval",
        "Forecast",
        "Forecast beyond the runs",
        "Runs",
        "Flagged",
        "Not fitted to",
        "Target",
    ]
    band, inside, beyond, runs, flagged, _, target = drawn.data
    assert list(band.y) == [3.03, 2.42, 2.06, 1.94, 2.38, 2.97]
    assert (list(inside.y), list(beyond.y), beyond.line.dash) == ([3.0, 2.4], [2.4, 2.0], "dash")
    assert (list(runs.y), list(flagged.y)) == ([3.0, 2.7, 2.4], [2.9])
    assert "Run 3 is 7.8 % above the law of the others." in flagged.customdata[0]
    assert (list(target.x), list(target.error_y.array)) == ([1.2e22], pytest.approx([0.06]))
    assert target.hovertemplate.endswith("loss %{y:.3f}, 1.940 to 2.060<extra></extra>")
    assert fan.table(solved).rows[-1] == ("1.2e22 FLOP", "10B", "200B", "2.000", "1.940", "2.060")


def test_names_of_runs_are_text_and_never_markup(solved: Document) -> None:
    solved["plan"]["runs"][0]["name"] = "<b>x"

    assert fan.figure(solved, LIGHT).data[3].customdata[0].startswith("<b>&lt;b&gt;x</b><br>100M parameters")
    assert "&lt;b&gt;x" in surface.figure(solved, LIGHT).data[2].customdata[0]


def test_isoflops_tell_what_half_and_twice_the_size_cost(solved: Document) -> None:
    drawn = isoflops.figure(solved, LIGHT)

    assert names(drawn) == ["Interval", "1.2e22 FLOP", "Best size"]
    assert list(drawn.data[1].x) == [2.5e9, 5e9, 1e10, 2e10]
    assert (list(drawn.data[2].x), list(drawn.data[2].y)) == ([1e10], [2.0])
    assert isoflops.table(solved).rows == (("1.2e22 FLOP", "10B", "200B", "20", "2.000", "+1.0 %", "+1.5 %"),)


def test_an_isoflop_has_a_gap_where_a_law_ceases_to_count(solved: Document) -> None:
    level = solved["plan"]["isoflops"][0]
    level["not_counted"] = [{"title": "Farseer", "least_params": 2e10, "most_params": 4e10}]

    drawn = isoflops.figure(solved, LIGHT)

    assert list(drawn.data[1].x) == [2.5e9, 5e9, 1e10, None, 2e10]
    assert list(drawn.data[1].y) == [2.1, 2.02, 2.0, None, 2.03]
    assert list(drawn.data[0].x) == [2.5e9, 5e9, 1e10, 1e10, 5e9, 2.5e9, None, 2e10, 2e10]
    assert isoflops.legend(solved)[-1].label == "Gap: where Farseer says that more does harm, it does not count"
    assert isoflops.table(solved).columns[-1] == "Law that does not count"
    assert isoflops.table(solved).rows[0][-1] == "Farseer from 20B to 40B"


def test_a_law_that_counts_nowhere_on_an_isoflop_leaves_no_gap(solved: Document) -> None:
    level = solved["plan"]["isoflops"][0]
    level["not_counted"] = [{"title": "Farseer", "least_params": 2.5e9, "most_params": 4e10}]

    assert list(isoflops.figure(solved, LIGHT).data[1].x) == [2.5e9, 5e9, 1e10, 2e10]
    assert len(isoflops.legend(solved)) == 2
    assert len(isoflops.table(solved).columns) == 7


def test_the_surface_has_parameters_along_and_tokens_up(solved: Document) -> None:
    drawn = surface.figure(solved, LIGHT)

    assert names(drawn) == ["Loss", "Best split of compute", "Runs", "Target"]
    assert [list(row) for row in drawn.data[0].z] == [[2.4, 2.2], [2.3, 2.0], [2.25, 1.9]]
    assert drawn.layout.xaxis.title.text == "Parameters (non-embedding)"
    assert surface.table(solved).rows[1] == ("10B", "2.200", "2.000", "1.900")


def test_a_given_target_is_compared_with_the_best_split(solved: Document) -> None:
    solved["plan"]["target"].update(how="given", tokens_per_param=80.0)

    assert surface.title(solved).endswith("20 at 1.2e22 FLOP, the target has 80")


def test_learning_rate_lies_along_and_batch_up(solved: Document) -> None:
    drawn = tuning.figure(solved, LIGHT)

    assert names(drawn) == [
        "Loss over the best", "Flat region", "Runs", "Diverged", "Run next", "Published rules", "Chosen",
    ]  # fmt: skip
    contour, flat, runs, diverged, following, rules, chosen = drawn.data
    assert [list(row) for row in contour.z] == [[1.0, 0.0, 2.0], [2.0, 1.0, 4.0]]
    assert (flat.x[0], flat.y[0]) == (flat.x[-1], flat.y[-1])
    assert (list(runs.x), list(diverged.x), list(following.x)) == ([2e-4], [4e-4], [2.5e-4])
    assert (len(rules.x), list(chosen.y)) == (1, [2e6])


def test_runs_that_diverged_beyond_the_grid_are_seen_and_counted_apart(solved: Document) -> None:
    solved["plan"]["tuning"]["observed"][1]["learning_rate"] = 1e-2

    drawn = tuning.figure(solved, LIGHT)

    low, high = drawn.layout.xaxis.range
    assert low < math.log10(1e-4) < math.log10(1e-2) < high
    assert drawn.layout.plot_bgcolor == drawn.data[0].colorscale[-1][1]
    assert [(entry.label, entry.value) for entry in tuning.legend(solved)][1:3] == [
        ("Runs, moved to this size", "1"), ("Diverged (crosses)", "1"),
    ]  # fmt: skip


def test_the_choice_the_flat_region_and_the_runs_to_do_stand_in_one_table(solved: Document) -> None:
    assert tuning.table(solved).rows == (
        ("Chosen", "2e-4", "2M", ""),
        ("Flat region", "1.5e-4 – 3e-4", "1.50M – 3M", "at most 0.10 % of the loss"),
        ("Step Law", "2e-4", "2M", "li2025predictable"),
        ("Kaplan", "1e-3", "–", "kaplan2020"),
        ("Run next", "3e-4", "1.50M", "at 300M parameters, 6B tokens"),
    )


def test_rules_are_told_with_where_their_sources_contradict_themselves(solved: Document) -> None:
    found = panels.rules(solved)

    assert found is not None
    assert found.title == "What published rules say of 10B parameters on 200B tokens"
    assert found.table.rows == (
        ("Step Law", "2e-4", "2M tokens", "li2025predictable"), ("Kaplan", "1e-3", "–", "kaplan2020"),
    )  # fmt: skip
    assert found.notes == ("Kaplan: Its table prints another.",)


def test_residuals_have_every_run_in_their_twin(solved: Document) -> None:
    drawn = residuals.figure(solved, LIGHT)

    assert names(drawn) == ["Runs", "Flagged", "Not fitted to"]
    assert list(drawn.data[1].y) == pytest.approx([100 * (2.9 / 2.69 - 1)])
    assert residuals.table(solved).rows[2] == (
        "odd", "300M", "6B", "1.1e19 FLOP", "2.900", "2.690", "+7.8 %", "1.00", "0.25", "far from the laws",
    )  # fmt: skip


def test_runs_without_a_loss_are_listed_and_not_drawn(solved: Document) -> None:
    solved["plan"]["runs"][0].update(loss=None, fitted=None, residual=None, weight=None, leverage=None)

    assert len(residuals.figure(solved, LIGHT).data[0].y) == 2
    assert residuals.table(solved).rows[0][4:] == ("–", "–", "–", "–", "–", "–")
    assert len(fan.figure(solved, LIGHT).data[3].y) == 2


def test_runs_of_a_sweep_that_are_not_its_best_need_no_look(solved: Document) -> None:
    solved["plan"]["runs"][0].update(flags=["not_best"], fitted=None, residual=None)
    solved["plan"]["flagged"].append({"run": solved["plan"]["runs"][0]["name"], "code": "not_best", "message": "No."})

    table, drawn = panels.flagged(solved), fan.figure(solved, LIGHT)

    assert table is not None
    assert (table.title, len(table.table.rows)) == ("1 run should be looked at", 1)
    assert table.notes[0].startswith("1 more run is not the best of the size and length")
    assert [len(drawn.data[place].x) for place in (4, 5)] == [1, 1]
    assert residuals.title(solved).endswith("; 1 of 4 runs flagged")
    assert [entry.label for entry in residuals.legend(solved)] == ["Runs fitted to", "Flagged: 1 far from the laws"]


def test_runs_that_are_hardly_trained_do_not_stretch_the_charts(solved: Document) -> None:
    runs = solved["plan"]["runs"]
    runs[0].update(flags=["hardly_trained"], residual=-0.6)
    solved["plan"]["fan"] = {name: [1.0, *values] for name, values in solved["plan"]["fan"].items()}
    before = min(one["flops"] for one in runs[1:])

    reach = residuals.figure(solved, LIGHT).layout.yaxis.range

    assert max(abs(end) for end in reach) < 60
    assert min(asked.fan(solved)["flops"]) >= 0.99 * before


def test_where_no_more_runs_are_advised_the_stop_rule_is_told(solved: Document) -> None:
    solved["plan"]["ladder"]["rungs"], solved["plan"]["next"] = [], None
    solved["plan"]["stop"] = {"code": "nothing_gained", "message": "It would hardly narrow."}

    told = ladder.panels(solved)

    assert [(panel.title, panel.notes) for panel in told] == [
        ("No more small runs are advised", ("It would hardly narrow.",))
    ]
    assert "would hardly narrow the interval" in spend.title(solved)


def test_flagged_runs_are_told_with_why(solved: Document) -> None:
    table = panels.flagged(solved)

    assert table is not None
    assert table.title == "1 run should be looked at"
    assert table.table.rows == (("odd", "far from the laws", "Run 3 is 7.8 % above the law of the others."),)


def test_each_law_says_what_it_would_alone(solved: Document) -> None:
    drawn = laws.figure(solved, LIGHT)

    together, alone = drawn.data
    assert (list(together.x), list(together.error_x.array)) == ([2.0], pytest.approx([0.06]))
    assert (list(alone.x), list(alone.y)) == ([2.0, 2.05], [1, 2])
    assert [note.text for note in drawn.layout.annotations] == [
        "Together: 2.000", "Skaling: 2.000, counts 75 %", "Chinchilla: 2.050, counts 25 %",
    ]  # fmt: skip
    table = laws.panel(solved)
    assert table is not None
    assert table.notes == ("Chinchilla: The paper contradicts itself.", laws.CONDITION)
    assert table.title == "The laws as fitted to these runs: N non-embedding, D in tokens, L in nats/token"
    assert table.table.rows[1][2:4] == ("E 1.8, A 400", "condition 3.2e5, 75 % of the starts agree")


def test_each_number_of_gpus_has_its_own_line(solved: Document) -> None:
    sizes = solved["plan"]["ladder"]["throughput"]
    sizes.append({**sizes[1], "gpus": 64, "mfu": 0.3})

    assert [(trace.name, list(trace.y)) for trace in throughput.figure(solved, LIGHT).data] == [
        ("8 GPUs", [30.0, 38.0]), ("64 GPUs", [30.0]),
    ]  # fmt: skip
    assert [entry.label for entry in throughput.legend(solved)] == ["8 GPUs", "64 GPUs"]


def test_recipes_are_compared_both_ways(solved: Document) -> None:
    assert recipes.table(solved).rows == (
        ("old", "20 runs", "12B", "160B", "2.100", "2.058 – 2.142", "–", "7 %"),
        ("new", "12 runs", "10B", "200B", "2.000", "1.960 – 2.040", "93 %", "–"),
    )


def test_recipes_of_an_answer_that_says_no_sizes_are_compared_without(solved: Document) -> None:
    for one in solved["plan"]["recipes"]["list"]:
        del one["params"], one["tokens"]

    table = recipes.table(solved)

    assert table.columns == ("Recipe", "Runs", "Loss", "90 % interval", "Beats old", "Beats new")
    assert table.rows == (
        ("old", "20 runs", "2.100", "2.058 – 2.142", "–", "7 %"),
        ("new", "12 runs", "2.000", "1.960 – 2.040", "93 %", "–"),
    )
    assert list(recipes.figure(solved, LIGHT).data[0].customdata) == ["20 runs", "12 runs"]
    assert "recipes" in shown_names(solved)
    assert list(recipes.figure(solved, LIGHT).data[0].x) == [2.1, 2.0]


def test_the_big_run_is_told_whole(solved: Document) -> None:
    sheets = dict(answer.answer(solved).sheets)

    assert [(fact.what, fact.of_it) for fact in sheets["The big run"]] == [
        ("Compute", "1.2e22 FLOP"),
        ("Time", "8,300 GPU-hours on 512 GPUs"),
        ("Model", "40 layers of 5,120, FFN 13,824, 40 heads of 128, 8 of keys and values"),
        ("Parameters in all", "11.3B, vocabulary 128,000"),
    ]
    assert [(fact.what, fact.of_it) for fact in sheets["How to train it"]] == [
        ("Learning rate", "2e-4 (1e-4 – 4e-4)"),
        ("Batch", "2M tokens (1M – 4M): 512 sequences of 4,096"),
        ("Schedule", "WSD: 120,000 steps, 2,000 to warm up, 24,000 to decay to 0 %"),
        ("AdamW", "weight decay 0.1, β₁ 0.9, β₂ 0.95"),
        ("These come from", "the rule Step Law"),
    ]


def test_what_runs_decided_comes_from_the_runs(solved: Document) -> None:
    solved["plan"]["training"]["source"] = "surface"

    sheets = dict(answer.answer(solved).sheets)

    assert [(fact.what, fact.of_it) for fact in sheets["How to train it"]][-1] == ("These come from", "your runs")


def test_reasons_are_said_as_flags_are() -> None:
    assert [words.reason(code) for code in ("not_best", "no_loss", "new_code")] == [
        "not the best of the size", "no loss", "new code",
    ]  # fmt: skip


def test_conventions_stand_beside(solved: Document) -> None:
    sheets = dict(answer.answer(solved).sheets)

    assert [fact.of_it for fact in sheets["What the numbers count"]] == [
        "non-embedding: parameters without token embeddings and output head",
        "nats per token",
        "6 × parameters × tokens",
        "4",
    ]


@pytest.fixture
def dark() -> Theme:
    return theme("dark")


def test_two_forecasts_are_compared_by_where_their_doubt_comes_from(solved: Document, dark: Theme) -> None:
    from frontend.figures import comparison  # noqa: PLC0415 -- beside the kind's own

    surer = deepcopy(solved)
    surer["estimates"]["loss"] = sample.around(2.0, 0.01)

    (chart,) = comparison.compared([("one", surer), ("two", solved)])

    assert chart.title == "Disagreement of the laws makes most of the 2 % between “one” and “two”"
    assert chart.table.caption == "Doubt of the forecast by source"
    assert chart.table.rows[0] == ("Disagreement of the laws", "0.64 %", "1.92 %")
    assert comparison.figure([("one", surer)], dark).layout.xaxis.title.text == "Doubt of the forecast (% of the loss)"


def test_the_forecast_is_drawn_from_the_smallest_run_on(solved: Document) -> None:
    solved["plan"]["runs"] = solved["plan"]["runs"][1:]

    drawn = fan.figure(solved, LIGHT)

    assert (list(drawn.data[1].x), list(drawn.data[2].x)) == ([1.2e20], [1.2e20, 1.2e22])
    assert surface.title(solved) == "20 tokens a parameter are best at 1.2e20 FLOP, 20 at 1.2e22 FLOP"


def test_a_learning_rate_that_mup_carries_is_told_with_its_multipliers(solved: Document) -> None:
    rates = {"input_rate": 1.0, "hidden_rate": 0.0714285714, "output_rate": 0.0714285714}
    spreads = {"input_spread": 1.0, "hidden_spread": 0.267261242, "output_spread": 0.0714285714}
    solved["plan"]["training"] |= {"source": "mup", "mup": {"tuned_width": 256, "width": 3584, **rates, **spreads}}

    facts = dict(words.training(solved))

    assert facts["muP, from a width of 256"] == (
        "learning rate times 1 for input weights, 0.0714 for hidden matrices, 0.0714 for the output; standard deviation"
        " of their first values times 1, 0.267, 0.0714"
    )
    assert facts["These come from"] == "the narrow model that was tuned, by muP"
