"""Jobs that teach most of a plan, chosen for a node."""

import json
from functools import cache
from typing import Any

import pytest

from solvers import catalogue, kinds, recipes
from solvers.calibration.own.offered import Bounds, attached
from solvers.documents import Document
from solvers.errors import SpecError
from solvers.training.own.candidates import Asked, candidates, products
from solvers.training.own.learn import learn
from tests.solvers.training.own import machine
from tests.solvers.training.own.asked import micro, steps

RECIPES = {name: recipe.version for name, recipe in recipes.KNOWN.items()}
NODE: Document = {"cpu": machine.CPU, "gpus": [], "recipes": RECIPES}


@cache
def result() -> Document:
    return kinds.solve(machine.spec())


def chosen(budget_s: float = 600.0, *, node: Document = NODE, **more: Any) -> Document:
    return kinds.experiments(machine.spec(**more), result(), node, budget_s)


def test_jobs_keep_to_the_budget_and_to_what_the_node_has() -> None:
    found = chosen(120.0)

    assert sum(one["cost_s"] for one in found["experiments"]) == pytest.approx(found["cost_s"])
    assert found["cost_s"] <= 120.0
    assert all(one["needs"] == {"device": "cpu"} for one in found["experiments"])
    for one in found["experiments"]:
        recipes.get(one["recipe"]).parse(one["params"])


def test_what_is_expected_only_gets_better() -> None:
    found = chosen()

    spreads = [found["before"]["spread"], *(one["expected"]["spread"] for one in found["experiments"])]
    assert spreads == sorted(spreads, reverse=True)
    assert found["after"] == {name: found["experiments"][-1]["expected"][name] for name in ("regret", "spread")}
    assert found["after"]["spread"] < 0.1 * found["before"]["spread"]


def test_the_choice_is_the_same_every_time() -> None:
    assert chosen() == chosen()


def test_a_node_without_the_recipe_of_steps_gives_micro_benchmarks() -> None:
    some = {name: version for name, version in RECIPES.items() if name != "training_step"}

    found = chosen(node={**NODE, "recipes": some})

    assert {one["recipe"] for one in found["experiments"]} <= {
        "gemm",
        "memory_copy",
        "attention",
        "elementwise",
        "launch",
    }
    assert found["left_out"] == [
        "No step is measured: none fits this node and half of the budget, or the node does not offer them."
    ]


def test_a_device_that_was_measured_has_little_left_to_teach() -> None:
    own = learn(machine.spec(), [*micro(), *steps()])

    found = chosen(calibration=own)

    assert found["before"]["spread"] < 0.2
    assert found["before"]["spread"] < 0.1 * chosen()["before"]["spread"]


def test_what_is_chosen_can_be_learned_from_and_foretells() -> None:
    found = chosen(200.0)

    measured = [machine.sent(one["recipe"], one["params"], seed=3 + n) for n, one in enumerate(found["experiments"])]
    learned = kinds.learn(machine.spec(), measured)

    after = kinds.solve(machine.spec(calibration=learned))["estimates"]["step_time_s"]
    before = result()["estimates"]["step_time_s"]
    assert after["high"] / after["low"] < before["high"] / before["low"]


MIXTURE = {
    "layers": 4, "hidden": 512, "heads": 8, "kv_heads": 4, "vocab": 4096, "norm": "rmsnorm",
    "moe": {"experts": 8, "top_k": 2, "ffn": 704}, "source": [{"title": "a test"}],
}  # fmt: skip


def test_steps_of_a_mixture_are_chosen_with_its_experts() -> None:
    spec = machine.spec(model=MIXTURE)

    found = kinds.experiments(spec, kinds.solve(spec), NODE, 600.0)

    assert found["left_out"] == []
    steps = [one["params"] for one in found["experiments"] if one["recipe"] == "training_step"]
    assert {json.dumps(one["model"]["moe"]) for one in steps} == {
        json.dumps({"experts": 8, "top_k": 2, "ffn": 704, "shared_ffn": 0, "first_dense": 0})
    }
    [gemm] = [one["params"]["shapes"] for one in found["experiments"] if one["recipe"] == "gemm"]
    # 1,024 tokens choose two of eight: 256 rows for each expert, up with gates and down.
    assert {(256, 1408, 512), (256, 512, 704)} <= {(one["m"], one["n"], one["k"]) for one in gemm}


def test_where_memory_is_short_fewer_layers_are_measured_and_then_fewer_experts() -> None:
    model = {**MIXTURE, "layers": 6, "moe": {"experts": 64, "top_k": 2, "ffn": 704, "first_dense": 1}, "ffn": 1408}
    spec = machine.spec(model=model)
    layouts = [one["layout"] for one in [kinds.solve(spec)["plan"]]]

    def offered(memory_bytes: float) -> list[Any]:
        node = attached({**NODE, "cpu": {**machine.CPU, "memory_bytes": memory_bytes}})
        found = candidates(Asked(spec, layouts, Bounds(node, spec.hardware.node.gpu, 600.0)))
        steps = [one for one in found if one.recipe == "training_step"]
        return [(one.params.measured_layers, one.params.model.moe.experts) for one in steps]

    # An expert has a million parameters of 18 bytes: 64 take 1.25 GB a layer.
    assert offered(16e9) == [((), 64), ((3, 5), 64), ((2, 3), 64)]
    assert offered(3e9) == [((2, 3), 64)]
    assert offered(1e9) == [((2, 3), 16)]


def test_products_of_experts_are_those_of_a_rank() -> None:
    model = catalogue.model(MIXTURE)
    layout = {"tp": 2, "ep": 1}

    cut, whole = (set(products(model, {**layout, "ep": ep}, 1024)) for ep in (1, 2))

    # Without expert parallelism each expert is cut in two; with it a rank has four, and the tokens of both ranks.
    assert {(256, 704, 512), (256, 512, 352)} <= cut
    assert {(256, 1408, 512), (256, 512, 704)} <= whole
    assert (256, 512, 352) not in whole
    assert (256, 1408, 512) not in cut


def test_on_a_gpu_like_published_ones_little_is_open_and_products_come_first() -> None:
    hardware = {"node": "hgx-h200", "nodes": 2}
    asked = {"kind": "training", "model": "llama-3.1-8b", "sequence_length": 8192, "global_batch": 256}
    spec = kinds.parse({**asked, "hardware": hardware})
    gpu = {"name": "NVIDIA H200", "memory_bytes": 150e9}

    found = kinds.experiments(spec, kinds.solve(spec), {**NODE, "gpus": [gpu]}, 600.0)

    assert found["before"]["spread"] < 0.2
    assert found["experiments"][0]["recipe"] == "gemm"
    assert {json.dumps(one["needs"]) for one in found["experiments"]} == {
        json.dumps({"device": "cuda", "gpu": "NVIDIA H200", "gpus": 1})
    }
    # Rows, columns and inner size of the product that ends the feed-forward part, at the plan's own tokens.
    tokens = found["experiments"][0]["params"]["shapes"][0]["m"]
    assert tokens % 8192 == 0
    assert {"m": tokens, "n": 4096, "k": 14336, "batch": 1} in found["experiments"][0]["params"]["shapes"]


def test_without_a_plan_there_is_nothing_to_measure() -> None:
    with pytest.raises(SpecError) as raised:
        kinds.experiments(machine.spec(), {**result(), "plan": None}, NODE, 600.0)

    assert [one.code for one in raised.value.problems] == ["no_plan"]


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ({"budget_s": 1.0}, "budget", "Nothing that this node measures fits into 1 device-seconds."),
        (
            {"node": {**NODE, "cpu": {**machine.CPU, "model": "Another CPU"}}},
            "other_device",
            "The plan is for A CPU, 2 cores, and the node has Another CPU.",
        ),
    ],
)
def test_what_cannot_be_tried_is_said(more: Any, code: str, words: str) -> None:
    with pytest.raises(SpecError) as raised:
        chosen(**more)

    assert [(one.code, one.message) for one in raised.value.problems] == [(code, words)]
