"""Steps on a GPU that curves were fitted to move what is foretold of others, and no less than they should."""

from dataclasses import replace

import numpy as np
import pytest

from solvers import catalogue
from solvers.cost.serving.coefficients import DEFAULT
from solvers.recipes.serving_step import ServingStepParams, Step
from solvers.serving import calibration
from solvers.serving.own.device import Device
from solvers.serving.own.posterior import Timed, joined, untaught
from solvers.serving.own.steps import Ran, _operators, job_of, seconds

NODE = catalogue.node("dgx-h100")
MODEL = {"hidden": 4096, "layers": 32, "heads": 32, "kv_heads": 8, "ffn": 14336, "vocabulary": 128256}
PARAMS = ServingStepParams.model_validate({"device": "cuda", "model": MODEL, "precision": "bf16"})


def ran(sequences: int, tokens: int, start: int) -> Ran:
    return Ran(PARAMS, 32, Step(sequences=sequences, tokens=tokens, start=start), graph=True)


def test_a_decode_of_eight_billion_parameters_takes_as_long_as_its_weights_are_read() -> None:
    log, _ = untaught(calibration.belief("published"), NODE).foreseen([ran(1, 1, 512)], NODE)

    least = 2.0 * 7.5e9 / NODE.gpu.memory_bytes_per_s
    assert least < np.exp(log[0]) < 1.6 * least


def mixed(device: str, sequences: int) -> float:
    """Seconds of a decode of 16 experts of a million parameters in each of 8 layers, at the published mean."""
    moe = {"experts": 16, "top_k": 2, "ffn": 512}
    model = {"hidden": 1024, "layers": 8, "heads": 8, "ffn": 0, "vocabulary": 64, "moe": moe}
    params = ServingStepParams.model_validate({"device": device, "model": model, "precision": "bf16"})
    run = Ran(params, 8, Step(sequences=sequences, start=1), graph=device == "cuda")
    coefficients = replace(DEFAULT, eager_gap_s=1e-5, dispatch_s=0.0)
    return seconds(run, job_of(run, NODE), replace(coefficients, graph_gap_s=1e-5))


def test_a_mixtures_operators_are_counted_and_on_a_cpu_a_product_for_each_expert() -> None:
    model = {"hidden": 1024, "layers": 8, "heads": 8, "ffn": 0, "vocabulary": 64, "moe": {"experts": 16, "ffn": 512}}
    params = {name: {"device": name, "model": model, "precision": "bf16"} for name in ("cuda", "cpu")}

    found = {
        name: _operators(Ran(ServingStepParams.model_validate(asked), 8, Step(), graph=False))
        for name, asked in params.items()
    }

    assert found == {"cuda": 8 * 18, "cpu": 8 * (18 + 2 * 16)}
    assert mixed("cpu", 1) - mixed("cuda", 1) == pytest.approx(8 * 2 * 16 * 1e-5)


def test_experts_that_are_as_likely_are_nearly_all_met_by_many_tokens() -> None:
    """One token reads two of sixteen experts, 64 read all: 14 more of 3 MB in each of eight layers."""
    more = mixed("cuda", 64) - mixed("cuda", 1)

    assert more > 8 * 14 * 3 * 1024 * 512 * 2.0 / NODE.gpu.memory_bytes_per_s


def test_steps_that_take_a_fifth_longer_are_foretold_so() -> None:
    belief = calibration.belief("published")
    seen, others = [ran(1, 2048, 0), ran(8, 1, 1024), ran(64, 1, 1024)], [ran(1, 4096, 0), ran(16, 1, 2048)]
    before = untaught(belief, NODE)
    steps = [
        Timed(one, 1.2 * float(np.exp(log)), 0.05)
        for one, log in zip(seen, before.foreseen(seen, NODE)[0], strict=True)
    ]
    device = Device(NODE.gpu, (), np.zeros(0), np.zeros((0, 0)), belief.apart, like_published=True)

    log, deviation = joined(belief, device, steps, NODE).foreseen(others, NODE)

    assert log - before.foreseen(others, NODE)[0] == pytest.approx(np.log(1.2), abs=0.04)
    assert max(deviation) < min(before.foreseen(others, NODE)[1])
