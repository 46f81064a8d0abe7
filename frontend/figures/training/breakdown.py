"""Where the time of one training step goes."""

from frontend.figures.terms import Part, Term, Terms
from solvers import units
from solvers.documents import Document

TITLE_TINY = 0.01

TERMS = Terms(
    {
        "compute": Term("Compute", "compute", "compute"),
        "recompute": Term("Recomputation", "recompute", "memory"),
        "tensor_parallel": Term("Tensor parallelism", "TP", "network"),
        "context_parallel": Term("Context parallelism", "CP", "network", 0.75),
        "expert_parallel": Term("Expert parallelism", "EP", "network", 0.55),
        "pipeline_p2p": Term("Pipeline sends", "sends", "network", 0.35),
        "pipeline_bubble": Term("Pipeline bubble", "bubble", "bubble"),
        "data_parallel": Term("Data parallelism", "DP", "data"),
        "optimizer": Term("Optimizer", "optimizer", "other"),
        "host": Term("Host traffic", "host", "memory", 0.6),
        "launch": Term("Kernel launches", "launch", "other", 0.6),
    }
)


def title(result: Document) -> str:
    """What the bar says."""
    found = sorted(_parts(result), key=lambda part: -part.share)
    compute = next((part for part in found if part.name == "compute"), found[0])
    rest = [part for part in found if part is not compute]
    if not rest or 1 - compute.share < TITLE_TINY:
        return "Nearly all of the step is compute"
    if rest[0].share > compute.share:
        larger, smaller = _percent(rest[0].share), _percent(compute.share)
        return f"{rest[0].term.label} takes {larger} of the step, more than compute ({smaller})"
    return f"Compute fills {_percent(compute.share)} of the step; most of the rest is {_lower(rest[0].term.label)}"


def _parts(result: Document) -> tuple[Part, ...]:
    return TERMS.parts(result["explanation"]["breakdown"])


def _percent(share: float) -> str:
    return units.show(round(share, 2), units.SHARE)


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]
