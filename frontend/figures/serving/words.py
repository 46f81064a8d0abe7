"""A serving search in words: why layouts were ruled out, what binds, and by how much the nearest one misses."""

from frontend.figures.base import Nearest
from frontend.figures.serving import asked
from solvers.cost.stage import PART_WORDS
from solvers.documents import Document

MEMORY = "memory: "
BINDING = {
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
    plain = name.removesuffix("_s")
    if name.startswith(MEMORY):
        return f"Memory, most of it for {name.removeprefix(MEMORY)}"
    words = plain.replace("_", " ")
    return BINDING.get(plain, words[:1].upper() + words[1:])


def nearest(document: Document) -> Nearest:
    """The plan that comes nearest, and each limit it breaks."""
    facts = tuple((binding(need["constraint"]), need["message"]) for need in document.get("needs", ()))
    return Nearest(document["plan"]["label"], facts)


def simulated(result: Document) -> tuple[tuple[str, str], ...]:
    """What stands behind the percentiles, and what else was found on the way."""
    estimates, counts = result["estimates"], result["explanation"].get("counts", {})
    told = {
        "requests": "Requests",
        "seeds": "Draws of the traffic",
        "preemptions": "Preemptions",
        "prefix_hit_tokens": "Tokens found in the prefix cache",
        "steps": "Steps of the engines",
    }
    facts = [(words, f"{counts[name]:,.0f}") for name, words in told.items() if name in counts]
    for name, words in (
        ("attainment_share", "Within all limits at the rate asked"),
        ("kv_share", "KV cache in use, mean"),
        ("output_tokens_per_s", "Tokens out"),
        ("output_tokens_per_s_per_gpu", "Tokens out per GPU"),
        ("energy_j_per_token", "Energy of a token out"),
    ):
        if name in estimates:
            facts.append((words, asked.with_interval(name, estimates)))
    return tuple(facts)


def percentiles(result: Document) -> tuple[tuple[str, str], ...]:
    """Every latency at the three usual percentiles."""
    estimates = result["estimates"]
    return tuple(
        (words, ", ".join(f"{at} {asked.seconds(estimates[f'{metric}_{at}_s']['value'])}" for at in known))
        for metric, words in asked.METRICS.items()
        if (known := [at for at in ("p50", "p90", "p95", "p99") if f"{metric}_{at}_s" in estimates])
    )
