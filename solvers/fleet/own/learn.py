"""Measurements of one of a fleet's GPUs become serving's own calibration of it."""

from collections.abc import Sequence

from solvers.catalogue.attached import is_same
from solvers.catalogue.hardware import Node
from solvers.documents import Document
from solvers.errors import Problem, SpecError
from solvers.fleet.spec import FleetSpec
from solvers.serving.own.learn import learned


def learn(spec: FleetSpec, measurements: Sequence[Document]) -> Document:
    """The own calibration of the GPU that the newest of them is of. SpecError says what lacks."""
    models = [one.model for one in spec.services if one.model is not None]
    if not models:
        said = "No service has a model: all capacities are the tables', and no calibration would move them."
        raise SpecError(Problem("nothing_to_learn", said, "/services", ""))
    # Attention was measured with heads of its own, not with latent ones.
    model = min(models, key=lambda one: one.mla is not None)
    return learned(model, _node(spec, measurements), measurements)


def _node(spec: FleetSpec, measurements: Sequence[Document]) -> Node:
    """The largest node on the market with the GPU of the newest measurement of any of its GPUs."""
    names = [str(one.get("environment", {}).get("name", "")) for one in measurements]
    for name in names:
        alike = [one.node for one in spec.offers if is_same(one.gpu, name)]
        if alike:
            return max(alike, key=lambda node: node.gpus)
    gpus = ", ".join(dict.fromkeys(one.gpu.shown for one in spec.offers))
    said = f"None of {len(names)} measurements is of {gpus}; they are of {', '.join(sorted(set(names))) or 'nothing'}."
    raise SpecError(Problem("other_device", said, "", "Measure on a node with a GPU of the market."))
