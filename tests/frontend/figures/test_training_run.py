"""The whole run on the page: its bars, its table and the facts beside them."""

import pytest

from frontend import figures
from frontend.figures import answer
from frontend.figures.theme import theme
from frontend.figures.training import heads, whole
from solvers import units


def test_the_bars_are_what_the_run_takes_beside_training(small):
    parts = {part["part"]: part for part in small["plan"]["run"]["parts"]}

    figure = whole.figure(small, theme("light"))

    beside = [name for name, part in parts.items() if name != "training" and part["time_share"] > 0]
    assert beside == ["checkpoints", "lost", "detection", "restart"]
    assert list(figure.data[0].y) == [whole.KINDS[name].label for name in beside]
    assert list(figure.data[0].x) == [parts[name]["time_s"] / 60 for name in beside]
    assert figure.layout.xaxis.title.text == "Time beside training (min)"


def test_the_title_says_how_much_of_the_run_is_no_training(small):
    run = small["estimates"]["run_time_s"]["value"]
    beside = sum(part["time_s"] for part in small["plan"]["run"]["parts"][1:])
    shown = [units.show(seconds, units.DURATION) for seconds in (beside, run)]

    assert whole.title(small) == f"Of {shown[1]}, {shown[0]} are not training; most of that is work done again"


def test_without_tokens_the_bars_are_shares(small):
    parts = [{k: v for k, v in part.items() if k != "time_s"} for part in small["plan"]["run"]["parts"]]
    run = {**small["plan"]["run"], "parts": parts}
    result = {
        **small,
        "plan": {**small["plan"], "run": run},
        "estimates": {k: v for k, v in small["estimates"].items() if k != "run_time_s"},
    }

    figure = whole.figure(result, theme("dark"))

    assert figure.layout.xaxis.title.text == "Time beside training (% of the run)"
    assert list(figure.data[0].x) == pytest.approx([100 * p["time_share"] for p in parts[1:] if p["time_share"]])
    assert whole.table(result).columns == ("Part", "Share of the run")
    assert whole.title(result).startswith("Of a run, ")


def test_the_table_holds_training_and_adds_up_to_the_run(small):
    found = whole.table(small)

    assert [row[0] for row in found.rows][:2] == ["Training", "Checkpoints"]
    assert len(found.rows) == 5


def test_the_facts_give_both_formulas_failures_energy_and_what_was_assumed(small):
    run, facts = small["plan"]["run"], dict(whole.facts(small))

    assert list(facts) == [
        "Goodput", "A failure every", "Failures to expect", "Checkpoint", "Save every", "After a failure", "Energy",
        "Assumed",
    ]  # fmt: skip
    young, daly = (units.show(run[f"interval_{name}_s"], units.DURATION) for name in ("young", "daly"))
    assert facts["Save every"].endswith(f"(Young {young}, Daly {daly})")
    assert facts["Assumed"].endswith("PUE 1.56")


def test_a_result_from_before_has_neither_figure_nor_facts(small):
    old = {**small, "plan": {key: value for key, value in small["plan"].items() if key != "run"}}

    found = answer.answer(old)

    assert [chart.name for chart in found.charts] == ["breakdown", "memory"]
    assert found.sheets == ()
    assert figures.view("training").figure("run", old, theme("light")) is None


def test_the_headline_counts_the_tokens_and_not_the_failures(small):
    found = {head.title: head.note for head in heads.heads(small)}

    assert found["Whole run"] == "for 100B tokens"
