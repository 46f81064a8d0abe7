"""What each part of the model is worth, on a run that was made with all of them."""

from dataclasses import replace

import pytest

from solvers.cost.serving.coefficients import DEFAULT
from solvers.serving.evidence.open_loop import Run, cost_of, run_of, simulated
from solvers.serving.evidence.open_loop_parts import PARTS, parts_of

ROW = {
    "hw": "RTX4090", "model": "Llama-3.1-8B", "vllm": "0.19.0", "tp": "1", "dp": "1", "max_num_seqs": "64",
    "max_num_batched_tokens": "2048", "dtype": "bfloat16", "num_gpu_blocks": "300", "block_size": "16",
}  # fmt: skip


# So slow beside chunks that few such steps show it.
COEFFICIENTS = replace(DEFAULT, mixed_decode=50.0)


def _run() -> Run:
    """Forty requests at once into a cache of 299 blocks, timed by the model itself."""
    asked = [
        {
            "hw": "RTX4090", "model": "Llama-3.1-8B", "arrival_s": str(0.01 * place),
            "input_toks": str(300 + 17 * place), "output_toks": "200", "ttft_s": "1", "tpot_s": "1",
        }
        for place in range(40)
    ]  # fmt: skip
    run = run_of(ROW, asked)
    outcome = simulated(run, cost_of(run, {}, COEFFICIENTS))
    return replace(run, ttft_s=outcome.ttft_s, tpot_s=outcome.tpot_s(run.requests.output_tokens))


def test_a_model_without_one_of_its_parts_misses_what_the_whole_model_made() -> None:
    found = parts_of(_run(), {}, coefficients=COEFFICIENTS)

    assert list(found) == ["", *(part.name for part in PARTS)]
    assert found.pop("") == pytest.approx(dict.fromkeys(found[PARTS[0].name], 0.0), abs=1e-12)
    assert [max(abs(error) for error in errors.values()) > 1e-3 for errors in found.values()] == [True] * len(PARTS)


def test_blocks_that_are_not_found_again_make_every_request_later() -> None:
    errors = parts_of(_run(), {}, coefficients=COEFFICIENTS)["preempted requests find their own blocks again"]

    assert errors["ttft_mean_error"] > 0.01
