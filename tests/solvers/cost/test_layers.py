"""Layers one by one: their sum is the model."""

import numpy as np
import pytest

from solvers import catalogue
from solvers.catalogue import parameters as count
from solvers.cost.architecture import architecture_of
from solvers.cost.layers import classes_of
from solvers.cost.parts import Stack

NAMES = sorted(catalogue.names("models"))


@pytest.mark.parametrize("name", NAMES)
def test_each_class_has_the_kind_and_the_parameters_of_its_layers(name: str) -> None:
    model = catalogue.model(name)

    classes = classes_of(model)

    single = [classes.models[number] for number in classes.of_layer]
    assert tuple(one.layer_kinds for one in single) == tuple((kind,) for kind in model.layer_kinds)
    assert [count.layer_parameters(one)[0] for one in single] == list(count.layer_parameters(model))


@pytest.mark.parametrize("name", NAMES)
def test_the_average_layer_is_the_mean_of_the_classes(name: str) -> None:
    model = catalogue.model(name)
    classes = classes_of(model)
    shares = np.bincount(classes.of_layer) / model.layers
    fields = ("split_parameters", "whole_parameters", "expert_parameters", "elementwise_sequence",
              "elementwise_tensor", "elementwise_expert", "attention_share", "moe_share")  # fmt: skip

    average = architecture_of(model, Stack())

    each = [architecture_of(one, Stack()) for one in classes.models]
    means = {
        field: sum(share * getattr(one, field) for share, one in zip(shares, each, strict=True)) for field in fields
    }
    assert {field: getattr(average, field) for field in fields} == pytest.approx(means, rel=1e-9, abs=1e-6)
