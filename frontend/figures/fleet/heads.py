"""The numbers on top of a fleet answer."""

from collections.abc import Mapping
from dataclasses import replace

from frontend.figures.base import Head, interval_head, widest
from frontend.figures.fleet import mix, said, types
from frontend.figures.fleet.aim import CARBON, aim
from solvers import units
from solvers.documents import Document

MOST = 1.0
"""The bars end at twice the value at the most."""
WORDS = {
    "cost_usd_per_hour": "Cost",
    "gpus": "GPUs",
    "attainment_share": "Requests within all limits",
    "latency_headroom_share": "Head-room of latencies",
    "carbon_g_per_hour": "Carbon",
    "power_w": "Power",
    "saving_share": "Saving",
    "cost_usd_per_million_requests": "Cost of a million requests",
}


def heads(result: Document) -> tuple[Head, ...]:
    """What was asked for first (cost, or carbon), what the mix saves, GPUs, the service with the least room, power."""
    estimates, clean = result["estimates"], aim(result) is CARBON
    names = ("cost_usd_per_hour", "saving_share", "gpus", "attainment_share", "power_w", *((CARBON.name,) * clean))
    half = min(MOST, widest(estimates, names))
    cost = interval_head(
        "Cost", "cost_usd_per_hour", estimates["cost_usd_per_hour"], note=_requests(result), widest=half
    )
    power = (
        (interval_head("Power", "power_w", estimates["power_w"], note=_carbon(estimates), widest=half),)
        if "power_w" in estimates
        else ()
    )
    first, last = (_grams(estimates, half), (cost,)) if clean else (cost, power)
    return (first, _saving(result, half), _gpus(result, half), _attained(result, half), *last)


def best_so_far(best: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """The best fleet of a search under way, as label and value."""
    words = [("Fleet so far", str(best["label"]))] if best.get("label") else []
    numbers = {name: value for name, value in best.items() if isinstance(value, int | float)}
    return (*words, *((f"{word(name)} so far", shown(name, float(value))) for name, value in numbers.items()))


def word(name: str) -> str:
    """An estimate's name for people."""
    plain = name.replace("_", " ")
    return WORDS.get(name, plain[:1].upper() + plain[1:])


def shown(name: str, value: float) -> str:
    """An estimate's value for people."""
    if name == "gpus":
        return units.count(value)
    if name == "carbon_g_per_hour":
        return said.carbon(value)
    if name == "attainment_share":
        return said.attained(value)
    return units.show(value, units.MONEY) if "_usd_" in name and "hour" not in name else units.show_named(name, value)


def _grams(estimates: Document, half: float) -> Head:
    """The carbon of an answer that asks for the least of it, with the power that it comes from."""
    carbon = estimates[CARBON.name]
    value, _, unit = said.carbon(carbon["value"]).partition(" ")
    low, high = (said.carbon(carbon[end]) for end in ("low", "high"))
    same = low.partition(" ")[2] == high.partition(" ")[2]
    power = estimates.get("power_w")
    return replace(
        interval_head("Carbon", CARBON.name, carbon, widest=half),
        value=value,
        unit=f"{unit} of CO₂",
        interval=f"{low.partition(' ')[0] if same else low} – {high}" if carbon["low"] < carbon["high"] else "",
        note=f"of {units.show(power['value'], units.POWER)}, rated" if power else "",
    )


def _requests(result: Document) -> str:
    name = "cost_usd_per_million_requests"
    known = result["estimates"].get(name)
    return f"{units.show(known['value'], units.MONEY)} a million requests" if known else ""


def _saving(result: Document, half: float) -> Head:
    other, estimates, words = mix.best(result), result["estimates"], aim(result)
    if other is None or other.value is None or "saving_share" not in estimates:
        return Head("Saving", "–", "", "no single GPU type carries everything")
    note = f"against {other.name} alone, {words.show(other.value)}"
    called = "CO₂ saved" if words is CARBON else "Saving"
    return interval_head(called, "saving_share", estimates["saving_share"], note=note, widest=half)


def _gpus(result: Document, half: float) -> Head:
    estimate = result["estimates"]["gpus"]
    counts: dict[str, int] = {}
    for offer in result["plan"]["offers"]:
        counts[offer["gpu"]] = counts.get(offer["gpu"], 0) + offer["gpus"]["most"]
    note = " + ".join(f"{units.count(count)} × {types.called(result, gpu)}" for gpu, count in counts.items())
    varies = any(one["gpus"]["least"] < one["gpus"]["most"] for one in result["plan"]["offers"])
    low, high = (units.count(estimate[end]) for end in ("low", "high"))
    return replace(
        interval_head("GPUs", "gpus", estimate, note=note, widest=half),
        value=units.count(estimate["value"]),
        unit="at the most" if varies else "",
        interval=f"{low} – {high}" if low != high else "",
    )


def _attained(result: Document, half: float) -> Head:
    """The service whose attainment is least above its target."""
    worst = min(result["plan"]["services"], key=lambda one: one["attainment"]["value"] - one["target"])
    attained = worst["attainment"]
    made = interval_head("Within all limits", "attainment_share", attained, widest=half)
    several = len(result["plan"]["services"]) > 1
    ends = f"{said.attained(attained['low']).removesuffix(' %')} – {said.attained(attained['high'])}"
    return replace(
        made,
        value=said.attained(attained["value"]).removesuffix(" %"),
        unit="%",
        interval=ends if attained["low"] < attained["high"] else "",
        note=f"{said.share(worst['target'])} must be{', ' + worst['name'] if several else ''}",
    )


def _carbon(estimates: Document) -> str:
    known = estimates.get("carbon_g_per_hour")
    return f"{said.carbon(known['value'])} of CO₂" if known else "rated, busy or not"
