"""The spec's hardware as islands: equal nodes in each, another link between them."""

from typing import Any

from pydantic import Field, model_validator

from solvers.base import Part
from solvers.calibration.own.document import Own
from solvers.catalogue import Link
from solvers.catalogue.equal_nodes import MOST_GPUS, Hardware
from solvers.catalogue.hardware import LinkRef
from solvers.errors import Problem, SpecError, TooLarge
from solvers.training.adaptation import problems_of
from solvers.training.spec import (
    Question,
    contradictions,
    missing_precision,
    missing_price,
    missing_tokens,
    too_many,
)

MOST_ISLANDS = 4


class Island(Hardware):
    """Equal nodes that talk to one another through their own NICs."""

    name: str = Field(
        min_length=1, max_length=40, title="Name", description="What people call the island.", examples=["ib"]
    )


class Islands(Part):
    """Islands of equal nodes; GPUs, NICs and numbers of nodes may differ from island to island."""

    islands: tuple[Island, ...] = Field(
        title="Islands",
        description="Each with a name, a node and how many: [{name: ib, node: dgx-a100-80, nodes: 4}, ...].",
        json_schema_extra={"x-rows": True},
    )
    between: LinkRef | None = Field(
        default=None,
        title="Link between islands",
        description="What one node gets when it talks to another island, in one direction: a link of the catalogue,"
        " or your own bandwidth and latency.",
        examples=["ethernet-25"],
        json_schema_extra={"x-catalogue": "links"},
    )

    @model_validator(mode="before")
    @classmethod
    def _one_form(cls, value: Any) -> Any:
        both = [name for name in ("node", "nodes") if isinstance(value, dict) and name in value]
        if both:
            hint = f"Move `{both[0]}` into an island, or leave `islands` out."
            message = "Hardware is one node and how many, or islands of them: not both."
            raise SpecError(Problem("contradiction", message, f"/{both[0]}", hint))
        return value

    @model_validator(mode="after")
    def _whole(self) -> "Islands":
        problems = [*_how_many(self), *_same_names(self), *_no_link(self)]
        if self.gpus > MOST_GPUS:
            message = f"{self.gpus:,} GPUs in all islands; {MOST_GPUS:,} is the most."
            problems.append(Problem("too_large", message, "/islands", "Plan for fewer nodes."))
        if problems:
            raise (TooLarge if problems[0].code == "too_large" else SpecError)(*problems)
        return self

    @property
    def gpus(self) -> int:
        """All GPUs."""
        return sum(island.gpus for island in self.islands)

    @property
    def nodes(self) -> int:
        """All nodes."""
        return sum(island.nodes for island in self.islands)

    @property
    def link(self) -> Link:
        """The link between islands."""
        if self.between is None:
            raise ValueError("one island has no link to another")
        return self.between


def _how_many(hardware: Islands) -> list[Problem]:
    count = len(hardware.islands)
    if not count:
        return [Problem("missing", "There is no island.", "/islands", "Write one, as {name: ib, node: ..., nodes: 4}.")]
    if count <= MOST_ISLANDS:
        return []
    message = f"{count} islands; {MOST_ISLANDS} is the most, as every way of combining them is looked at."
    return [Problem("too_large", message, "/islands", "Write equal islands on one switch as one with more nodes.")]


def _same_names(hardware: Islands) -> list[Problem]:
    names = [island.name for island in hardware.islands]
    return [
        Problem("duplicate", f"Two islands are called '{name}'.", f"/islands/{index}/name", "Give each its own name.")
        for index, name in enumerate(names)
        if name in names[:index]
    ]


def _no_link(hardware: Islands) -> list[Problem]:
    if hardware.between is not None or len(hardware.islands) < 2:
        return []
    hint = "For example `between: ethernet-25`, or {bandwidth: 25 Gbit/s, latency: 40 us}."
    return [Problem("missing", "Islands need a link between them.", "/between", hint)]


class IslandsSpec(Question):
    """Train a model on islands of different GPUs or networks: which island does what."""

    hardware: Islands = Field(title="Islands", description="Islands of equal nodes, and the link between them.")

    @model_validator(mode="after")
    def _consistent(self) -> "IslandsSpec":
        problems = [
            *missing_tokens(self),
            *too_many(self, self.hardware.gpus),
            *contradictions(self),
            *problems_of(self.model, self.task, self.adapters),
            *_not_for_islands(self),
        ]
        for index, island in enumerate(self.hardware.islands):
            at = f"/hardware/islands/{index}"
            problems += missing_price(self, island.usd_per_gpu_hour, at=f"island '{island.name}'")
            problems += [
                Problem(found.code, f"Island '{island.name}': {found.message}", at + "/node", _other_precision(found))
                for found in missing_precision(self.precision, island, at=at)
            ]
        if problems:
            raise SpecError(*dict.fromkeys(problems))
        return self


def _other_precision(found: Problem) -> str:
    return f"{found.hint} Plan in one that all islands have, or leave this island out."


def _not_for_islands(spec: IslandsSpec) -> list[Problem]:
    """What is asked of equal nodes only: to choose by energy, an own calibration, spare nodes, experts in pieces."""
    found = []
    if spec.objective == "energy":
        hint = "The answer shows the energy of its plan; choose by step_time, cost or fewest_gpus."
        found.append(Problem("not_for_islands", "Plans over islands are not chosen by energy.", "/objective", hint))
    if isinstance(spec.calibration, Own):
        hint, message = "Take `published` or `prior`.", "An own calibration is of one device; islands may differ."
        found.append(Problem("not_for_islands", message, "/calibration", hint))
    if spec.options.fix.expert_pieces:
        hint, message = "Leave it out: experts stay whole.", "Plans over islands do not cut experts into pieces."
        found.append(Problem("not_for_islands", message, "/options/fix/expert_pieces", hint))
    if spec.run.spare_nodes:
        hint = "Count them among the nodes of an island, or leave them out."
        message = "Spare nodes of islands are not planned."
        found.append(Problem("not_for_islands", message, "/run/spare_nodes", hint))
    return found
