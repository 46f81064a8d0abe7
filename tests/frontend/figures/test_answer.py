"""The answer page as data: every part from the result document alone."""

from frontend.figures import answer
from frontend.figures.answer import Fact


def test_an_answer_has_every_part_of_its_page(small):
    found = answer.answer(small)

    assert found.headline == small["explanation"]["headline"]
    assert [chart.name for chart in found.charts] == ["breakdown", "memory", "run"]
    assert len(found.sensitivity) == len(small["explanation"]["sensitivity"])
    assert [option.title for option in found.options] == [entry["title"] for entry in small["explanation"]["options"]]
    assert [option.used for option in found.options] == [
        entry["verdict"] == "used" for entry in small["explanation"]["options"]
    ]
    assert found.beaten == len(small["dominated"])


def test_a_sheet_stands_beside_a_chart_that_has_half_a_row_left(small):
    shown = answer.answer(small)

    places = [chart.wide for chart in shown.charts]

    assert (places, len(shown.sheets), shown.lone_sheet) == ([False, False, False], 1, False)


def test_what_stands_behind_the_numbers_names_versions_seed_and_data(small):
    provenance = small["provenance"]

    facts = {fact.what: fact.of_it for fact in answer.sure(small)}

    assert facts["Solver"] == provenance["solver_version"]
    assert facts["Catalogue"] == provenance["catalogue_version"]
    assert facts["Spec"] == f"{small['spec_hash'][:12]}, seed 0"
    assert facts["Intervals"] == "meant to hold the truth 80 % of the time"
    assert [what for what in facts if what.startswith("Data: ")] == [f"Data: {name}" for name in provenance["data"]]


def test_what_each_gpus_capacities_were_calibrated_on_is_told_where_one_has_its_own(small):
    each = [{"gpu": "l4", "title": "NVIDIA L4 24 GB", "calibration": "own-0123", "said": "own-0123: measured here"}]

    told = answer.sure({**small, "explanation": {**small["explanation"], "calibrated": each}})

    assert [fact for fact in told if fact not in answer.sure(small)] == [
        Fact("Capacities on NVIDIA L4 24 GB", "own-0123: measured here")
    ]


def test_own_measurements_are_told_where_there_are_some(small):
    said = "4 points used; without them the model was 23 % too fast on average."
    explained = {**small["explanation"], "own_points": {"said": said}}

    told = {fact.what: fact.of_it for fact in answer.sure({**small, "explanation": explained})}

    assert told["Own measurements"] == said
    assert "Own measurements" not in {fact.what for fact in answer.sure(small)}


def test_the_search_is_counted_timed_and_said_to_be_whole(small):
    search = {"candidates": 41208, "feasible": 912, "rejected": {}, "seconds": 1.3, "optimality_gap": 0.0}

    said = [
        answer.searched({"kind": "training", "search": search | more})
        for more in ({}, {"seconds": None}, {"feasible": 0}, {"optimality_gap": 0.02})
    ]

    whole = " None left out: the best of them is the best there is."
    assert said == [
        "41,208 candidates looked at in 1.30 s; 912 are possible." + whole,
        "41,208 candidates looked at; 912 are possible." + whole,
        "41,208 candidates looked at in 1.30 s; 0 are possible.",
        "41,208 candidates looked at in 1.30 s; 912 are possible. Gap 2 %.",
    ]


def test_where_no_plan_exists_none_is_said_to_be_best():
    search = {"candidates": 220, "feasible": 4, "rejected": {}, "seconds": None, "optimality_gap": 0.0}

    said = answer.searched({"kind": "training", "status": "infeasible", "search": search})

    assert said == "220 candidates looked at; 4 are possible."


def test_reasons_stand_most_frequent_first_and_none_of_them_is_zero():
    result = {"kind": "training", "search": {"rejected": {"b": 2, "memory: logits": 30, "a": 2, "never": 0}}}

    assert answer.rejected(result) == (
        Fact("30", "need too much memory, most of it for logits"),
        Fact("2", "a"),
        Fact("2", "b"),
    )


def test_the_headline_marks_the_plan_and_escapes_everything_else():
    said = answer.emphasised("<i> & TP4 <b>", "TP4")

    assert said == "&lt;i&gt; &amp; <b>TP4</b> &lt;b&gt;"


def test_what_stands_behind_an_answer_without_a_plan_is_told_as_well(impossible, small):
    told, known = ([fact.what for fact in answer.sure(result)] for result in (impossible, small))

    assert told == [what for what in known if what not in ("Rank", "Intervals")]
