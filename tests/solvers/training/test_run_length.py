import math

import pytest

from solvers import kinds
from solvers.base import Estimate
from solvers.cost.power import draw_of
from solvers.errors import SpecError
from solvers.training import run_length
from solvers.training.conditions import GPU_MTBF_S
from solvers.training.job import job_of
from solvers.training.run_length import saving

SPEC = {
    "kind": "training",
    "model": "llama-3.1-8b",
    "hardware": {"node": "dgx-h100", "nodes": 16, "cost_usd_per_gpu_hour": "2 USD/h"},
    "sequence_length": 8192,
    "global_batch": 256,
    "tokens": "1T",
}
STEP = Estimate(2.0, 1.8, 2.5)


def spec(**changes):
    return kinds.parse({**SPEC, **changes})


def estimated(asked, *, step=STEP, busy_share=0.8):
    job = job_of(asked, nodes=asked.hardware.nodes)
    steps = run_length.steps_of(asked)
    return run_length.estimates(asked, job, step=step, busy_share=busy_share, steps=steps)


def at_scale(**changes):
    """Llama 3 405B as it was trained."""
    return spec(model="llama-3.1-405b", hardware={"node": "dgx-h100", "nodes": 2048}, global_batch=2048, **changes)


def test_llama_3_s_failures_leave_about_the_nine_tenths_of_time_that_were_reported():
    """More than 90 % effective training time, 419 interruptions in 54 days: section 3.3.4 [dubey2024llama3]."""
    asked = at_scale(tokens="15.6T")

    found = saving(asked, job_of(asked, nodes=2048))

    assert 54 * 86400 / found.mtbf_s == pytest.approx(419)
    assert found.overheads.goodput == pytest.approx(0.90, abs=0.02)


def test_a_checkpoint_holds_weights_their_copies_and_two_moments():
    asked = spec()

    assert saving(asked, job_of(asked, nodes=16)).checkpoint_bytes == 14 * asked.model.parameters


def test_a_checkpoint_of_adapters_holds_what_trains():
    asked = spec(task="lora", adapters={"rank": 16, "targets": "attention"})
    model = asked.model
    kv = model.kv_heads * model.head_dim
    each = 16 * ((model.hidden + model.hidden + 2 * kv) + (model.heads * model.head_dim + model.hidden))

    assert saving(asked, job_of(asked, nodes=16)).checkpoint_bytes == 14 * model.layers * each


def test_more_gpus_fail_more_often_and_write_faster():
    few, many = (saving(spec(), job_of(spec(), nodes=nodes)) for nodes in (16, 64))

    assert (few.mtbf_s / many.mtbf_s, few.write_s / many.write_s) == (4.0, 4.0)
    assert few.mtbf_s == GPU_MTBF_S.value / 128


def test_what_the_spec_says_stands_for_what_was_assumed():
    asked = spec(
        run={
            "mtbf": "10 h", "checkpoint_bandwidth": "100 GB/s", "checkpoint_interval": "30 min",
            "detection_time": "2 min", "restart_time": "4 min",
        }
    )  # fmt: skip

    found = saving(asked, job_of(asked, nodes=16))

    write = 14 * asked.model.parameters / 100e9
    assert (found.mtbf_s, found.interval_s, found.detection_s) == (36000.0, 1800.0, 120.0)
    assert (found.write_s, found.restart_s) == pytest.approx((write, 240.0 + write))
    assert found.young_s == pytest.approx(math.sqrt(2 * write * 36000.0))


def test_the_run_is_its_steps_over_the_goodput_and_dollars_are_paid_for_all_of_it():
    asked = spec()

    found = estimated(asked)

    steps = 1e12 / (256 * 8192)
    assert found["run_time_s"].value == pytest.approx(2.0 * steps / found["goodput"].value)
    assert found["cost_usd"].value == pytest.approx(found["run_time_s"].value / 3600 * 128 * 2.0)


def test_energy_is_drawn_while_computing_waiting_and_standing_still():
    asked = spec(run={"pue": 1.2})
    draw, job = draw_of(asked.hardware.node), job_of(asked, nodes=16)
    found, steps = saving(asked, job).overheads, run_length.steps_of(asked)

    energy = estimated(asked)["energy_j"].value

    work = (1.6 * draw.computing_w + 0.4 * draw.waiting_w) * (1 + found.lost)
    still = 2.0 * draw.idle_w * (found.checkpoints + found.detection + found.restart)
    assert energy == pytest.approx(1.2 * 16 * steps * (work + still))


def test_an_interval_is_wider_than_each_of_its_causes_and_narrower_than_their_sum():
    found = estimated(spec())["run_time_s"]
    exact = estimated(spec(), step=Estimate(2.0, 2.0, 2.0))["run_time_s"]

    alone, both = math.log(2.5 / 2.0), math.log(found.high / found.value)
    assert alone < both < alone + math.log(exact.high / exact.value)


def test_a_failure_rate_that_is_given_has_no_interval():
    given = estimated(spec(run={"mtbf": "10 h", "checkpoint_bandwidth": "10 GB/s"}))["goodput"]

    assert given.low == given.value == given.high


def test_without_tokens_there_is_goodput_and_energy_of_a_step():
    asked = kinds.parse({name: value for name, value in SPEC.items() if name != "tokens"})

    assert list(estimated(asked)) == ["goodput", "checkpoint_interval_s", "energy_j_per_step"]


def test_energy_has_a_price_where_one_is_given():
    found = estimated(spec(run={"energy_price": "0.10 USD/kWh"}))

    assert found["energy_cost_usd"].value == pytest.approx(found["energy_j"].value / 3.6e6 * 0.10)


def test_spare_nodes_shorten_the_run_and_cost_money():
    few, many = (estimated(spec(run={"spare_nodes": n, "repair_time": "3 days"})) for n in (0, 2))
    pool = estimated(spec())

    assert pool["run_time_s"].value < many["run_time_s"].value < few["run_time_s"].value
    hourly = [found["cost_usd"].value / found["run_time_s"].value * 3600 for found in (few, many)]
    assert hourly == pytest.approx([128 * 2.0, 144 * 2.0])


def test_the_parts_of_the_plan_add_up_to_the_run_and_to_one():
    asked = spec()
    job = job_of(asked, nodes=16)

    document = run_length.run_document(asked, job, step_s=2.0, steps=run_length.steps_of(asked))

    assert sum(part["time_s"] for part in document["parts"]) == pytest.approx(estimated(asked)["run_time_s"].value)
    assert sum(part["time_share"] for part in document["parts"]) == pytest.approx(1.0)
    assert document["interval_steps"] == round(document["interval_s"] / 2.0)


FEW = {"fix": {"pp": 1, "cp": 1}}
RARE = ["hsdp", "low_bandwidth", "zero_secondary", "recompute_by_layer", "optimizer_offload", "activation_offload"]
SMALL = {**SPEC, "hardware": {**SPEC["hardware"], "nodes": 4}, "tokens": "200B", "options": {**FEW, "forbid": RARE}}


@pytest.mark.parametrize("calibration", ["published", "prior"])
def test_a_deadline_is_judged_with_the_failures_that_are_to_be_expected(calibration):
    asked = {**SMALL, "calibration": calibration}
    free = kinds.solve(kinds.parse(asked))["estimates"]
    without = free["run_time_s"]["value"] * free["goodput"]["value"]
    between = {"deadline": (without + free["run_time_s"]["value"]) / 2}

    judged = kinds.solve(kinds.parse({**asked, "constraints": between}))
    spared = kinds.solve(kinds.parse({**asked, "constraints": between, "run": {"gpu_mtbf": "100000000 h"}}))

    assert (judged["status"], spared["status"]) == ("infeasible", "solved")
    assert judged["infeasible"]["nearest"]["needs"][0]["value"] == pytest.approx(free["run_time_s"]["value"])


@pytest.mark.parametrize("objective", ["step_time", "cost", "energy", "fewest_gpus"])
def test_every_plan_that_is_shown_meets_the_deadline_as_it_is_told(objective):
    free = kinds.solve(kinds.parse({**SMALL, "options": FEW}))["estimates"]["run_time_s"]["value"]
    deadline = {"objective": objective, "constraints": {"deadline": free * 1.03}, "options": FEW}

    result = kinds.solve(kinds.parse({**SMALL, **deadline}))

    shown = [result, *result["alternatives"], *result["frontier"]]
    assert max(entry["estimates"]["run_time_s"]["value"] for entry in shown) <= free * 1.03


@pytest.mark.parametrize(("objective", "estimate"), [("energy", "energy_j"), ("cost", "cost_usd")])
def test_the_least_of_the_whole_run_is_least_among_all_numbers_of_nodes(objective, estimate):
    known = {**SMALL, "calibration": "prior"}

    least = kinds.solve(kinds.parse({**known, "objective": objective}))

    found = least["estimates"][estimate]["value"]
    others = [entry["estimates"][estimate]["value"] for entry in least["alternatives"]]
    by_nodes = [
        kinds.solve(
            kinds.parse({**known, "objective": "step_time", "hardware": {**SMALL["hardware"], "nodes": nodes}})
        )["estimates"][estimate]["value"]
        for nodes in (1, 2, 4)
    ]
    assert found <= min(others) * (1 + 1e-9)
    assert found <= min(by_nodes) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("run", "at", "hint"),
    [
        ({"spare_nodes": 2}, "/run/repair_time", "Add `repair_time: 1 day`."),
        ({"repair_time": "1 day"}, "/run/spare_nodes", "Add `spare_nodes: 1`."),
        (
            {"mtbf": "9 h", "gpu_mtbf": "50000 h"},
            "/run/gpu_mtbf",
            "Keep `mtbf` for this cluster, or `gpu_mtbf` for any number of GPUs.",
        ),
        ({"energy_price": 0.08}, "/run/energy_price", "Write it with its unit, like '0.08 USD/kWh'."),
        ({"mtbf": 9}, "/run/mtbf", None),
        ({"pue": 0.9}, "/run/pue", None),
        ({"pue": True}, "/run/pue", None),
        ({"checkpoint_bandwidth": 200}, "/run/checkpoint_bandwidth", None),
        ({"spares": 2}, "/run/spares", None),
    ],
)
def test_conditions_that_cannot_be_are_refused_at_their_field(run, at, hint):
    with pytest.raises(SpecError) as refused:
        spec(run=run)

    [problem] = refused.value.problems
    assert problem.at == at
    assert hint is None or problem.hint == hint


def test_energy_cannot_be_least_where_nobody_knows_what_the_gpu_draws():
    gpu = {"memory": "80 GB", "memory_bandwidth": "3 TB/s", "peak": {"bf16": "900 TFLOP/s"}}
    node = {"gpu": gpu, "gpus": 8, "link": "nvlink4"}

    with pytest.raises(SpecError) as refused:
        spec(hardware={"node": node, "nodes": 1}, objective="energy")

    [problem] = refused.value.problems
    assert (problem.code, problem.at) == ("no_power", "/hardware/node/gpu/power")
