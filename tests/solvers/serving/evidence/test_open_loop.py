"""Open-loop runs of vLLM against the simulator: the words of a row by hand, the errors against the bars.

The runs lie beside the checkout, in `../shared/data`, and do not ship with the project.
"""

import csv
from io import StringIO
from pathlib import Path

import pytest

from solvers.cost.serving.coefficients import DEFAULT
from solvers.cost.serving.job import Layout
from solvers.errors import UnknownName
from solvers.serving.evidence.open_loop import cost_of, run_of, score_open_loop, simulated
from solvers.serving.evidence.profiles import read_profiles

DATA = Path(__file__).parents[4].parent / "shared" / "data" / "serving"
ROW = {
    "hw": "RTXPRO6000", "model": "Qwen3-30B-A3B-Instruct-2507", "vllm": "0.19.0", "tp": "1", "dp": "2",
    "max_num_seqs": "128", "max_num_batched_tokens": "2048", "dtype": "bfloat16", "num_gpu_blocks": "",
    "block_size": "",
}  # fmt: skip
COLUMNS = ("hw", "model", "arrival_s", "input_toks", "output_toks", "ttft_s", "tpot_s")


def _request(arrival_s: float, **changes: str) -> dict[str, str]:
    values = (ROW["hw"], ROW["model"], str(arrival_s), "100", "10", "0.1", "0.02")
    return dict(zip(COLUMNS, values, strict=True)) | changes


def test_ranks_of_a_mixture_of_experts_step_together_and_those_of_a_dense_model_do_not() -> None:
    rows = [_request(1.0), _request(0.5), _request(0.1, hw="H100")]
    sparse = run_of(ROW, rows)
    dense = run_of(ROW | {"model": "Qwen3-32B"}, rows)

    assert (sparse.engine.ranks, sparse.replicas, sparse.job.layout) == (2, 1, Layout(dp=2, ep=2))
    assert (dense.engine.ranks, dense.replicas, dense.job.layout) == (1, 2, Layout())
    assert sparse.requests.arrival_s.tolist() == [0.5, 1.0]
    assert (sparse.job.model.name, sparse.engine.block_size) == ("qwen3-30b-a3b", 16)


def test_requests_belong_to_the_run_that_has_all_that_they_say() -> None:
    rows = [_request(1.0, tp="1"), _request(2.0, tp="2"), _request(3.0, tp="1", vllm="0.20.0")]

    assert run_of(ROW, rows).requests.arrival_s.tolist() == [1.0]
    assert run_of(ROW | {"tp": "2", "dp": "1"}, rows).requests.arrival_s.tolist() == [2.0]


def test_blocks_that_a_run_does_not_say_are_what_its_memory_leaves() -> None:
    said = run_of(ROW | {"num_gpu_blocks": "77.0"}, [])
    found = run_of(ROW, [])

    assert said.engine.blocks == 77
    assert 10_000 < found.engine.blocks < 60_000


def test_a_model_that_no_catalogue_has_is_said() -> None:
    with pytest.raises(UnknownName, match="Nonsense-7B"):
        run_of(ROW | {"model": "Nonsense-7B"}, [])


def test_a_run_of_first_tokens_only_needs_no_second_look_at_its_batch() -> None:
    profile = read_profiles(
        {
            "lss_profile_RTXPRO6000_Qwen3-32B_tp1_attention.csv": (
                "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us\n0,0,1,16,9\n0,0,8,256,30\n64,0,0,0,20\n64,64,8,64,40\n"
            )
        }
    )
    run = run_of(ROW | {"model": "Qwen3-32B", "dp": "1"}, [_request(0.5, model="Qwen3-32B", output_toks="1")])

    outcome = simulated(run, cost_of(run, profile, DEFAULT))

    assert outcome.first_token_s.tolist() == outcome.finish_s.tolist()


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def _tables() -> tuple[list[dict[str, str]], list[dict[str, str]], dict[str, str]]:
    if not (DATA / "open_loop_vllm_runs.csv").exists():
        pytest.skip("the open-loop runs are not beside the checkout")
    runs, requests = (_rows((DATA / f"open_loop_vllm_{name}.csv").read_text()) for name in ("runs", "requests"))
    return runs, requests, {path.name: path.read_text() for path in DATA.glob("lss_profile_*.csv")}


def test_both_runs_are_met_within_three_per_cent_of_tpot_and_ten_of_ttft_with_nothing_fitted_to_them() -> None:
    """One of them has a full KV cache: without the blocks that preempted requests find again it misses by 6 %."""
    scored = score_open_loop(*_tables())["runs"]

    assert [(run["hw"], run["requests"], run["profiled"]) for run in scored] == [
        ("RTX4090", 300, True),
        ("RTXPRO6000", 300, True),
    ]
    assert max(abs(float(str(run["tpot_mean_error"]))) for run in scored) < 0.03
    assert max(abs(float(str(run["ttft_mean_error"]))) for run in scored) < 0.10
    assert [int(str(run["preemptions"])) > 100 for run in scored] == [True, False]


def test_the_blocks_of_the_run_with_a_full_cache_are_derived_within_two_per_cent() -> None:
    runs, requests, _ = _tables()

    derived = run_of(runs[0] | {"num_gpu_blocks": ""}, requests)

    assert derived.engine.blocks == pytest.approx(float(runs[0]["num_gpu_blocks"]), rel=0.02)
