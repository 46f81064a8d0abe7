"""Where the time of a mean decode step goes."""

from frontend.figures.serving import asked
from frontend.figures.terms import Term, Terms
from solvers.documents import Document

MS = 1e-3

TERMS = Terms(
    {
        "compute": Term("Arithmetic", "arithmetic", "compute"),
        "experts": Term("Experts", "experts", "compute", 0.6),
        "weights": Term("Reading weights", "weights", "memory"),
        "attention": Term("Attention over the KV cache", "attention", "memory", 0.6),
        "collectives": Term("Collectives", "TP", "network"),
        "exchange": Term("Exchange of experts", "EP", "network", 0.55),
        "pipeline": Term("Pipeline sends", "sends", "network", 0.35),
        "head": Term("Logits", "logits", "data"),
        "draft": Term("Drafting", "draft", "data", 0.5),
        "elementwise": Term("Element-wise kernels", "element-wise", "other", 0.8),
        "launch": Term("Kernel launches", "launch", "other", 0.6),
        "host": Term("Work of the CPU", "CPU", "other", 0.4),
    },
    step="a decode step",
    unit="ms",
    unit_s=MS,
)


def shown(result: Document) -> bool:
    """Whether the answer says where the time goes."""
    return bool(TERMS.parts(result["explanation"].get("breakdown", [])))


def title(result: Document) -> str:
    """The two largest parts."""
    found = sorted(TERMS.parts(result["explanation"]["breakdown"]), key=lambda part: -part.share)
    total = asked.seconds(sum(part.seconds for part in found))
    said = " and ".join(f"{asked.percent(part.share)} {_lower(part.term.label)}" for part in found[:2])
    return f"A decode step of {total} is {said}"


def _lower(label: str) -> str:
    return label if label.isupper() else label[:1].lower() + label[1:]
