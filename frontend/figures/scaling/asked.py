"""What a scaling answer is about: its target, and the conventions that its numbers are counted in."""

from frontend.figures.scaling import said
from solvers.documents import Document

HOW = {
    "given": "as asked",
    "compute_optimal": "the best split of the compute",
    "with_serving": "the best split of training and serving",
    "cheapest_for_loss": "the cheapest that reaches the loss",
}


ORDINARY, HARDLY = frozenset({"not_best"}), "hardly_trained"
"""Flags of runs that nobody need look at: sweeps have many; the flag of runs that no law speaks of."""
NEARLY = 1.001
"""Computes this near to one another are the same."""


def target(result: Document) -> Document:
    """The run that the answer is about."""
    found: Document = result["plan"]["target"]
    return found


def counts(result: Document) -> str:
    """What N counts, in words."""
    name = str(target(result)["counts"])
    return said.COUNTS.get(name, name)


def unit(result: Document) -> str:
    """The unit of the loss: `nats/token`."""
    return str(target(result)["loss_unit"])


def params_axis(result: Document) -> str:
    """The title of an axis of parameters."""
    return f"Parameters ({counts(result)})"


def loss_axis(result: Document) -> str:
    """The title of an axis of losses."""
    return f"Loss ({unit(result)})"


def loss(result: Document) -> Document | None:
    """The forecast at the target with its interval; None where no runs were given."""
    found: Document | None = result["estimates"].get("loss")
    return found


def too_far(result: Document) -> bool:
    """Whether the target is farther from the runs than any law was ever tried."""
    return any(str(warning["code"]).endswith("too_far_target") for warning in result["warnings"])


def part(result: Document, name: str) -> Document:
    """A part of the plan, empty where it has nothing."""
    found: Document = result["plan"].get(name) or {}
    return found


def parts(result: Document, name: str) -> list[Document]:
    """A list of the plan, empty where it has nothing."""
    found: list[Document] = result["plan"].get(name) or []
    return found


def flagged(result: Document) -> dict[str, list[str]]:
    """The messages of each flagged run by its name."""
    found: dict[str, list[str]] = {}
    for one in parts(result, "flagged"):
        found.setdefault(str(one["run"]), []).append(str(one["message"]))
    return found


def strange(run: Document) -> bool:
    """Whether the run is flagged for what somebody should look at."""
    return bool(set(run["flags"]) - ORDINARY)


def fitted(result: Document) -> int:
    """How many runs the laws are fitted to."""
    return sum(1 for one in parts(result, "runs") if one["fitted"] is not None)


def fan(result: Document) -> Document:
    """The forecast along the best sizes, from the compute of the smallest run that is trained on; or nothing."""
    found, runs = part(result, "fan"), parts(result, "runs")
    if not found:
        return {}
    trained = [one for one in runs if HARDLY not in one["flags"]] or runs
    least = min((one["flops"] for one in trained), default=0.0) / NEARLY
    kept = [place for place, flops in enumerate(found["flops"]) if flops >= least]
    return {name: [values[place] for place in kept] for name, values in found.items()}


def largest(result: Document) -> float | None:
    """The compute of the largest run."""
    return max((one["flops"] for one in parts(result, "runs")), default=None)
