"""Finer sharding and schedules: equal to the plain kernel where they change nothing, by hand where they do."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.cost.block import Job
from solvers.cost.layouts import FULL, INTERLEAVED, NONE, ZB_H1, Layouts, Shards
from solvers.cost.memory import outer_stages, peak_memory
from solvers.cost.partition import partition_seconds, traffic_of
from solvers.cost.parts import Adapters, Stack
from solvers.cost.pipeline import most_layers
from solvers.cost.refined import Refined, plain
from solvers.cost.step import StepTime, step_time
from solvers.simulate.orders import Schedule
from solvers.simulate.pipeline import Seconds, makespan
from solvers.training.job import tables_of
from tests.solvers.cost.cases import SOURCE, free_of_overheads, job, one

PLAIN = {
    "layers": 8, "hidden": 1024, "ffn": 4096, "gated": False, "heads": 16, "vocab": 32768, "source": SOURCE,
}  # fmt: skip
MOE = PLAIN | {"moe": {"experts": 8, "top_k": 2, "ffn": 2048}}
ONE = np.ones(1)


def _job(gpus: int = 32, *, document: dict[str, object] = PLAIN, stack: Stack | None = None, batch: int = 64) -> Job:
    return job(
        document, gpus=gpus, stack=stack or Stack(overlap=False, gradient_bytes=2), sequence_length=1024,
        global_batch=batch, hardware="dgx-h100", precision="bf16", coefficients=free_of_overheads(),
    )  # fmt: skip


def _refined(case: Job, changes: dict[str, float], **degrees: int) -> tuple[Shards, Layouts]:
    shards, layouts = one(case, **degrees)
    copies = layouts.dp * shards.cp[layouts.shard]
    columns = {name: np.array([float(value)]) for name, value in changes.items()}
    return shards, replace(layouts, refined=replace(plain(layouts.zero, copies, most_layers(8, layouts.pp)), **columns))


def _terms(case: Job, shards: Shards, layouts: Layouts) -> StepTime:
    tables = tables_of(shards, case)
    return step_time(layouts, shards, tables.block, tables.footprint, case)


def _memory(case: Job, shards: Shards, layouts: Layouts) -> float:
    tables = tables_of(shards, case)
    return float(peak_memory(layouts, shards, tables.footprint, case)[0])


@pytest.mark.parametrize("zero", [0, 1, 2, 3])
@pytest.mark.parametrize("document", [PLAIN, MOE])
@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize("adapters", [None, Adapters(16.0, ("qkv", "mlp_up"))])
def test_groups_of_a_zero_stage_cost_what_the_stage_costs(
    zero: int, document: dict[str, object], overlap: bool, adapters: Adapters | None
) -> None:
    case = replace(_job(document=document, stack=Stack(overlap=overlap)), adapters=adapters)
    degrees = {"tp": 2, "pp": 2, "micro_batch": 2, "zero": zero, "ep": 4 if document is MOE else 1}

    shards, layouts = one(case, **degrees)
    refined = _refined(case, {}, **degrees)[1]

    assert _terms(case, shards, refined).terms(0) == pytest.approx(_terms(case, shards, layouts).terms(0), rel=1e-12)
    assert _memory(case, shards, refined) == pytest.approx(_memory(case, shards, layouts), rel=1e-12)


def _between_nodes(refined: Refined, *, copies: int) -> float:
    """Seconds between nodes of one micro-batch, in units of M = 2 bytes a parameter, on links that are free inside."""
    case = _job(gpus=copies)
    cluster = replace(case.cluster, intra_bytes_per_s=1e30, intra_latency_s=0.0, inter_latency_s=0.0)
    case = replace(case, cluster=cluster)
    found = traffic_of(np.array([1e9]), np.array([float(copies)]), np.array([1]), refined, case, layers=1.0)
    seconds = (found.ahead + found.behind + found.first + found.last)[0]
    one_gather = 2e9 / 8 * (1 - 8 / copies) / cluster.inter_bytes_per_s
    return float(seconds / one_gather)


def test_zero_plus_plus_moves_three_quarters_of_a_model_between_nodes_instead_of_three_models() -> None:
    """3 M of ZeRO-3; 2.5, 2 and 2.25 M with one of its techniques, 0.75 M with all: table 1 [wang2023zeropp]."""
    zero3 = plain(np.array([3]), np.array([64.0]), ONE)

    assert _between_nodes(zero3, copies=64) == pytest.approx(3.0)
    assert _between_nodes(replace(zero3, quantized_weights=ONE), copies=64) == pytest.approx(2.0)
    assert _between_nodes(replace(zero3, secondary=ONE), copies=64) == pytest.approx(2.0)
    assert _between_nodes(replace(zero3, quantized_gradients=ONE), copies=64) == pytest.approx(2.25)
    every = replace(zero3, quantized_weights=ONE, secondary=ONE, quantized_gradients=ONE)
    assert _between_nodes(every, copies=64) == pytest.approx(0.75)


def test_hybrid_sharding_gathers_inside_the_node_and_reduces_a_shard_between_nodes() -> None:
    """(8, 8, 8) of 32 ranks: nothing of the gathers leaves the node, and an all-reduce of M / 8 over 4 nodes does."""
    hybrid = replace(
        plain(np.array([3]), np.array([32.0]), ONE),
        weight_group=8 * ONE, gradient_group=8 * ONE, optimizer_group=8 * ONE,
    )  # fmt: skip

    assert _between_nodes(hybrid, copies=32) == pytest.approx(2.0)


def test_three_levels_gather_in_the_node_and_update_everywhere() -> None:
    """(8, 8, 32): gradients reduce-scatter M / 8 and weights gather M / 8 over 4 nodes, once a step.

    Latencies: 3 doublings for each of 8 layers, 3 messages and 4 micro-batches inside, 2 rings of 3 hops between.
    """
    levels = replace(plain(np.array([3]), np.array([32.0]), ONE), weight_group=8 * ONE, gradient_group=8 * ONE)

    assert _between_nodes(levels, copies=32) == pytest.approx(2.0)
    case = _job(gpus=32, batch=128)
    footprint_case = _refined(case, {"weight_group": 8, "gradient_group": 8}, zero=3)
    tables = tables_of(footprint_case[0], case)
    many, updated = partition_seconds(
        footprint_case[1], footprint_case[0], tables.footprint, case,
        layers=np.array([8.0]), forward=ONE, backward=ONE,
    )  # fmt: skip
    parameters = 8 * tables.footprint.dense[0] + tables.footprint.embedding[0] + tables.footprint.head[0]
    inside = 4 * 6 * parameters * (7 / 8) / case.cluster.intra_bytes_per_s
    between = 2 * 2 * parameters / 8 * (3 / 4) / case.cluster.inter_bytes_per_s
    latency = case.cluster.intra_latency_s * 3 * 3 * 4 * 8 + 2 * case.cluster.inter_latency_s * 3
    assert many[0] == pytest.approx(inside + between + latency, rel=1e-9)
    assert updated[0] == pytest.approx(parameters / 32)


def test_hybrid_sharding_holds_a_whole_model_in_each_group() -> None:
    """(8, 8, 8) instead of (32, 32, 32): 16 bytes a parameter over 8 ranks."""
    case = _job()
    groups = {"weight_group": 8, "gradient_group": 8, "optimizer_group": 8}
    shards, layouts = _refined(case, groups, zero=3)
    everywhere = _refined(case, {}, zero=3)[1]
    tables = tables_of(shards, case)
    parameters = 8 * tables.footprint.dense[0] + tables.footprint.embedding[0] + tables.footprint.head[0]

    more = _memory(case, shards, layouts) - _memory(case, shards, everywhere)

    assert more == pytest.approx(16 * parameters * (1 / 8 - 1 / 32))


def test_a_second_copy_of_the_weights_is_shared_by_the_node() -> None:
    case = _job()
    shards, layouts = _refined(case, {"secondary": 1}, zero=3)
    tables = tables_of(shards, case)
    parameters = 8 * tables.footprint.dense[0] + tables.footprint.embedding[0] + tables.footprint.head[0]

    more = _memory(case, shards, layouts) - _memory(case, shards, _refined(case, {}, zero=3)[1])

    assert more == pytest.approx(2 * parameters / 8)


def test_recomputation_by_layer_lies_between_none_and_full() -> None:
    """Two of eight layers: a quarter of the seconds, and three of what none keeps."""
    case = _job()
    shards, quarter = _refined(case, {"recomputed": 0.25}, recompute=NONE)
    none, full = one(case, recompute=NONE)[1], one(case, recompute=FULL)[1]

    seconds = [_terms(case, shards, x).recompute[0] for x in (none, quarter, full)]
    stages = [outer_stages(x, shards, tables_of(shards, case).footprint, case)[0] for x in (none, quarter, full)]
    kept = [stage.activations[0] for stage in stages]

    assert seconds == pytest.approx([0.0, 0.25 * seconds[2], seconds[2]])
    assert kept[1] == pytest.approx(0.75 * kept[0] + 0.25 * kept[2])


def test_all_layers_one_by_one_are_full_recomputation() -> None:
    case = _job()
    shards, all_layers = _refined(case, {"recomputed": 1.0}, recompute=NONE, pp=2)
    full = one(case, recompute=FULL, pp=2)[1]

    assert _terms(case, shards, all_layers).terms(0) == pytest.approx(_terms(case, shards, full).terms(0), rel=1e-12)
    assert _memory(case, shards, all_layers) == pytest.approx(_memory(case, shards, full), rel=1e-12)


@pytest.mark.parametrize(("stages", "batches"), [(2, 2), (2, 8), (4, 4), (4, 12), (8, 16)])
def test_zero_bubble_is_the_schedule_of_its_simulation(stages: int, batches: int) -> None:
    """(p - 1) (F + B - W) [qi2024zero, table 1], against every operation in its order."""
    case = _job(gpus=stages, batch=batches)
    layer = {"forward": 2.0, "backward": 2.5, "weight": 1.5}
    shards, layouts = one(case, pp=stages, schedule=ZB_H1)
    tables = tables_of(shards, case)
    empty = {name: np.zeros(1) for name in vars(tables.block)}
    block = replace(
        tables.block, **empty | {
            "forward": np.array([layer["forward"]]), "backward": np.array([layer["backward"] + layer["weight"]]),
            "weights": np.array([layer["weight"]]),
        }
    )  # fmt: skip
    far = replace(case, cluster=replace(case.cluster, intra_latency_s=0.0, inter_latency_s=0.0))

    terms = step_time(layouts, shards, block, tables.footprint, far).terms(0)

    held = 8 / stages
    shape = (1, stages)
    seconds = Seconds(*(np.full(shape, held * value) for value in layer.values()), np.zeros(1))
    simulated = makespan(Schedule("zb-h1", stages, batches, 1), seconds)[0]
    assert terms["pipeline_bubble"] == pytest.approx((stages - 1) * held * (2.0 + 2.5 - 1.5))
    assert terms["compute"] + terms["pipeline_bubble"] == pytest.approx(simulated)


def test_zero_bubble_holds_as_many_micro_batches_on_every_stage() -> None:
    case = _job(gpus=4, batch=16)
    shards, layouts = _refined(case, {}, pp=4, schedule=ZB_H1)
    plainly = one(case, pp=4)[1]
    footprint = tables_of(shards, case).footprint

    stages = [[stage.activations[0] for stage in outer_stages(x, shards, footprint, case)] for x in (plainly, layouts)]

    assert stages[1] == pytest.approx([stages[0][0]] * 3)
    assert stages[0] == pytest.approx([4 / 4 * stages[0][0], 3 / 4 * stages[0][0], 1 / 4 * stages[0][0]])


def test_the_exchange_with_experts_hides_under_the_compute_of_another_micro_batch() -> None:
    """Without tax, what 20 % of the compute does not cover; one chunk more is in flight."""
    case = _job(document=MOE, batch=32)
    case = replace(case, coefficients=replace(case.coefficients, expert_exposed=1.0, expert_overlap=0.2))
    degrees = {"pp": 2, "vpp": 2, "schedule": INTERLEAVED, "ep": 8}
    shards, hidden = _refined(case, {"expert_overlap": 1}, **degrees)
    shown = _refined(case, {}, **degrees)[1]
    footprint = tables_of(shards, case).footprint

    before, after = (_terms(case, shards, x) for x in (shown, hidden))
    block = tables_of(shards, case).block
    compute = 2 * 4 * (block.forward[0] + block.backward[0])
    assert after.expert_parallel[0] == pytest.approx(before.expert_parallel[0] - 0.2 * compute)
    first = [outer_stages(x, shards, footprint, case)[0].activations[0] for x in (shown, hidden)]
    assert first[1] / first[0] == pytest.approx((4 / 2 + 1 / 2) / (4 / 2))


def test_a_stack_that_overlaps_the_exchange_hides_it_in_every_layout() -> None:
    case = _job(document=MOE, batch=32)
    degrees = {"pp": 2, "vpp": 2, "schedule": INTERLEAVED, "ep": 8}
    shards, hidden = _refined(case, {"expert_overlap": 1}, **degrees)
    habit = replace(case, stack=replace(case.stack, overlap_exchange=True))

    expected = _terms(case, shards, hidden).expert_parallel

    assert _terms(habit, *one(habit, **degrees)).expert_parallel == pytest.approx(expected)


def test_tensor_traffic_hides_under_its_products_only_with_sequence_parallelism_in_one_domain() -> None:
    """70 % of it, without tax; not without sequence parallelism, and not across nodes."""
    plainly, split = (_job(stack=Stack(overlap=False, overlap_tensor=overlap)) for overlap in (False, True))

    def share(**degrees: int) -> float:
        before, after = (tables_of(one(case, **degrees)[0], case).block.tensor[0] for case in (plainly, split))
        return float(after / before)

    assert share(tp=2, sequence_parallel=1, micro_batch=4) == pytest.approx(0.3)
    assert share(tp=2, sequence_parallel=0, micro_batch=4) == 1.0
    assert share(tp=16, sequence_parallel=1, micro_batch=4) == 1.0


@pytest.mark.parametrize(("switch", "zero"), [("overlap_gradients", 1), ("overlap_weights", 3)])
def test_each_overlap_has_its_own_switch(switch: str, zero: int) -> None:
    degrees = {"zero": zero, "micro_batch": 2}
    some, none, every = (
        _job(stack=Stack(**changes)) for changes in ({switch: False}, {"overlap": False}, {"overlap": True})
    )

    seconds = [_terms(case, *one(case, **degrees)).data_parallel[0] for case in (every, some, none)]

    assert seconds[0] < seconds[1] <= seconds[2]
