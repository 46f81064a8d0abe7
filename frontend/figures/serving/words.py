"""A serving search in words: why layouts were ruled out, what binds, and by how much the nearest one misses."""

from frontend.figures.base import Nearest
from frontend.figures.serving import asked
from solvers.cost.stage import PART_WORDS
from solvers.documents import Document

MEMORY = "memory: "
BINDING = {
    "traffic": "The traffic",
    "gpus": "The number of GPUs",
    "budget": "The budget per hour",
    "options": "What is fixed and forbidden",
    "ttft": "Time to the first token",
    "tpot": "Time per output token",
    "e2e": "Time of the whole answer",
    "attainment": "The share of requests that must keep every limit",
    "max_gpus": "The number of GPUs",
    "budget_per_hour": "The budget per hour",
    "compute": "Arithmetic",
    "memory": "Memory",
    "memory_bandwidth": "Memory bandwidth",
    "network": "The network",
    "kv_cache": "Room in the KV cache",
}


def reason(name: str) -> str:
    """A reason for rejection as the end of `812 ...`."""
    what = name.removeprefix(MEMORY)
    if what == name:
        return name
    return f"need too much memory{f', most of it for {PART_WORDS[what]}' if what in PART_WORDS else f': {what}'}"


def binding(name: str) -> str:
    """What binds, as a line of its own."""
    plain = name.removeprefix("slo/").removesuffix("_s")
    if name.startswith(MEMORY):
        return f"Memory, most of it for {name.removeprefix(MEMORY)}"
    words = plain.replace("_", " ")
    return BINDING.get(plain, words[:1].upper() + words[1:])


def nearest(document: Document) -> Nearest:
    """The plan that comes nearest, and each limit it breaks."""
    facts = tuple((binding(need["constraint"]), need["message"]) for need in document.get("needs", ()))
    return Nearest(document["plan"]["label"], facts)


def simulated(result: Document) -> tuple[tuple[str, str], ...]:
    """What stands behind the percentiles."""
    estimates, counts = result["estimates"], result["explanation"].get("counts", {})
    told = {
        "requests": "Requests",
        "seeds": "Draws of the traffic",
        "preemptions": "Preemptions",
        "prefix_hit_tokens": "Tokens found in the prefix cache",
        "steps": "Steps of the engines",
    }
    facts = tuple((words, f"{counts[name]:,.0f}") for name, words in told.items() if name in counts)
    return (*facts, *_estimated(estimates, {"kv_share": "KV cache in use, mean of the fullest pool"}))


def at_the_rate(result: Document) -> tuple[tuple[str, str], ...]:
    """Every latency at the usual percentiles, and what else the asked traffic gets."""
    estimates = result["estimates"]
    percentiles = tuple(
        (words, ", ".join(f"{at} {asked.seconds(estimates[f'{metric}_{at}_s']['value'])}" for at in known))
        for metric, words in asked.METRICS.items()
        if (known := [at for at in ("p50", "p90", "p95", "p99") if f"{metric}_{at}_s" in estimates])
    )
    others = {
        "attainment_share": "Requests within all limits",
        "output_tokens_per_s": "Output tokens",
        "energy_j_per_token": "Energy of an output token",
    }
    return (*percentiles, *_estimated(estimates, others))


def proof(gap: float) -> str:
    """How far the answer may be from the best plan, by what the objective counts."""
    if gap == 0:
        return "Of all plans that the screen kept, none that could be better is left undecided."
    return f"By what plans could do at most, the best may be up to {asked.percent(gap)} better; no more is proven."


def _estimated(estimates: Document, named: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((words, asked.with_interval(name, estimates)) for name, words in named.items() if name in estimates)
