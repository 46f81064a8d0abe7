"""The five numbers on top of a serving answer."""

from collections.abc import Mapping
from dataclasses import replace

from frontend.figures.base import Head, interval_head, widest
from frontend.figures.serving import asked
from solvers import units
from solvers.documents import Document

MOST = 1.0
"""The bars end at twice the value: an interval that reaches a queue's blow-up would leave nothing to see of others."""
SHORT = {"ttft": "Time to first token", "tpot": "Time per token"}
WORDS = {
    "goodput_per_s_per_gpu": "Goodput per GPU",
    "goodput_per_s": "Goodput",
    "cost_usd_per_hour": "Cost",
    "usd_per_million_tokens": "Per million tokens",
    "gpus": "GPUs",
    "attainment_share": "Within all limits",
    "output_tokens_per_s": "Tokens out",
    "output_tokens_per_s_per_gpu": "Tokens out per GPU",
    "energy_j_per_token": "Energy of a token",
    "kv_share": "KV cache in use",
}


def heads(result: Document) -> tuple[Head, ...]:
    """Goodput per GPU, the price of tokens (or their rate), both latencies against their limits, the GPUs."""
    estimates = result["estimates"]
    latencies = [asked.at_percentile(metric, result, estimates) for metric in SHORT]
    price = "usd_per_million_tokens"
    money = price if price in estimates else "output_tokens_per_s_per_gpu"
    goodput = "goodput_per_s_per_gpu"
    half = min(MOST, widest(estimates, (goodput, money, *latencies)))
    return (
        replace(
            interval_head("Goodput per GPU", goodput, estimates[goodput], note=_goodput(result), widest=half),
            unit="requests/s",
        ),
        interval_head(
            "Cost of a million tokens" if money == price else "Tokens per GPU",
            money,
            estimates[money],
            note=_rate(estimates) if money == price else "",
            widest=half,
        ),
        *(
            interval_head(
                f"{SHORT[metric]}, {asked.percentile(name)}",
                name,
                estimates[name],
                note=_against(result, metric),
                widest=half,
            )
            for metric, name in zip(SHORT, latencies, strict=True)
        ),
        _gpus(result),
    )


def best_so_far(best: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """The best plan of a search under way, as label and value."""
    words = [("Best so far", str(best["label"]))] if best.get("label") else []
    numbers = {name: value for name, value in best.items() if isinstance(value, int | float)}
    return (*words, *((word(name), _shown(name, float(value))) for name, value in numbers.items()))


def word(name: str) -> str:
    """An estimate's name for people: `Time to first token, p90`."""
    metric, _, rest = name.partition("_p")
    if metric in asked.METRICS and rest:
        return f"{asked.METRICS[metric]}, p{rest.removesuffix('_s')}"
    plain = name.replace("_", " ")
    return WORDS.get(name, plain[:1].upper() + plain[1:])


def _shown(name: str, value: float) -> str:
    return units.count(value) if name == "gpus" else units.show_named(name, value)


def _goodput(result: Document) -> str:
    whole = units.show_named("goodput_per_s", result["estimates"]["goodput_per_s"]["value"])
    return f"{whole} in all, {units.show(result['plan']['rate_per_s'], units.COUNT_RATE)} asked"


def _rate(estimates: Document) -> str:
    name = "output_tokens_per_s"
    return f"of output, at {units.show_named(name, estimates[name]['value'])}" if name in estimates else ""


def _against(result: Document, metric: str) -> str:
    limit = asked.limit(result, metric)
    return f"limit {asked.seconds(limit)}" if limit is not None else "no limit asked"


def _gpus(result: Document) -> Head:
    plan = result["plan"]
    most = _most(result)
    price = plan.get("usd_per_hour")
    note = units.show(price, units.PRICE) if price is not None else "no price known"
    share = min(100.0, 100.0 * plan["gpus"] / max(most, plan["gpus"]))
    unit = f"of {units.count(most)}" if most else ""
    return Head("GPUs", units.count(plan["gpus"]), unit, note, high=share, at=share, filled=True, colour="compute")


def _most(result: Document) -> int:
    """How many GPUs the question allows; 0 where it does not say."""
    hardware = result.get("spec", {}).get("hardware", {})
    return int(hardware.get("nodes", 0) * hardware.get("node", {}).get("gpus", 0))
