"""The five numbers on top of a training answer."""

from collections.abc import Mapping

from frontend.figures.base import Head, interval_head, split, widest
from solvers import units
from solvers.cost.stage import PART_WORDS
from solvers.documents import Document

HOUR_S = 3600.0
DRAWN = ("step_time_s", "run_time_s", "tokens_per_s", "cost_usd", "cost_usd_per_step", "mfu")


def heads(result: Document) -> tuple[Head, ...]:
    """Step time, the whole run (or throughput), cost, utilisation and peak memory."""
    estimates = result["estimates"]
    half = widest(estimates, DRAWN)
    whole = "run_time_s" in estimates
    found = [
        interval_head(
            "Step time", "step_time_s", estimates["step_time_s"], note=_rate(estimates) if whole else "", widest=half
        ),
        interval_head("Whole run", "run_time_s", estimates["run_time_s"], note=_tokens(estimates), widest=half)
        if whole
        else interval_head(
            "Throughput", "tokens_per_s", estimates["tokens_per_s"], note=_per_gpu(estimates), widest=half
        ),
    ]
    cost = "cost_usd" if "cost_usd" in estimates else "cost_usd_per_step"
    if cost in estimates:
        title = "Cost" if cost == "cost_usd" else "Cost per step"
        found.append(interval_head(title, cost, estimates[cost], note=_price(result), widest=half))
    found.append(
        interval_head("Model FLOP utilisation", "mfu", estimates["mfu"], note=_hardware_flops(estimates), widest=half)
    )
    return (*found, _memory(result))


def best_so_far(best: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """The best plan of a search under way, as label and value."""
    numbers = {name: value for name, value in best.items() if isinstance(value, int | float)}
    words = [("Best so far", str(best["label"]))] if best.get("label") else []
    return (*words, *((_words(name), units.show_named(name, float(value))) for name, value in numbers.items()))


def fullest(plan: Document) -> Document:
    """The pipeline stage that comes nearest to the memory of its GPU."""
    stage: Document = max(plan["memory"]["stages"], key=lambda stage: stage["total_bytes"] / capacity_of(stage, plan))
    return stage


def capacity_of(stage: Document, plan: Document) -> float:
    """Bytes of the stage's GPU; islands may have GPUs of their own."""
    return float(stage.get("capacity_bytes", plan["memory"]["capacity_bytes"]))


def place(stage: Document) -> str:
    """`3`, or `3 on ib` where the stage stands on an island."""
    return f"{stage['stage']} on {stage['island']}" if "island" in stage else str(stage["stage"])


def _memory(result: Document) -> Head:
    plan = result["plan"]
    stage = fullest(plan)
    capacity = capacity_of(stage, plan)
    largest = max(PART_WORDS, key=lambda part: stage.get(f"{part}_bytes", 0.0))
    number, unit = split(units.show(stage["total_bytes"], units.SIZE))
    share = min(100.0, 100.0 * stage["total_bytes"] / capacity)
    note = f"stage {place(stage)}, {PART_WORDS[largest]} {units.show(stage[f'{largest}_bytes'], units.SIZE)}"
    if "chance_to_fit" in plan["memory"]:
        note += f"; fits with a chance of {units.show(plan['memory']['chance_to_fit'], units.SHARE)}"
    return Head(
        "Peak memory", number, f"{unit} of {units.show(capacity, units.SIZE)}", note, high=share, at=share, filled=True
    )


def _rate(estimates: Document) -> str:
    return units.show_named("tokens_per_s", estimates["tokens_per_s"]["value"])


def _per_gpu(estimates: Document) -> str:
    per_gpu = estimates.get("tokens_per_s_per_gpu")
    return f"{units.show_named('tokens_per_s_per_gpu', per_gpu['value'])} per GPU" if per_gpu else ""


def _tokens(estimates: Document) -> str:
    goodput = estimates.get("goodput", {}).get("value", 1.0)
    tokens = estimates["run_time_s"]["value"] * goodput * estimates["tokens_per_s"]["value"]
    return f"for {units.show(tokens, units.COUNT)} tokens"


def _price(result: Document) -> str:
    estimates = result["estimates"]
    if "cost_usd_per_step" not in estimates:
        return ""
    gpu_hours = estimates["step_time_s"]["value"] * result["plan"]["gpus"] / HOUR_S
    return f"at {units.show(estimates['cost_usd_per_step']['value'] / gpu_hours, units.PRICE)} a GPU"


def _hardware_flops(estimates: Document) -> str:
    return f"with recomputation {units.show(estimates['hfu']['value'], units.SHARE)}" if "hfu" in estimates else ""


def _words(name: str) -> str:
    return {
        "step_time_s": "Step time",
        "peak_memory_bytes": "Peak memory",
        "cost_usd_per_step": "Cost per step",
        "mfu": "MFU",
    }.get(name, name.replace("_", " "))
