"""Memory by hand, and stages against one another."""

import numpy as np
import pytest

from solvers.cost.layouts import FULL, GPIPE, NONE, SELECTIVE
from solvers.cost.memory import footprint_of, memory_of_stage, peak_memory, stage_memory
from solvers.cost.parts import Stack
from solvers.cost.pipeline import layers_per_stage
from solvers.cost.stage import PARTS
from tests.solvers.cost.cases import GPT_22B, OLD, SOURCE, job, one

# h 64, L 4, f 256, a 4, V 1000: a layer has 12 h^2 + norms 4 h = 49,408 parameters, the embedding 64,000.
TINY = {
    "layers": 4, "hidden": 64, "ffn": 256, "gated": False, "heads": 4, "vocab": 1000, "norm": "layernorm",
    "source": SOURCE,
}  # fmt: skip
LAYER, ENDS = 49_408.0, 64_000.0


def test_states_of_one_gpu_are_eighteen_bytes_a_parameter() -> None:
    """Four layers, embedding and head on one stage: 2, 4 and 12 bytes each."""
    case = job(TINY, gpus=1, sequence_length=128)
    shards, layouts = one(case)

    memory = stage_memory("first", layouts, shards, footprint_of(shards, case), case)

    parameters = 4 * LAYER + 2 * ENDS
    found = [memory.weights[0], memory.gradients[0], memory.optimizer[0]]
    assert found == [2 * parameters, 4 * parameters, 12 * parameters]


@pytest.mark.parametrize(
    ("zero", "weights", "gradients", "optimizer"), [(0, 1, 1, 1), (1, 1, 1, 8), (2, 1, 8, 8), (3, 8, 8, 8)]
)
def test_zero_divides_states_by_the_copies(zero: int, weights: int, gradients: int, optimizer: int) -> None:
    """P_os, P_os+g, P_os+g+p: figure 1 [rajbhandari2020zero]."""
    case = job(TINY, gpus=8, sequence_length=128)
    shards, layouts = one(case, zero=zero)

    memory = stage_memory("first", layouts, shards, footprint_of(shards, case), case)

    parameters = 4 * LAYER + 2 * ENDS
    expected = [2 * parameters / weights, 4 * parameters / gradients, 12 * parameters / optimizer]
    assert [memory.weights[0], memory.gradients[0], memory.optimizer[0]] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("tp", "parallel", "recompute", "per_token"),
    [
        # s = 2048, h = 6144, a = 64: 5 a s / h = 106.67; bytes for each token and hidden unit.
        (1, 0, NONE, 34 + 320 / 3),
        (8, 0, NONE, 10 + 24 / 8 + 320 / 3 / 8),
        (8, 1, NONE, (34 + 320 / 3) / 8),
        (8, 1, SELECTIVE, 34 / 8),
        (8, 0, SELECTIVE, 10 + 24 / 8),
        (8, 0, FULL, 2.0),
        (8, 1, FULL, 2.0 / 8),
    ],
)
def test_bytes_of_a_layer_are_the_formulas_of_table_2(tp: int, parallel: int, recompute: int, per_token: float) -> None:
    """Table 2 [korthikanti2023reducing]: s b h (34 + 5 a s / h) and its divisions."""
    case = job(GPT_22B, gpus=8, global_batch=4)
    shards, _ = one(case, tp=tp, dp=8 // tp, sequence_parallel=parallel, micro_batch=4)

    stored = footprint_of(shards, case).activations[recompute][0]

    assert stored == pytest.approx(2048 * 4 * 6144 * per_token, rel=1e-12)


def test_flash_attention_keeps_no_scores() -> None:
    flash = job(GPT_22B, gpus=1, stack=Stack())
    shards, _ = one(flash)
    old = footprint_of(shards, job(GPT_22B, gpus=1, stack=OLD)).activations[NONE][0]

    stored = footprint_of(shards, flash).activations[NONE][0]

    scores, masks, sums = 5 * 64 * 2048 * 2048, 2 * 6144 * 2048, 4 * 64 * 2048
    assert stored == pytest.approx(old - scores - masks + sums)


@pytest.mark.parametrize("layers", [8, 9, 10, 11, 13, 17])
@pytest.mark.parametrize("pp", [1, 2, 4, 8])
@pytest.mark.parametrize("schedule", [GPIPE, 1])
def test_the_fullest_of_three_stages_is_the_fullest_of_all(layers: int, pp: int, schedule: int) -> None:
    case = job({**TINY, "layers": layers}, gpus=8, sequence_length=128, global_batch=16)
    shards, layouts = one(case, pp=pp, schedule=schedule)
    footprint = footprint_of(shards, case)
    held = np.array(layers_per_stage(layers, pp))
    every = memory_of_stage(np.arange(pp), held, layouts.take(np.zeros(pp, dtype=np.int64)), shards, footprint, case)

    peak = peak_memory(layouts, shards, footprint, case)[0]

    assert peak == pytest.approx(every.total.max())


def test_parts_add_up_to_the_total() -> None:
    case = job(TINY, gpus=8, sequence_length=128)
    shards, layouts = one(case, tp=2, pp=2, recompute=FULL, zero=1)

    memory = stage_memory("last", layouts, shards, footprint_of(shards, case), case)

    assert memory.total[0] == pytest.approx(sum(memory.part(name)[0] for name in PARTS))


def test_experts_lie_on_their_group_and_are_copied_beyond_it() -> None:
    """8 experts of 2 x 64 x 32 weights in each of 4 layers; EP 4 leaves two on a rank, copied on 8 / 4 ranks."""
    moe = {**TINY, "moe": {"experts": 8, "top_k": 2, "ffn": 32}}
    case = job(moe, gpus=8, sequence_length=128)
    shards, layouts = one(case, ep=4, zero=1)
    footprint = footprint_of(shards, case)

    memory = stage_memory("first", layouts, shards, footprint, case)

    expert = 2 * 64 * 32 * 8 / 4
    dense = footprint.dense[0] * 4 + 2 * ENDS
    assert footprint.expert[0] == expert
    assert memory.optimizer[0] == pytest.approx(12 * (dense / 8 + 4 * expert / 2))


def test_a_loss_op_by_op_holds_twelve_bytes_a_logit_and_sixteen_where_ranks_share_it() -> None:
    """T = 256, V = 1000; beside them the last norm's input and output: 4 h a token."""
    case = job(TINY, gpus=2, sequence_length=128, stack=Stack(loss="eager"))
    alone, _ = one(case, micro_batch=2)
    cut, _ = one(case, micro_batch=2, tp=2)

    found = [footprint_of(shards, case).logits[0] - 4 * 64 * 256 for shards in (alone, cut)]

    assert found == pytest.approx([12 * 256 * 1000, 16 * 256 * 1000 / 2])


def test_the_fullest_moment_holds_logits_or_the_working_set_not_both() -> None:
    case = job(TINY, gpus=1, sequence_length=128, stack=Stack(loss="fp32"))
    small = job({**TINY, "vocab": 16}, gpus=1, sequence_length=128, stack=Stack(loss="fp32"))
    memories = []
    for each in (case, small):
        shards, layouts = one(each, recompute=FULL)
        memories.append(stage_memory("last", layouts, shards, footprint_of(shards, each), each))

    logits = [float(memory.logits[0]) for memory in memories]
    buffers = [float(memory.buffers[0]) for memory in memories]
    assert [logits[0] > 0, buffers[0] > 0, logits[1] > 0, buffers[1] > 0] == [True, False, False, True]


def test_meters_differ_by_fragmentation_and_context() -> None:
    case = job(TINY, gpus=1, sequence_length=128)
    shards, layouts = one(case)
    memory = stage_memory("first", layouts, shards, footprint_of(shards, case), case)

    allocated, reserved, device = (float(memory.shown(meter)[0]) for meter in ("allocated", "reserved", "device"))

    lost = case.coefficients.fragmentation * (memory.activations + np.maximum(memory.logits, memory.buffers))[0]
    assert [reserved - allocated, device - reserved] == pytest.approx([lost, case.coefficients.context_bytes])
    assert device == pytest.approx(memory.total[0])


@pytest.mark.parametrize("stack", [Stack(), Stack(weights="cast"), Stack(selective="operators", regathers=False)])
@pytest.mark.parametrize("zero", [0, 1, 2, 3])
@pytest.mark.parametrize("recompute", [NONE, SELECTIVE, FULL])
def test_the_quick_peak_is_the_sum_of_parts_of_the_fullest_stage(stack: Stack, zero: int, recompute: int) -> None:
    case = job({**TINY, "layers": 8}, gpus=16, sequence_length=128, global_batch=16, stack=stack)
    shards, layouts = one(case, tp=2, pp=2, dp=4, zero=zero, recompute=recompute, sequence_parallel=1)
    footprint = footprint_of(shards, case)

    peak = peak_memory(layouts, shards, footprint, case)[0]

    stages = [stage_memory(position, layouts, shards, footprint, case) for position in ("first", "last")]
    assert peak == pytest.approx(max(float(stage.total[0]) for stage in stages))


def test_layers_that_predict_ahead_lie_with_the_head() -> None:
    """One layer more on the last stage, and its logits kept beside the head's own."""
    plain, ahead = (
        job({**TINY, "mtp_layers": count}, gpus=2, sequence_length=128, stack=Stack(loss="fp32")) for count in (0, 1)
    )
    memories = []
    for case in (plain, ahead):
        shards, layouts = one(case, pp=2)
        footprint = footprint_of(shards, case)
        memories.append([stage_memory(position, layouts, shards, footprint, case) for position in ("first", "last")])

    (first, last), (first_ahead, last_ahead) = memories

    assert first_ahead.total[0] == first.total[0]
    assert last_ahead.weights[0] - last.weights[0] == 2 * LAYER
    assert last_ahead.logits[0] - last.logits[0] == pytest.approx(4 * 128 * 1000 + 4 * 64 * 128)
