"""Equal nodes as a spec writes them, for every kind that plans on a cluster."""

from typing import Annotated

from pydantic import Field, model_validator

from solvers.base import ADVANCED, Part, Whole
from solvers.catalogue.hardware import Node, named
from solvers.catalogue.loader import price_of
from solvers.errors import Problem, SpecError, TooLarge
from solvers.units import UsdPerHour

MOST_GPUS = 131_072


class Hardware(Part):
    """Equal nodes, joined by their NICs."""

    node: Annotated[Node, named("nodes", Node)] = Field(
        title="Node",
        description="A node of the catalogue, or your own: GPU, link, NICs.",
        examples=["dgx-h100"],
        json_schema_extra={"x-catalogue": "nodes"},
    )
    nodes: Whole = Field(
        ge=1, title="Nodes", description="How many of them.", examples=[64], json_schema_extra={"x-unit": "nodes"}
    )
    cost_usd_per_gpu_hour: UsdPerHour | None = Field(
        default=None,
        title="Price of a GPU-hour",
        description="Your price; otherwise the catalogue's.",
        examples=["2.50 USD/h"],
        json_schema_extra=ADVANCED,
    )

    @model_validator(mode="after")
    def _within_limits(self) -> "Hardware":
        if self.gpus > MOST_GPUS:
            hint = f"At most {MOST_GPUS // self.node.gpus:,} nodes of {self.node.gpus} GPUs."
            raise TooLarge(Problem("too_large", f"{self.gpus:,} GPUs; {MOST_GPUS:,} is the most.", "/nodes", hint))
        if self.nodes > 1 and self.node.nic_bytes_per_s_per_gpu == 0:
            hint = "Give the node `nic` and `nics`, or plan for one node."
            raise SpecError(Problem("no_network", f"{self.nodes} nodes without NICs cannot talk.", "/node/nics", hint))
        return self

    @property
    def gpus(self) -> int:
        """All GPUs."""
        return self.nodes * self.node.gpus

    @property
    def usd_per_gpu_hour(self) -> float | None:
        """The spec's price, the node's, or the catalogue's; None where nobody knows one."""
        if self.cost_usd_per_gpu_hour is not None:
            return self.cost_usd_per_gpu_hour
        if self.node.cost_usd_per_gpu_hour is not None:
            return self.node.cost_usd_per_gpu_hour
        price = price_of(self.node)
        return price.usd_per_gpu_hour if price else None
