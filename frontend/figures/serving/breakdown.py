"""Where the time of a mean decode step goes."""

from frontend.figures.serving import asked
from frontend.figures.terms import Term, Terms
from solvers.documents import Document

MS = 1e-3

TERMS = Terms(
    {
        "weights": Term("Matrix products", "products", "compute"),
        "attention": Term("Attention over the KV cache", "attention", "memory"),
        "experts": Term("Experts", "experts", "compute", 0.6),
        "tensor_parallel": Term("Tensor parallelism", "TP", "network"),
        "expert_parallel": Term("Expert parallelism", "EP", "network", 0.55),
        "pipeline_p2p": Term("Pipeline sends", "sends", "network", 0.35),
        "prefill": Term("Prefill beside the decodes", "prefill", "data"),
        "adapters": Term("Adapters", "adapters", "data", 0.6),
        "draft": Term("Drafting", "draft", "data", 0.4),
        "sampling": Term("Logits and sampling", "sampling", "other"),
        "host": Term("Host", "host", "other", 0.6),
        "launch": Term("Kernel launches", "launch", "other", 0.4),
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
    first = f"{found[0].term.label} takes {asked.percent(found[0].share)} of a decode step of {total}"
    return first if len(found) == 1 else f"{first}, {_lower(found[1].term.label)} {asked.percent(found[1].share)}"


def _lower(label: str) -> str:
    return label if label.isupper() else label[:1].lower() + label[1:]
