"""Answers where runs differ in experts, streams, replicas or repetition: what the plan says of it and doubts."""

from typing import Any

import numpy as np
import pytest

from solvers import kinds
from solvers.documents import Document
from solvers.errors import SpecError
from solvers.laws.kinds import KINDS, REPETITION
from solvers.laws.kinds.compound import compound
from solvers.laws.law import loss_at
from solvers.laws.loss import get
from tests.answers import answer
from tests.solvers.scaling.made import LAW, SIZES, csv

STREAMS = {"k": 0.4, "tau": 0.2}
BIG = {"params": 4e9, "tokens": 8e10}


def rows(
    kind: str, counts: tuple[float, ...], of: dict[str, float], *, ratios: tuple[float, ...] = (10.0, 40.0, 160.0)
) -> list[Any]:
    """Runs of every size, length and count of a kind, with the loss of their law."""
    law = compound(get("chinchilla"), [REPETITION if kind == "unique_tokens" else KINDS[kind]])
    places = [(params, ratio * params, count) for params in SIZES for ratio in ratios for count in counts]
    params, tokens, count = np.array(places).T
    inputs = {"params": params, "tokens": tokens, kind: count}
    return [(*place, loss) for place, loss in zip(places, loss_at(law, {**LAW, **of}, **inputs), strict=True)]


def spec(kind: str, found: list[Any], target: Document, **changes: Any) -> Document:
    text = csv(found, f"params,tokens,{kind},loss")
    runs = {"csv": text, "counts": "non-embedding", "loss_unit": "nats/token"}
    return {"kind": "scaling", "runs": runs, "target": target, **changes}


def solved(document: Document) -> Document:
    return answer(kinds.parse(document))


def codes(result: Document) -> list[str]:
    return [one["code"] for one in result["warnings"]]


def test_streams_of_the_target_are_foretold_from_runs_that_differ_in_them():
    result = solved(spec("streams", rows("streams", (1, 2, 4), STREAMS), {**BIG, "streams": 8}))

    law = compound(get("chinchilla"), [KINDS["streams"]])
    truth, plain = (loss_at(law, {**LAW, **STREAMS}, **BIG, streams=count).item() for count in (8, 1))
    assert result["estimates"]["loss"]["value"] == pytest.approx(truth, rel=5e-3)
    told = result["plan"]["kinds"][0]
    assert (told["name"], told["least"], told["most"], told["target"]) == ("streams", 1.0, 4.0, 8.0)
    change = told["loss_change"]
    assert change["low"] < change["value"] < change["high"] < 0.0
    assert change["value"] == pytest.approx(truth / plain - 1.0, abs=5e-3)
    assert [code for code in codes(result) if code in ("kind_beyond", "kind_unseen")] == ["kind_beyond"]
    assert "should reach" in result["explanation"]["headline"]


def test_a_target_that_does_not_say_its_kind_is_as_the_largest_run():
    result = solved(spec("streams", rows("streams", (1, 2, 4), STREAMS), BIG))

    assert result["plan"]["target"]["streams"] == 4.0
    assert [one["name"] for one in result["plan"]["kinds"]] == ["streams"]
    assert "kind_as_largest" in codes(result)


def test_a_kind_that_no_run_tells_of_is_not_foretold():
    dense = rows("experts", (1,), {"g": 0.3, "h": 0.0, "E_start": 2.0, "E_max": 400.0})

    result = solved(spec("experts", dense, {**BIG, "experts": 64}))

    assert "kind_unseen" in codes(result)
    assert "cannot be foretold: the target has 64 experts and all runs 1" in result["explanation"]["headline"]
    assert result["plan"]["kinds"][0]["loss_change"]["low"] < -0.02


def test_runs_and_target_of_one_kind_are_as_runs_that_do_not_say_it():
    of_one = [(*row[:2], 8, row[3]) for row in rows("streams", (1,), STREAMS)]

    plain, said = (
        solved(spec("streams", found, BIG)) for found in ([(*row[:2], "", row[3]) for row in of_one], of_one)
    )

    assert said["estimates"] == plain["estimates"]
    assert (said["plan"]["kinds"], said["plan"]["target"]["streams"]) == ([], 8.0)


def test_runs_of_one_length_are_told_by_the_laws_of_what_they_differ_in():
    runs = rows("streams", (1, 2, 4), STREAMS, ratios=(20.0,))
    at_one = [(params, 4e10, count, loss_) for params, _, count, loss_ in runs]

    result = solved(spec("streams", at_one, {"params": 2e9, "tokens": 4e10, "streams": 4}, budget={"flops": 1e20}))

    assert sorted(one["name"] for one in result["plan"]["laws"]) == ["parscale", "parscale-by-size"]
    assert {"laws_of_one_length", "one_length"} <= set(codes(result))
    assert (result["plan"]["isoflops"], result["plan"]["surface"], result["plan"]["ladder"]) == ([], None, None)
    assert result["explanation"]["sensitivity"][0]["change"] == "Twice the parameters"
    assert set(result["plan"]["fan"]["tokens"]) == {4e10}


def test_laws_of_one_length_do_not_foretell_another():
    at_one = [(params, 4e10, count, loss_) for params, _, count, loss_ in rows("streams", (1, 2, 4), STREAMS)]

    result = solved(spec("streams", at_one, {"params": 2e9, "tokens": 4e11, "streams": 4}))

    assert "the target is of another length than all runs" in result["explanation"]["headline"]


def test_laws_of_one_length_split_no_compute():
    at_one = [(params, 4e10, count, loss_) for params, _, count, loss_ in rows("streams", (1, 2, 4), STREAMS)]

    with pytest.raises(SpecError) as caught:
        kinds.parse(spec("streams", at_one, {"flops": 1e21}))

    assert [(one.code, one.at) for one in caught.value.problems] == [("missing", "/target")]


def test_a_law_of_a_kind_says_nothing_before_there_are_runs():
    with pytest.raises(SpecError) as caught:
        kinds.parse({"kind": "scaling", "target": {"flops": 1e21}, "options": {"laws": ["skaling", "moe"]}})

    assert [(one.code, one.at) for one in caught.value.problems] == [("missing", "/options/laws")]


def test_the_rate_of_repetition_is_that_of_the_runs():
    runs = rows("unique_tokens", (1e9, 4e9, 1e12), {"R_D": 6.0})

    result = solved(spec("unique_tokens", runs, {**BIG, "unique_tokens": 1e10}))

    told = result["plan"]["repeats"]
    assert told["runs"] == sum(tokens > unique for _, tokens, unique, _ in runs)
    assert 5.0 < told["rate"]["value"] < 10.0 < told["published"]
    assert told["rate"]["low"] < told["rate"]["value"] < told["rate"]["high"]
    said = next(one["message"] for one in result["warnings"] if one["code"] == "tokens_repeat")
    assert "by these runs" in said
    assert "by these runs" in next(one["message"] for one in result["warnings"] if one["code"] == "data_repeats")


def test_a_law_that_does_not_see_tokens_says_so_where_runs_differ_in_them():
    runs = rows("streams", (1, 2, 4), STREAMS)

    result = solved(spec("streams", runs, {"params": 1e9, "tokens": 2e10}, options={"laws": ["parscale", "skaling"]}))

    told = next(one for one in result["warnings"] if one["code"] == "tokens_unseen")
    assert told["message"] == "Parallel streams: tokens are not in it, of which the runs saw 600M to 80B."
    assert {one["name"]: one["weight"] for one in result["plan"]["laws"]}["skaling"] > 0.9
    assert result["plan"]["isoflops"] != []
