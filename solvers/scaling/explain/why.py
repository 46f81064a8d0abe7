"""What binds, where the doubt comes from, and what changes when the question does, each solved again."""

from collections.abc import Mapping

from solvers.documents import Document
from solvers.scaling.case import Case
from solvers.scaling.explain.options import options
from solvers.scaling.explain.sensitivity import sensitivity
from solvers.scaling.forecast.doubt import shares
from solvers.scaling.forecast.outside import unforetold
from solvers.scaling.forecast.place import Place
from solvers.scaling.words import flops, headline, share, size

OF = {
    "noise": "how runs scatter",
    "parameters": "the laws' coefficients",
    "process": "what the laws leave out",
    "laws": "which law is right",
    "beyond": "how far the target is",
    "repetition": "what repeated tokens are worth",
}


def explanation(case: Case, plan: Document, estimates: Mapping[str, Document]) -> Document:
    """The contract's explanation."""
    known = case.known
    return {
        "headline": headline(plan, estimates, unforetold=unforetold(known, case.place) if known is not None else ""),
        "binding": binding(case, plan),
        "breakdown": shares(plan["doubt"]) if known is not None else [],
        "sensitivity": sensitivity(case, plan, estimates["loss"]) if known is not None else [],
        "options": options(case, plan),
    }


def binding(case: Case, plan: Document) -> list[str]:
    """What decides the size, and what decides how sure the forecast is."""
    if case.known is None:
        return [*_of_size(case.place), "No runs are known: a forecast of the loss needs them."]
    most = shares(plan["doubt"])[0]
    largest = float(case.known.runs.flops.max())
    times = case.place.flops / largest
    reach = (
        f"{times:,.3g} times the compute of the largest run" if times > 1.0 else "no more compute than the largest run"
    )
    said = f"The target has {reach} ({flops(largest)}); {share(most['value'])} of the doubt is {OF[most['term']]}."
    return [*_of_size(case.place), said]


def _of_size(place: Place) -> list[str]:
    said = {
        "given": "Size and length are given.",
        "compute_optimal": f"Compute decides the size: {flops(place.budget)} are best spent so.",
        "with_serving": f"Compute of training and of serving {size(place.served)} tokens together decides the size.",
        "cheapest_for_loss": f"The loss asked for decides the compute: {flops(place.flops)} are the least.",
    }[place.how]
    if place.unique is None or place.epochs <= 1.0:
        return [said]
    return [said, f"There are {size(place.unique)} unique tokens: each is seen {place.epochs:.3g} times."]
