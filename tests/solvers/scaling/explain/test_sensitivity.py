"""What changes when the question does, each asked again."""

import pytest

from solvers.documents import Document
from tests.answers import answer
from tests.solvers.scaling.made import asked, grid

ROWS = grid(scatter=0.003)


def entries(**changes: object) -> dict[str, Document]:
    return {one["change"]: one for one in answer(asked(ROWS, **changes))["explanation"]["sensitivity"]}


def test_twice_the_compute_is_what_twice_the_compute_answers():
    entry = entries()["Twice the compute"]

    again = answer(asked(ROWS, target={"flops": 2e21}))
    assert entry["estimates"]["loss"]["value"] == pytest.approx(again["estimates"]["loss"]["value"], rel=1e-4)


def test_half_the_unique_tokens_are_what_half_of_them_answer():
    entry = entries(target={"flops": 1e21, "unique_tokens": 4e9})["Half the unique tokens"]

    again = answer(asked(ROWS, target={"flops": 1e21, "unique_tokens": 2e9}))
    assert entry["estimates"]["loss"]["value"] == pytest.approx(again["estimates"]["loss"]["value"], rel=1e-4)


def test_without_the_largest_runs_is_what_the_others_answer():
    changes = entries(target={"params": 2e9, "tokens": 4e10})
    name = next(change for change in changes if change.startswith("Without"))
    most = max(n * d for n, d, _ in ROWS)
    fewer = [row for row in ROWS if row[0] * row[1] < 0.5 * most]

    again = answer(asked(fewer, target={"params": 2e9, "tokens": 4e10}))

    assert name == f"Without the {len(ROWS) - len(fewer)} largest runs" or len(ROWS) - len(fewer) == 1
    assert changes[name]["estimates"]["loss"] == pytest.approx(again["estimates"]["loss"], rel=1e-6)


def test_one_law_alone_is_what_it_alone_says():
    result = answer(asked(ROWS, target={"params": 2e9, "tokens": 4e10}))
    lead = result["plan"]["laws"][0]

    entry = next(one for one in result["explanation"]["sensitivity"] if one["change"] == f"{lead['title']} alone")

    assert entry["estimates"]["loss"]["value"] == pytest.approx(lead["loss"], rel=1e-6)


def test_a_single_law_has_no_other_to_be_alone_of():
    changes = entries(options={"laws": ["chinchilla"]})

    assert [change for change in changes if change.endswith("alone")] == []


def test_the_next_run_narrows_the_interval():
    result = answer(asked(ROWS, budget={"flops": 3e20}))
    entry = next(one for one in result["explanation"]["sensitivity"] if one["change"].startswith("After"))

    loss, now = entry["estimates"]["loss"], result["estimates"]["loss"]
    assert loss["value"] == now["value"]
    assert (loss["high"] - loss["low"]) / 2.0 / loss["value"] == pytest.approx(
        result["plan"]["next"]["after"], rel=1e-6
    )


def test_a_given_size_is_asked_with_twice_the_tokens():
    entry = entries(target={"params": 2e9, "tokens": 4e10})["Twice the tokens"]

    assert entry["plan"] == "2B parameters on 80B tokens"
