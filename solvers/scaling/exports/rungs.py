"""The ladder of a result as the formats read it: its small runs in the order in which they are best made."""

import re
from dataclasses import dataclass

from solvers.documents import Document
from solvers.errors import CannotExpress, Problem

UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
LONGEST = 60


@dataclass(frozen=True)
class Rung:
    """One small run: its place from 1, a name that files and shells take, and what is planned of it."""

    place: int
    label: str
    planned: Document

    @property
    def tuned(self) -> Document:
        """Learning rate, batch, schedule and steps."""
        found: Document = self.planned["training"]
        return found

    @property
    def trunk(self) -> str | None:
        """The run that it shares the time before its decay with, by the plan's name for it; None: a run of its own."""
        found: str | None = self.planned.get("trunk")
        return found

    @property
    def steps(self) -> int:
        """Optimizer steps from the first to the end of its decay."""
        return int(self.tuned["steps"])


@dataclass(frozen=True)
class Ladder:
    """The small runs of a result; `name` is what sweeps and studies of it are called."""

    name: str
    rungs: tuple[Rung, ...]
    planned: Document
    plan: Document
    spec: Document

    def called(self, name: str | None) -> str | None:
        """The label of the rung that the plan calls so."""
        return next((rung.label for rung in self.rungs if rung.planned["name"] == name), name)

    @property
    def counts(self) -> str:
        """What N counts."""
        return str(self.plan["target"]["counts"])

    @property
    def loss_unit(self) -> str:
        """The unit of the loss to measure."""
        return str(self.plan["target"]["loss_unit"])


def ladder_of(result: Document) -> Ladder:
    """The ladder of a result. CannotExpress where there is none."""
    if result["status"] != "solved":
        hint = "json, yaml, md and csv say why."
        raise CannotExpress(Problem("no_plan", "The result holds no plan to export.", "/status", hint))
    plan = result["plan"]
    planned = plan.get("ladder")
    if not planned or not planned["rungs"]:
        hint = "Give a budget for small runs: `budget: {gpu_hours: 500}` with hardware, or `budget: {flops: 1e20}`."
        raise CannotExpress(Problem("no_ladder", "The plan has no ladder of small runs.", "/plan/ladder", hint))
    rungs = tuple(Rung(place, _label(place, one["name"]), one) for place, one in enumerate(planned["rungs"], start=1))
    return Ladder(f"scaling-{result['spec_hash'][:8]}", rungs, planned, plan, result.get("spec", {}))


def _label(place: int, name: str) -> str:
    """A name for files: no two rungs have one, as the place tells them apart."""
    plain = UNSAFE.sub("-", str(name)).strip("-.")[:LONGEST]
    return f"{place:02d}-{plain}".rstrip("-.")
