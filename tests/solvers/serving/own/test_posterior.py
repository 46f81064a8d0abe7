"""Steps on a GPU that curves were fitted to move what is foretold of others, and no less than they should."""

import numpy as np
import pytest

from solvers import catalogue
from solvers.recipes.serving_step import ServingStepParams, Step
from solvers.serving import calibration
from solvers.serving.own.device import Device
from solvers.serving.own.posterior import Timed, joined, untaught
from solvers.serving.own.steps import Ran

NODE = catalogue.node("dgx-h100")
MODEL = {"hidden": 4096, "layers": 32, "heads": 32, "kv_heads": 8, "ffn": 14336, "vocabulary": 128256}
PARAMS = ServingStepParams.model_validate({"device": "cuda", "model": MODEL, "precision": "bf16"})


def ran(sequences: int, tokens: int, start: int) -> Ran:
    return Ran(PARAMS, 32, Step(sequences=sequences, tokens=tokens, start=start), graph=True)


def test_a_decode_of_eight_billion_parameters_takes_as_long_as_its_weights_are_read() -> None:
    log, _ = untaught(calibration.belief("published"), NODE).foreseen([ran(1, 1, 512)], NODE)

    least = 2.0 * 7.5e9 / NODE.gpu.memory_bytes_per_s
    assert least < np.exp(log[0]) < 1.6 * least


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
