"""Many runs in one call are the same numbers as one call for each."""

from dataclasses import dataclass

import numpy as np
import pytest

from solvers.cost.block import block_of
from solvers.cost.coefficients import DEFAULT
from solvers.cost.memory import footprint_of, peak_memory
from solvers.cost.step import step_time
from solvers.training.evidence.batch import batches_of, coefficients_by_row, evaluate, predict_all
from solvers.training.evidence.columns import Row
from solvers.training.evidence.rows import Case, case_of

DENSE = {
    "source": "a test", "stack": "Megatron-LM", "model": "GPT", "arch": "gpt-dense", "hidden": "4096", "ffn": "16384",
    "layers": "24", "heads": "32", "vocab": "51200", "seq_len": "2048", "gpu": "A100-80GB", "gpus": "16",
    "gpus_per_node": "8", "inter_gbps_per_gpu": "200", "precision": "fp16", "task": "pretrain", "tp": "2", "pp": "2",
    "dp": "4", "sharding": "none", "recompute": "full", "mbs": "2", "gbs": "64", "step_time_s": "1",
}  # fmt: skip
MIXTURE = {
    "source": "a test", "stack": "NeMo", "model": "Mixtral-8x7B", "seq_len": "4096", "gpu": "H100", "gpus": "64",
    "precision": "fp8", "tp": "1", "pp": "4", "vpp": "8", "ep": "8", "mbs": "1", "gbs": "256", "tok_s_gpu": "1",
}  # fmt: skip
ROWS: list[Row] = [
    DENSE,
    {**DENSE, "hidden": "6144", "layers": "40", "heads": "48", "gpus": "64", "tp": "8", "recompute": ""},
    MIXTURE,
    {**MIXTURE, "mbs": "", "recompute": "not stated"},
    {**DENSE, "gpus": "8", "tp": "1", "pp": "1", "seq_len": "1024", "mbs": "1", "gpus_per_node": "8"},
    {**MIXTURE, "model": "Llama-3-70B", "ep": "1", "tp": "4", "cp": "2", "schedule": "interleaved", "vpp": ""},
    {**MIXTURE, "gpu": "GB200", "arch": "moe", "gpus": "128"},
]


@dataclass(frozen=True)
class Prediction:
    """What the kernel says of a row."""

    step_time_s: float
    memory_bytes: float
    fits: bool
    terms: dict[str, float]
    recompute: int


def predict(case: Case) -> Prediction:
    """Step time and peak memory of the fastest layout that fits, or of the smallest where none does."""
    footprint = footprint_of(case.shards, case.job)
    memory = peak_memory(case.layouts, case.shards, footprint, case.job)
    terms = step_time(case.layouts, case.shards, block_of(case.shards, case.job), footprint, case.job)
    fits = memory <= case.job.cluster.memory_bytes
    row = int(np.where(fits, terms.total, np.inf).argmin()) if fits.any() else int(memory.argmin())
    return Prediction(
        step_time_s=float(terms.total[row]),
        memory_bytes=float(memory[row]),
        fits=bool(fits[row]),
        terms=terms.terms(row),
        recompute=int(case.layouts.recompute[row]),
    )


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [case_of(row, DEFAULT) for row in ROWS]


def test_runs_in_batches_take_as_long_as_one_by_one(cases: list[Case]) -> None:
    alone = [predict(case) for case in cases]

    found = predict_all(batches_of(cases), DEFAULT, count=len(cases))

    assert found.step_time_s.tolist() == pytest.approx([p.step_time_s for p in alone], rel=1e-12)
    assert found.memory_bytes.tolist() == pytest.approx([p.memory_bytes for p in alone], rel=1e-12)
    assert found.fits.tolist() == [p.fits for p in alone]
    assert found.recompute.tolist() == [p.recompute for p in alone]
    assert [{name: values[i] for name, values in found.terms.items()} for i in range(len(alone))] == [
        pytest.approx(p.terms, rel=1e-12) for p in alone
    ]


def test_runs_of_one_structure_share_a_batch(cases: list[Case]) -> None:
    batches = batches_of(cases)

    assert [sorted(set(batch.owner.tolist())) for batch in batches] == [[0, 1, 4], [2, 3], [5], [6]]


def test_the_chosen_rows_stand_alone_for_their_runs(cases: list[Case]) -> None:
    found = predict_all(batches_of(cases), DEFAULT, count=len(cases))

    again = predict_all(found.chosen, DEFAULT, count=len(cases))

    assert again.step_time_s.tolist() == pytest.approx(found.step_time_s.tolist(), rel=1e-12)
    assert sum(batch.size for batch in found.chosen) == len(cases)


def test_several_coefficient_vectors_are_one_call(cases: list[Case]) -> None:
    batch = batches_of(cases)[0]
    samples = {"gemm_wave_elements": np.array([1.0e6, 3.0e6]), "straggler_spread": np.array([0.0, 0.03])}

    together = evaluate(
        batch.take(np.tile(np.arange(batch.size), 2)),
        coefficients_by_row(samples, rows=batch.size, base=DEFAULT),
    )

    apart = [
        evaluate(batch, coefficients_by_row({n: v[i : i + 1] for n, v in samples.items()}, rows=1, base=DEFAULT))
        for i in range(2)
    ]
    assert together.seconds == pytest.approx(np.concatenate([a.seconds for a in apart]), rel=1e-12)
