"""When no plan over islands is possible: what binds, and the smallest change that helps (solved again)."""

from collections.abc import Callable, Iterator

from solvers.base import Infeasible
from solvers.catalogue.equal_nodes import MOST_GPUS
from solvers.documents import Document
from solvers.training import calibration
from solvers.training.islands.spec import IslandsSpec
from solvers.units import SHARE, show

LIMITS = ("max_step_time", "deadline", "budget")
SHORTEST = 128
MOST_FOLD = 8

Possible = Callable[[IslandsSpec], bool]
Try = tuple[str, object, str, IslandsSpec]


def infeasible(spec: IslandsSpec, rejected: dict[str, int], counted: Document, *, possible: Possible) -> Infeasible:
    """The answer that there is no plan."""
    missed = tuple(name for name in LIMITS if f"misses the {name}" in rejected)
    reasons = sorted(rejected.items(), key=lambda item: -item[1])
    told = "; ".join(f"{reason} ({count:,})" for reason, count in reasons[:4])
    tight = [reason for reason, _ in reasons if "memory" in reason or "room" in reason]
    return Infeasible(
        reason=_reason(spec, missed, tight, told),
        binding=missed or (("memory", tight[0]) if tight else tuple(reason for reason, _ in reasons[:4])),
        nearest=None,
        smallest_change=_smallest_change(spec, missed, possible),
        search=counted,
        data=calibration.data_of(spec.calibration),
    )


def _reason(spec: IslandsSpec, missed: tuple[str, ...], tight: list[str], told: str) -> str:
    count = len(spec.hardware.islands)
    if missed:
        return f"Plans fit on the {count} islands, and each misses the {' and the '.join(missed)}."
    if tight:
        return f"The model fits on no island, nor on any of them together: {told}."
    return f"No layout divides over any of the {count} islands: {told}."


def _smallest_change(spec: IslandsSpec, missed: tuple[str, ...], possible: Possible) -> Document | None:
    """The first change that makes a plan possible, solved again."""
    for at, value, message, changed in _tries(spec, missed):
        if possible(changed):
            return {"message": message, "changes": [{"at": at, "value": value}]}
    return None


def _tries(spec: IslandsSpec, missed: tuple[str, ...]) -> Iterator[Try]:
    """Less head-room, more nodes in one island, a shorter sequence; where limits are missed, without them."""
    for name in missed:
        limits = spec.constraints.model_copy(update={name: None})
        message = f"Without the {name.replace('_', ' ')}."
        yield f"/constraints/{name}", None, message, spec.model_copy(update={"constraints": limits})
    for share in (0.05, 0.02, 0.0):
        if share < spec.constraints.memory_headroom and not missed:
            limits = spec.constraints.model_copy(update={"memory_headroom": share})
            message = f"Keep {show(share, SHARE)} of memory free."
            yield "/constraints/memory_headroom", share, message, spec.model_copy(update={"constraints": limits})
    yield from _more_nodes(spec)
    length = spec.sequence_length // 2
    while length >= SHORTEST and not missed:
        changed = spec.model_copy(update={"sequence_length": length})
        yield "/sequence_length", length, f"Sequences of {length:,} tokens.", changed
        length //= 2


def _more_nodes(spec: IslandsSpec) -> Iterator[Try]:
    fold = 2
    while fold <= MOST_FOLD:
        for index, island in enumerate(spec.hardware.islands):
            nodes = island.nodes * fold
            added = (nodes - island.nodes) * island.node.gpus
            if island.node.nic is None or spec.hardware.gpus + added > MOST_GPUS:
                continue
            islands = list(spec.hardware.islands)
            islands[index] = island.model_copy(update={"nodes": nodes})
            hardware = spec.hardware.model_copy(update={"islands": tuple(islands)})
            message = f"{nodes:,} nodes in island {island.name} instead of {island.nodes:,}."
            changed = spec.model_copy(update={"hardware": hardware})
            yield f"/hardware/islands/{index}/nodes", nodes, message, changed
        fold *= 2
