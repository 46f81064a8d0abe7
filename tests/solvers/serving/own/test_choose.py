"""Jobs that teach most of a serving plan, chosen for a node."""

import json
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from solvers import kinds, recipes
from solvers.calibration.covariance import Ints
from solvers.calibration.own.gain import Steps
from solvers.calibration.own.offered import Bounds, Candidate, attached
from solvers.documents import Document
from solvers.errors import SpecError
from solvers.serving import calibration
from solvers.serving.own.candidates import Asked, candidates
from solvers.serving.own.choose import Open, joint
from solvers.serving.own.planned import planned
from solvers.serving.own.posterior import Timed, joined, unlearned
from solvers.serving.spec import ServingSpec
from tests.solvers.serving.own import machine

RECIPES = {name: recipe.version for name, recipe in recipes.KNOWN.items()}
NODE: Document = {"cpu": machine.CPU, "gpus": [], "recipes": RECIPES}
H100 = {"name": "NVIDIA H100 80GB HBM3", "memory_bytes": 80e9}
ON_GPU: Document = {**NODE, "gpus": [H100]}


@cache
def result() -> Document:
    return kinds.solve(machine.spec())


def chosen(budget_s: float = 600.0, *, node: Document = NODE, **more: Any) -> Document:
    return kinds.experiments(machine.spec(**more), result(), node, budget_s)


@cache
def on_gpus() -> tuple[ServingSpec, Document]:
    asked = {
        "kind": "serving", "model": "llama-3.1-70b", "hardware": {"node": "dgx-h100", "nodes": 1},
        "traffic": {"rate": 2.0, "input": 1024, "output": 256}, "slo": {"ttft": "2 s", "tpot": "50 ms"},
        "options": {"fix": {"mode": "colocated", "tp": 4, "pp": 1, "dp": 1}},
    }  # fmt: skip
    spec = ServingSpec.model_validate(asked)
    return spec, kinds.solve(spec)


def of(found: Document, recipe: str) -> list[Document]:
    """The parameters of the chosen jobs of a recipe."""
    return [one["params"] for one in found["experiments"] if one["recipe"] == recipe]


def test_both_kinds_of_step_are_measured_at_the_plans_own_shapes() -> None:
    found = chosen()

    assert found["left_out"] == []
    steps = {json.dumps(params["steps"][0]) for params in of(found, "serving_step")}
    # Every prompt has 128 tokens and every answer 16: a decode has 128 + 16 / 2 before it on average.
    prompt, decode = {"sequences": 1, "tokens": 128, "start": 0}, {"sequences": 1, "tokens": 1, "start": 136}
    assert steps == {json.dumps(prompt), json.dumps(decode)}
    model = of(found, "serving_step")[0]["model"]
    assert {model[name] for name in ("hidden", "ffn", "heads")} == {512, 1408, 8}


def test_jobs_keep_to_the_budget_and_to_one_thread() -> None:
    found = chosen(30.0)

    assert sum(one["cost_s"] for one in found["experiments"]) == pytest.approx(found["cost_s"])
    assert found["cost_s"] <= 30.0
    assert all(one["needs"] == {"device": "cpu"} for one in found["experiments"])
    assert all(one["params"]["threads"] == 1 for one in found["experiments"])
    for one in found["experiments"]:
        recipes.get(one["recipe"]).parse(one["params"])


def test_what_is_expected_only_gets_better() -> None:
    found = chosen()

    spreads = [found["before"]["spread"], *(one["expected"]["spread"] for one in found["experiments"])]
    assert spreads == sorted(spreads, reverse=True)
    assert found["after"] == {"spread": spreads[-1]}
    assert found["after"]["spread"] < 0.1 * found["before"]["spread"]


def test_the_choice_is_the_same_every_time() -> None:
    assert chosen() == chosen()


def opened(spec: ServingSpec, answer: Document, node: Document) -> tuple[Open, Asked]:
    """What is open of a plan's device before anything is measured."""
    told = attached(node)
    state = unlearned(calibration.belief("published"), spec.hardware.node, told.device)
    bounds = Bounds(told, spec.hardware.node.gpu, 600.0)
    return Open(state, spec, told), Asked(planned(spec, answer), bounds)


def joint_of(open_to: Open, asked: Asked, offered: list[Candidate]) -> tuple[Steps, list[Ints]]:
    """The plan's steps with the candidates' rows."""
    return joint(open_to.state, open_to.slopes(asked.planned), [open_to.rows(one) for one in offered])


def spread_of(steps: Steps, rows: Ints) -> float:
    """By the whole of it at once: what is left of the steps' covariance, given the rows."""
    size = steps.size
    places = size + rows
    inner = steps.covariance[np.ix_(places, places)] + np.diag(steps.noise[rows])
    between = steps.covariance[:size][:, places]
    left = steps.covariance[:size, :size] - between @ np.linalg.inv(inner) @ between.T
    return float(np.sqrt(np.diag(left).mean()))


def test_no_two_jobs_teach_much_more_than_the_two_that_are_chosen() -> None:
    open_to, asked = opened(machine.spec(), result(), NODE)
    offered = candidates(asked)
    steps, parts = joint_of(open_to, asked, offered)

    first = chosen()["experiments"][1]["expected"]["spread"]

    pairs = [spread_of(steps, np.concatenate(pair)) for pair in combinations(parts, 2)]
    assert min(pairs) * 0.9 <= first
    assert first == pytest.approx(min(pairs), rel=0.2)


def test_a_measured_step_leaves_the_spread_that_learning_it_leaves() -> None:
    """The choice's closed form against the calibration's own conditioning, where the step comes out as foretold."""
    open_to, asked = opened(*on_gpus(), ON_GPU)
    offered = [one for one in candidates(asked) if one.recipe == "serving_step"]
    one = offered[0]
    steps, parts = joint_of(open_to, asked, [one])
    expected = steps.after(parts[0]).spread()

    state, node = open_to.state, open_to.record
    runs = open_to.runs(one)
    log, _ = state.foreseen(runs, node)
    noise = calibration.belief("published").alone
    timed = [Timed(run, float(np.exp(value)), noise) for run, value in zip(runs, log, strict=True)]
    after = joined(calibration.belief("published"), state.device, timed, node)
    slopes = open_to.slopes(asked.planned)
    left = slopes @ after.covariance @ slopes.T

    assert expected == pytest.approx(float(np.sqrt(np.diag(left).mean())), rel=1e-6)
    assert expected < steps.spread()


def test_rows_of_micro_benchmarks_move_with_the_devices_own_numbers_alone() -> None:
    """On a CPU a copy is 2 bytes / rate + gap, each as open as e times more or less."""
    open_to, asked = opened(machine.spec(), result(), NODE)
    [copy] = [one for one in candidates(asked) if one.recipe == "memory_copy"]

    slopes, deviations = open_to.rows(copy)

    names = open_to.state.device.names
    values = open_to.state.device.at(open_to.state.mean[open_to.state.published :])
    copied = np.array([2.0 * size / values["memory_bytes_per_s"] for size in (32e6, 256e6)])
    gap = values["eager_gap_s"]
    by_hand = np.zeros_like(slopes)
    by_hand[:, open_to.state.published + names.index("memory_bytes_per_s")] = -copied / (copied + gap)
    by_hand[:, open_to.state.published + names.index("eager_gap_s")] = gap / (copied + gap)
    assert slopes == pytest.approx(by_hand, abs=0.02)
    assert deviations.tolist() == [0.1, 0.1]


def test_a_share_of_a_model_is_measured_where_a_replica_cuts_it() -> None:
    spec, answer = on_gpus()

    found = kinds.experiments(spec, answer, ON_GPU, 3600.0)

    assert found["before"]["spread"] < 0.5
    assert {json.dumps(one["needs"]) for one in found["experiments"]} == {
        json.dumps({"device": "cuda", "gpu": "NVIDIA H100 80GB HBM3", "gpus": 1})
    }
    offered = candidates(opened(spec, answer, ON_GPU)[1])
    steps = [one for one in offered if one.recipe == "serving_step"]
    # 64 heads of 8 groups, a feed-forward width of 28,672 and 128,256 words, each cut in four.
    model = steps[0].params.model
    assert (model.hidden, model.heads, model.kv_heads, model.ffn, model.vocabulary) == (8192, 16, 2, 7168, 32_064)
    assert all("one of 4 tensor-parallel shares" in one.cut for one in steps)
    assert {one.params.tp for one in steps} == {1}
    assert "launch" not in {one.recipe for one in offered}
    [gemm] = [one for one in offered if one.recipe == "gemm"]
    shapes = {(one.m, one.n, one.k) for one in gemm.params.shapes}
    # Queries, keys and values; attention's output; gate and up; down; the head: of as many tokens as a step takes.
    rows = answer["plan"]["pools"][0]["engine"]["max_num_batched_tokens"]
    assert rows <= 1024
    cut = {(2560, 8192), (8192, 2048), (14_336, 8192), (8192, 7168), (32_064, 8192)}
    assert {(rows, *one) for one in cut} <= shapes
    assert {(steps[-1].params.steps[0].sequences, *one) for one in cut} <= shapes


@cache
def mixture() -> tuple[ServingSpec, Document]:
    asked = {
        "kind": "serving", "model": "qwen3-30b-a3b", "hardware": {"node": "dgx-h100", "nodes": 1},
        "traffic": {"rate": 2.0, "input": 1024, "output": 256}, "slo": {"ttft": "2 s", "tpot": "50 ms"},
        "options": {"fix": {"mode": "colocated", "tp": 4, "pp": 1, "dp": 1, "ep": 4}},
    }  # fmt: skip
    spec = ServingSpec.model_validate(asked)
    return spec, kinds.solve(spec)


def test_a_ranks_share_of_a_mixture_has_its_experts() -> None:
    spec, answer = mixture()
    assert answer["plan"]["pools"][0]["layout"]["ep"] == 4

    offered = candidates(opened(spec, answer, ON_GPU)[1])

    steps = [one for one in offered if one.recipe == "serving_step"]
    # Of 128 experts a rank has 32, and of a token's eight choices two fall on it; vocabulary and heads are cut in four.
    moe = steps[0].params.model.moe
    assert (moe.experts, moe.top_k, moe.ffn) == (32, 2, 768)
    assert (steps[0].params.model.heads, steps[0].params.model.vocabulary) == (8, 37_984)
    assert all("32 of 128 experts" in one.cut for one in steps)
    [gemm] = [one for one in offered if one.recipe == "gemm"]
    rows = answer["plan"]["pools"][0]["engine"]["max_num_batched_tokens"]
    tokens = min(rows, 1024)
    shapes = {(one.m, one.n, one.k) for one in gemm.params.shapes}
    assert {(tokens * 8 // 128, 1536, 2048), (tokens * 8 // 128, 2048, 768)} <= shapes


def test_a_node_with_little_memory_gets_fewer_layers() -> None:
    spec, answer = on_gpus()
    small = {**NODE, "gpus": [{**H100, "memory_bytes": 20e9}]}

    offered = candidates(opened(spec, answer, small)[1])

    steps = [one for one in offered if one.recipe == "serving_step"]
    assert {one.params.measured_layers for one in steps} == {(2, 4), (1, 2)}
    assert all(recipes.get(one.recipe).needs(one.params).memory_bytes <= 20e9 for one in offered)


def test_a_node_without_the_recipe_of_steps_gives_micro_benchmarks() -> None:
    some = {name: version for name, version in RECIPES.items() if name != "serving_step"}

    found = chosen(node={**NODE, "recipes": some})

    assert {one["recipe"] for one in found["experiments"]} <= {"gemm", "memory_copy", "attention", "launch"}
    assert found["left_out"] == [
        "No step is measured: none fits this node and half of the budget, or the node does not offer them."
    ]


def test_a_device_that_was_measured_has_little_left_to_teach() -> None:
    found = chosen(calibration=machine.own())

    assert found["before"]["spread"] < 0.1 * chosen()["before"]["spread"]


def test_points_of_an_engine_and_jobs_on_a_node_do_not_go_together() -> None:
    points = [{"concurrency": 4, "input": 128, "output": 16, "tpot": "10 ms"}]

    with pytest.raises(SpecError) as raised:
        chosen(measurements=points)

    assert [(one.code, one.at) for one in raised.value.problems] == [("contradiction", "/measurements")]


def test_without_a_plan_there_is_nothing_to_measure() -> None:
    with pytest.raises(SpecError) as raised:
        kinds.experiments(machine.spec(), {**result(), "plan": None}, NODE, 600.0)

    assert [one.code for one in raised.value.problems] == ["no_plan"]


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ({"budget_s": 1.0}, "budget", "Nothing that this node measures fits into 1 device-seconds."),
        (
            {"node": {**NODE, "recipes": {"memory_copy": 1}}, "calibration": machine.own()},
            "nothing_to_learn",
            "Nothing that this node can measure would teach anything of this plan.",
        ),
        (
            {"node": {**NODE, "cpu": {**machine.CPU, "model": "Another CPU"}}},
            "other_device",
            "The plan is for AMD EPYC, 1 cores, and the node has Another CPU.",
        ),
    ],
)
def test_what_cannot_be_tried_is_said(more: Any, code: str, words: str) -> None:
    with pytest.raises(SpecError) as raised:
        chosen(**more)

    assert [(one.code, one.message) for one in raised.value.problems] == [(code, words)]
