"""GPUs, links, nodes, models and prices: data with sources, read into frozen records.

gpu("H100")   node({"gpu": "h200-sxm", ...})   model("meta-llama/Llama-3.1-70B")   model({"hidden_size": 8192, ...})
"""

from typing import Annotated, Any

from solvers.catalogue.architecture import Layer, LinearAttention, Mamba, Mla, Model, Moe, Window
from solvers.catalogue.hardware import Gpu, Link, Node, named
from solvers.catalogue.loader import SECTIONS, document, get, names, price_lists, price_of, record, version
from solvers.catalogue.price import Price

__all__ = [
    "SECTIONS",
    "Gpu",
    "Layer",
    "LinearAttention",
    "Link",
    "Mamba",
    "Mla",
    "Model",
    "ModelRef",
    "Moe",
    "Node",
    "NodeRef",
    "Price",
    "Window",
    "document",
    "get",
    "gpu",
    "link",
    "model",
    "names",
    "node",
    "price_lists",
    "price_of",
    "record",
    "version",
]


def gpu(value: Any, *, at: str = "") -> Gpu:
    """The GPU of that name, or the one that the mapping describes."""
    found: Gpu = record("gpus", value, at=at)
    return found


def link(value: Any, *, at: str = "") -> Link:
    """The link of that name, or the one that the mapping describes."""
    found: Link = record("links", value, at=at)
    return found


def node(value: Any, *, at: str = "") -> Node:
    """The node of that name, or the one that the mapping describes."""
    found: Node = record("nodes", value, at=at)
    return found


def model(value: Any, *, at: str = "") -> Model:
    """The model of that name, or the one that the mapping (or Hugging Face config) describes."""
    found: Model = record("models", value, at=at)
    return found


# For the fields of a spec: a name of the catalogue, or a mapping.
NodeRef = Annotated[Node, named("nodes", Node)]
ModelRef = Annotated[Model, named("models", Model)]
