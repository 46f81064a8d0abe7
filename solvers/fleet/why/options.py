"""For each option: used, does not pay, or cannot tell; by solving with it gone, or with it in place.

The crossover is the price at which its offers would enter (exact, see `entry`), or the first change among the
sensitivities, all solved again, under which the verdict turns.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from solvers.catalogue.price import Term
from solvers.documents import Document
from solvers.fleet.programme.case import Loss, Mix, Programme
from solvers.fleet.programme.solve import cheapest
from solvers.fleet.programme.without import without_configurations, without_offers
from solvers.fleet.spec import FleetSpec
from solvers.fleet.why.answered import Answered
from solvers.fleet.why.called import aim, mix_words, money
from solvers.fleet.why.changed import constant, less
from solvers.fleet.why.single import Other
from solvers.fleet.why.used import uses
from solvers.units import PRICE, SHARE, show

TITLES = {
    "spot": "Spot GPUs", "reserved": "Reserved GPUs", "elastic": "Elastic hours", "several_types": "Several GPU types",
    "tp": "Tensor parallelism", "fp8": "FP8 weights", "router": "A router that predicts outputs",
    "survive": "Surviving a lost node",
}  # fmt: skip
# An entry price is only known where dollars are what counts.
PRICED = {"cost": " at any price of it", "carbon": ""}
LOSSY = "It changes what the model computes: measure its answers."


@dataclass(frozen=True)
class Found:
    """What the verdicts rest on beside the answer: entry prices by offer, single types, sensitivities, what is used."""

    entries: list[Document]
    best: Other | None
    sensitivity: list[Document]
    used: Sequence[str]


def verdicts(answered: Answered, found: Found) -> list[Document]:
    """One verdict for each option."""
    told = {
        "spot": _term(answered, found, "spot"),
        "reserved": _term(answered, found, "reserved"),
        "elastic": _elastic(answered, found),
        "several_types": _several(answered, found),
        "tp": _tensor_parallel(answered, found),
        "fp8": _fp8(answered, found),
        "router": _router(answered, found),
        "survive": _survive(answered),
    }
    return [
        {"name": name, "title": TITLES[name], "crossover": _turns(name, found), **one} for name, one in told.items()
    ]


def _turns(name: str, found: Found) -> str | None:
    """The first change, solved again, that turns the verdict."""
    used = name in found.used
    for change in found.sensitivity:
        if change["techniques"] is not None and (name in change["techniques"]) != used:
            return f"It {'is no longer used' if used else 'is used'} with {change['change']}."
    return None


def _said(verdict: str, message: str, **more: object) -> Document:
    return {"verdict": verdict, "message": message, **more}


def _against(answered: Answered, other: Programme | None, told: str) -> str:
    """What the best plan on the other side costs."""
    found = None if other is None else cheapest(other)
    if other is None or found is None:
        return f"Nothing carries the load {told}."
    more = less(found.value, answered.mix.value, gap=answered.mix.gap)
    fleet = mix_words(answered.called, other, found)
    if more == 0.0:
        return f"{aim(other).same.capitalize()} {told}: {fleet}."
    share = f" ({show(more / answered.mix.value, SHARE)})" if answered.mix.value > 0 else ""
    return f"{money(answered.programme, more)} more {told}{share}: {fleet}."


def _term(answered: Answered, found: Found, term: Term) -> Document:
    offers = [o for o, name in enumerate(answered.called.terms) if name == term]
    if not offers:
        return _said("cannot_tell", f"The market has no {term} offer.")
    if term in found.used:
        return _said("used", _against(answered, without_offers(answered.programme, offers), "without it"))
    entries = [one for one in found.entries if one["term"] == term and one["enters_at_usd_per_gpu_hour"] is not None]
    if not entries:
        return _said(
            "does_not_pay",
            f"The plan without it is {aim(answered.programme).least}{PRICED[answered.programme.objective]}.",
        )
    nearest = max(entries, key=_nearness)
    enters, price = (show(nearest[name], PRICE) for name in ("enters_at_usd_per_gpu_hour", "price_usd_per_gpu_hour"))
    return _said(
        "does_not_pay",
        f"The plan without it is {aim(answered.programme).least}.",
        crossover=f"{nearest['offer']} would be bought at {enters} a GPU; it costs {price}.",
    )


def _nearness(entry: Document) -> float:
    price = float(entry["price_usd_per_gpu_hour"])
    return float(entry["enters_at_usd_per_gpu_hour"]) / price if price > 0 else 0.0


def _elastic(answered: Answered, found: Found) -> Document:
    if answered.programme.hours == 1:
        return _said("cannot_tell", "The spec has one hour; give the demand of each hour of a day.")
    if "elastic" in found.used:
        return _said("used", _against(answered, constant(answered.programme), "with as many GPUs in every hour"))
    return _said("does_not_pay", f"As many GPUs in every hour are {aim(answered.programme).least}.")


def _several(answered: Answered, found: Found) -> Document:
    if len(answered.called.types) == 1:
        return _said("cannot_tell", "The market has one GPU type.")
    best, words = found.best, aim(answered.programme)
    if "several_types" not in found.used:
        return _said("does_not_pay", f"One type is {words.least}; any mix with another {words.takes}s more.")
    if best is None or best.mix is None:
        return _said("used", "No single type carries the load.")
    more = less(best.mix.value, answered.proof.mix.value, gap=answered.proof.mix.gap)
    share = show(more / best.mix.value, SHARE)
    return _said(
        "used", f"{money(answered.programme, more)} less than {best.name} alone, the best single type ({share})."
    )


def _tensor_parallel(answered: Answered, found: Found) -> Document:
    wide = [c for c, one in enumerate(answered.supplies.ready) if one.setup is not None and one.setup.layout.tp > 1]
    if not wide:
        return _said("cannot_tell", "No replica of more than one GPU in tensor parallel can be had on this market.")
    if "tp" in found.used:
        return _said("used", _against(answered, without_configurations(answered.programme, wide), "without it"))
    return _said("does_not_pay", "Replicas without it carry the load for least.")


def _again(answered: Answered, spec: FleetSpec) -> Mix | None:
    asked = answered.ask(spec)
    return None if asked is None else cheapest(asked[1])


def _fp8(answered: Answered, found: Found) -> Document:
    services = answered.spec.services
    modelled = [one for one in services if one.model is not None]
    if not modelled:
        return _said("cannot_tell", "Tables of capacities say nothing of numbers.")
    if "fp8" in found.used:
        if all(one.precision.weights == "fp8" for one in modelled):
            return _said("used", "The spec fixes it.")
        other = answered.ask(_with_weights(answered.spec, "bf16", of=("auto", "fp8")))
        return _said("used", f"{_against(answered, other and other[1], 'in 16 bits')} {LOSSY}")
    if not any(one.gpu.has("fp8") for one in answered.spec.offers):
        return _said("does_not_pay", "No GPU of the market has FP8.")
    mix = _again(answered, _with_weights(answered.spec, "fp8", of=("auto", "bf16", "fp16")))
    saved = 0.0 if mix is None else less(answered.mix.value, mix.value, gap=answered.mix.gap)
    if mix is None or saved == 0.0:
        return _said(
            "does_not_pay",
            f"The fleet would {aim(answered.programme).takes} no less with it."
            if mix
            else "Nothing carries the load with it.",
        )
    share = show(saved / answered.mix.value, SHARE)
    return _said("cannot_tell", f"It would save {money(answered.programme, saved)} ({share}). {LOSSY}")


def _with_weights(spec: FleetSpec, weights: str, *, of: tuple[str, ...]) -> FleetSpec:
    services = tuple(
        one.model_copy(update={"precision": one.precision.model_copy(update={"weights": weights})})
        if one.model is not None and one.precision.weights in of
        else one
        for one in spec.services
    )
    return spec.model_copy(update={"services": services})


def _router(answered: Answered, found: Found) -> Document:
    if "router" in found.used:
        other = answered.ask(_with_router(answered.spec, "input"))
        return _said("used", _against(answered, other and other[1], "with a router that knows inputs alone"))
    mix = _again(answered, _with_router(answered.spec, "input_and_output"))
    saved = 0.0 if mix is None else less(answered.mix.value, mix.value, gap=answered.mix.gap)
    if saved == 0.0:
        return _said("does_not_pay", "Even one that foretold every output would save nothing.")
    share = show(saved / answered.mix.value, SHARE)
    message = f"It would save up to {money(answered.programme, saved)} ({share}), if it foretold every output."
    return _said("cannot_tell", message)


def _with_router(spec: FleetSpec, router: str) -> FleetSpec:
    services = tuple(one.model_copy(update={"router": router}) for one in spec.services)
    return spec.model_copy(update={"services": services})


def _survive(answered: Answered) -> Document:
    programme = answered.programme
    if programme.losses:
        free = cheapest(replace(programme, losses=()))
        saved = 0.0 if free is None else less(answered.mix.value, free.value, gap=answered.mix.gap)
        share = show(saved / answered.mix.value, SHARE) if answered.mix.value > 0 else "0 %"
        return _said("used", f"The spec asks for it; it costs {money(programme, saved)} ({share}).")
    every = tuple(range(len(programme.offers)))
    safe = cheapest(replace(programme, losses=(Loss("node", every, node=True),)))
    if safe is None:
        return _said("cannot_tell", "No fleet of this market carries all load with a node gone.")
    more = less(safe.value, answered.mix.value, gap=answered.mix.gap)
    if more == 0.0:
        return _said(
            "does_not_pay", f"The plan carries all load with any one node gone, or one {aim(programme).same} does."
        )
    share = show(more / answered.mix.value, SHARE)
    fleet = mix_words(answered.called, programme, safe)
    message = f"It would cost {money(programme, more)} more ({share}): {fleet}. What an outage costs, only you know."
    return _said("cannot_tell", message)


def used(answered: Answered) -> list[str]:
    """The options of the plan."""
    return uses(answered.spec, answered.supplies, answered.proof.mix)
