import pytest

from solvers.cost.serving.job import Layout, Numerics
from solvers.serving.evidence.columns import NotExpressible
from solvers.serving.evidence.recipes import Side
from solvers.serving.evidence.rows import Reading, question_of, questions_of
from tests.solvers.serving.evidence.measured import row

R1 = {"model_path": "deepseek-ai/DeepSeek-R1", "precision": "fp8", "gemm_quant_mode": "fp8", "moe_quant_mode": "fp8"}


def test_a_row_is_read_as_a_model_a_node_an_engine_and_a_number_of_clients() -> None:
    found = question_of(row(), 3)

    assert (found.place, found.model.name, found.node.name, found.software.name) == (
        3,
        "llama-3.1-8b",
        "dgx-h100",
        "vllm",
    )
    assert (found.clients, found.input_tokens, found.output_tokens, found.shortest) == (8, 1024, 128, 1.0)
    assert found.readings == (Reading(Side(1, Layout())),)
    assert (found.ttft_s, found.tpot_s) == (0.1, 0.008)


def test_gpus_times_groups_of_experts_are_the_gpus_of_one_worker() -> None:
    cells = R1 | {
        "system": "h200_sxm",
        "tp_size": "64",
        "moe_tp_size": "8",
        "moe_ep_size": "8",
        "isl": "999",
        "source": "x",
    }

    found = question_of(row(**cells), 0)

    assert found.readings == (Reading(Side(1, Layout(tp=8, ep=8))),)


def test_data_parallel_attention_that_counts_groups_twice_is_on_as_many_gpus() -> None:
    cells = R1 | {"system": "h200_sxm", "attention_dp_size": "64", "moe_tp_size": "8", "moe_ep_size": "8", "isl": "999"}

    found = question_of(row(**cells, source="x"), 0)

    assert found.readings == (Reading(Side(1, Layout(dp=8, ep=8))),)


def test_a_batch_below_the_concurrency_is_one_of_several_replicas() -> None:
    found = question_of(row(batch_size="2", concurrency="8"), 0)

    assert found.readings[0].serve.workers == 4


def test_the_public_recipe_says_how_many_workers_there_were() -> None:
    cells = R1 | {
        "mode": "disagg", "backend": "trtllm", "backend_version": "0.8.1.post3", "isl": "1024", "osl": "1024",
        "concurrency": "30", "batch_size": "", "prefill_tp_size": "16", "decode_tp_size": "16",
        "prefill_moe_ep_size": "16", "decode_moe_ep_size": "16", "measured": "2026-02-08", "silicon_ttft_ms": "2000",
    }  # fmt: skip

    found = question_of(row(**cells, source="x"), 0)

    whole, ranks = Layout(tp=16, ep=16), Layout(dp=16, ep=16)
    assert [reading for reading in found.readings if not reading.drafts] == [
        Reading(Side(3, whole, batch=8), Side(1, ranks))
    ]


def test_sizes_of_no_recipe_are_those_of_the_recipe_of_that_version_day_and_concurrency() -> None:
    cells = R1 | {
        "mode": "disagg", "backend": "trtllm", "backend_version": "0.8.1.post2", "isl": "1024", "osl": "8192",
        "concurrency": "6144", "batch_size": "", "system": "gb200", "precision": "fp4", "gemm_quant_mode": "nvfp4",
        "moe_quant_mode": "nvfp4", "prefill_tp_size": "4", "prefill_moe_ep_size": "4", "decode_tp_size": "16",
        "decode_moe_tp_size": "4", "decode_moe_ep_size": "4", "measured": "2026-03-23", "silicon_ttft_ms": "4000",
    }  # fmt: skip

    found = question_of(row(**cells, source="x"), 0)

    prefill, decode = Layout(dp=4, ep=4), Layout(dp=16, ep=16)
    assert found.readings == (Reading(Side(3, decode, batch=128), Side(1, prefill), drafts=1),)


def test_clients_of_all_workers_are_those_that_a_recipe_names_for_each() -> None:
    cells = R1 | {
        "mode": "disagg", "backend": "trtllm", "backend_version": "0.8.1.post1", "isl": "1024", "osl": "1024",
        "concurrency": "352", "batch_size": "", "system": "h200_sxm", "prefill_tp_size": "8", "decode_tp_size": "8",
        "prefill_moe_ep_size": "8", "decode_moe_ep_size": "8", "measured": "2026-02-14", "silicon_ttft_ms": "2000",
    }  # fmt: skip

    found = question_of(row(**cells, source="x"), 0)

    whole = Layout(tp=8, ep=8)
    assert found.readings == (Reading(Side(11, whole, batch=128), Side(1, whole), drafts=3),)


def test_four_bit_mixtures_keep_all_but_their_experts_in_sixteen_bit() -> None:
    cells = R1 | {"system": "b200_sxm", "precision": "fp4", "gemm_quant_mode": "nvfp4", "moe_quant_mode": "nvfp4"}

    found = question_of(row(**cells, tp_size="8", moe_tp_size="8", source="x"), 0)

    assert found.numerics == Numerics(weights="bf16", kv="fp8", experts="nvfp4")


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"model_path": "nobody/knows"}, "model nobody/knows"),
        ({"system": "abacus"}, "system abacus"),
        ({"backend": "quill"}, "engine quill"),
        ({"precision": "fp3"}, "precision fp3"),
        ({"concurrency": "", "batch_size": ""}, "concurrency is missing"),
        ({"silicon_tpot_ms": "0"}, "no TPOT was measured"),
        ({"isl": ""}, "lengths are missing"),
        (R1 | {"source": "x"}, "the weights do not fit on the GPUs that the row gives a worker"),
        (
            {"concurrency": "512", "batch_size": "512", "silicon_tpot_ms": "0.5"},
            "the row states more work than its GPUs can do: requests failed, or its GPUs are not all",
        ),
    ],
)
def test_a_row_that_cannot_be_expressed_has_a_word(cells: dict[str, str], reason: str) -> None:
    with pytest.raises(NotExpressible) as raised:
        question_of(row(**cells), 0)

    assert str(raised.value) == reason


def test_questions_keep_their_places_and_the_others_their_reasons() -> None:
    found, reasons = questions_of([row(system="abacus"), row()])

    assert [question.place for question in found] == [1]
    assert reasons == {0: "system abacus"}
