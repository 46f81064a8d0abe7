"""A model's layers one by one: each kind of layer as a model of one such layer, which the kernel costs like any other.

The kernel's average layer is right for a stage that holds the model's mixture. Dense layers before experts, windows
between full attention, state-space layers: their stages are not the average, and a split of layers has to see that.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from solvers.catalogue import Model
from solvers.catalogue.architecture import LETTERS, Layer
from solvers.cost.layouts import Ints

LETTER_OF = {layer: letter for letter, layer in LETTERS.items()}


@dataclass(frozen=True)
class LayerClasses:
    """`models[of_layer[i]]` is a model whose only layer is layer i of the whole."""

    models: tuple[Model, ...]
    of_layer: Ints


@lru_cache(maxsize=64)
def classes_of(model: Model) -> LayerClasses:
    """The kinds of layers in the order in which they first stand in the model."""
    kinds = list(dict.fromkeys(model.layer_kinds))
    return LayerClasses(
        models=tuple(_single(model, kind) for kind in kinds),
        of_layer=np.array([kinds.index(kind) for kind in model.layer_kinds], dtype=np.int64),
    )


def _single(model: Model, kind: Layer) -> Model:
    """The model with one layer, of that kind."""
    if model.pattern is not None:
        return model.model_copy(update={"layers": 1, "pattern": LETTER_OF[kind]})
    moe, window, linear = model.moe, model.window, model.linear
    return model.model_copy(
        update={
            "layers": 1,
            "moe": moe.model_copy(update={"first_dense": 0, "every": 1})
            if moe and kind.feed_forward == "moe"
            else None,
            "window": window.model_copy(update={"full_every": 0}) if window and kind.mixer == "window" else None,
            "linear": linear.model_copy(update={"full_every": 2}) if linear and kind.mixer == "linear" else None,
        }
    )
