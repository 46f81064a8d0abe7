"""The average layer of every model of the catalogue against the catalogue's own counts."""

import pytest

from solvers import catalogue
from solvers.catalogue import parameters as count
from solvers.cost.architecture import architecture_of
from solvers.cost.block import block_of
from solvers.cost.memory import footprint_of
from solvers.cost.parts import Stack
from tests.solvers.cost.cases import job, one

MODELS = catalogue.names("models")


@pytest.mark.parametrize("name", MODELS)
def test_the_average_layer_has_the_models_parameters(name: str) -> None:
    model = catalogue.model(name)

    layer = architecture_of(model, Stack())

    ours = layer.layers * (layer.split_parameters + layer.whole_parameters + layer.expert_parameters * layer.experts)
    assert ours == pytest.approx(sum(count.layer_parameters(model)), rel=1e-9)


@pytest.mark.parametrize("name", MODELS)
def test_products_take_two_flops_a_weight_and_token(name: str) -> None:
    """Weights outside of products are norms, biases, convolutions and gates: less than 3 % of a layer's active ones."""
    model = catalogue.model(name)
    layer = architecture_of(model, Stack())

    weights = layer.layers * sum(gemm.share * gemm.rows * gemm.parameters for gemm in layer.gemms)

    idle = (model.moe.experts - model.moe.top_k) * count.expert(model) * model.moe_layers if model.moe else 0
    assert weights == pytest.approx(sum(count.layer_parameters(model)) - idle, rel=0.03)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_a_cost(name: str) -> None:
    """A layer of each model takes time and keeps bytes, and recomputation keeps fewer."""
    case = job(
        catalogue.document("models", name), gpus=8, stack=Stack(), hardware="dgx-h100", precision="bf16"
    )  # fmt: skip
    shards, _ = one(case)

    block, footprint = block_of(shards, case), footprint_of(shards, case)

    none, selective, full = (float(stored[0]) for stored in footprint.activations)
    assert (block.forward[0] > 0, block.backward[0] > block.forward[0]) == (True, True)
    assert 0 < full < selective <= none
