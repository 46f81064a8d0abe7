"""Memory of a layer: rows for each micro-batch and way of recomputing."""

from solvers.recipes.peak_memory import RECIPE


def test_rows_are_of_each_way_and_micro_batch_and_recomputing_costs_a_pass_more() -> None:
    params = RECIPE.parse({"recompute": ["none", "full"], "micro_batches": [1, 4]})

    keys = RECIPE.keys(params)
    flops = [RECIPE.work(params, key).flops for key in keys]

    assert [tuple(key.values()) for key in keys] == [("none", 1), ("none", 4), ("full", 1), ("full", 4)]
    assert flops[1] == 4 * flops[0]
    assert flops[2] * 3 == flops[0] * 4


def test_the_layer_of_a_mixture_is_one_with_experts() -> None:
    moe = {"experts": 4, "top_k": 1, "ffn": 64, "first_dense": 1}
    params = RECIPE.parse({"model": {"moe": moe, "ffn": 640}, "recompute": ["none"], "micro_batches": [1]})

    work = RECIPE.work(params, RECIPE.keys(params)[0])

    # 64 tokens through attention of 64 x 64, a router of 64 x 4 and one expert of three 64 x 64; next to no head.
    forward = 2 * 64 * (4 * 64 * 64 + 64 * 4 + 3 * 64 * 64) + 4 * 64 * 65 / 2 * 64 + 2 * 64 * 64
    assert work.flops == 3 * forward
