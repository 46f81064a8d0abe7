"""Memory of a layer: rows for each micro-batch and way of recomputing."""

from solvers.recipes.peak_memory import RECIPE


def test_rows_are_of_each_way_and_micro_batch_and_recomputing_costs_a_pass_more() -> None:
    params = RECIPE.parse({"recompute": ["none", "full"], "micro_batches": [1, 4]})

    keys = RECIPE.keys(params)
    flops = [RECIPE.work(params, key).flops for key in keys]

    assert [tuple(key.values()) for key in keys] == [("none", 1), ("none", 4), ("full", 1), ("full", 4)]
    assert flops[1] == 4 * flops[0]
    assert flops[2] * 3 == flops[0] * 4
