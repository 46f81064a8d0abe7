"""The price at which each offer that the plan does not buy would enter."""

import numpy as np

from solvers.documents import Document
from solvers.fleet.why.answered import Answered
from solvers.fleet.why.called import mix_words
from solvers.fleet.why.changed import with_price
from solvers.fleet.why.entry import entry
from solvers.units import PRICE, show

# Offers that are asked about, those of other GPU types first.
MOST = 16


def entry_documents(answered: Answered) -> list[Document]:
    """One for each offer that is not bought, in the order of the market; prices are the mean of the hours."""
    programme = answered.programme
    every = np.concatenate([answered.mix.units, answered.proof.mix.units], axis=1)
    unused = [o for o, units in enumerate(every) if units.max(initial=0) == 0]
    bought = {answered.called.gpus[o] for o, units in enumerate(every) if units.max(initial=0) > 0}
    asked = sorted(unused, key=lambda o: (answered.called.gpus[o] in bought, o))[:MOST]
    return [_document(answered, o) for o in unused if o in asked] if programme.objective == "cost" else []


def _document(answered: Answered, offer: int) -> Document:
    programme, called = answered.programme, answered.called
    one = programme.offers[offer]
    own = float(np.mean(answered.proof.programme.offers[offer].price_usd)) / one.gpus
    found = _why_never(answered, offer)
    document = {"offer": called.offers[offer], "gpu": called.gpus[offer], "term": called.terms[offer],
                "price_usd_per_gpu_hour": own, "enters_at_usd_per_gpu_hour": None, "why_not": found}  # fmt: skip
    if found is not None:
        return document
    reached = entry(programme, offer, answered.mix.cost_usd_per_hour)
    if reached.usd_per_unit_hour is None or reached.mix is None:
        return {**document, "why_not": "No cheaper fleet has it, even if it cost nothing."}
    paid = float(np.mean(one.price_usd)) / one.gpus
    price = reached.usd_per_unit_hour / one.gpus * (own / paid if paid > 0 else 1.0)
    fleet = mix_words(called, with_price(programme, offer, one.price_usd), reached.mix)
    message = f"At {show(price, PRICE)} a GPU it would be bought: {fleet}."
    return {**document, "enters_at_usd_per_gpu_hour": price, "why_not": None, "message": message}


def _why_never(answered: Answered, offer: int) -> str | None:
    """Why an offer can do nothing at any price."""
    if answered.programme.offers[offer].most == 0:
        return "Fewer than one node of it can be had."
    able = [one for one in answered.programme.configurations if one.offer == offer and one.capacity_per_s.max() > 0]
    return None if able else "It cannot serve any class of any service within the latencies."
