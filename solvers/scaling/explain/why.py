"""What binds, where the doubt comes from, and what changes when the question does, each solved again."""

from collections.abc import Mapping

from solvers.documents import Document
from solvers.scaling.explain.sensitivity import sensitivity
from solvers.scaling.forecast.doubt import shares
from solvers.scaling.forecast.known import Known
from solvers.scaling.forecast.place import Place
from solvers.scaling.spec import ScalingSpec
from solvers.scaling.words import flops, headline, share, size


def explanation(
    spec: ScalingSpec, known: Known, place: Place, plan: Document, estimates: Mapping[str, Document]
) -> Document:
    """The contract's explanation."""
    return {
        "headline": headline(plan, estimates),
        "binding": binding(known, place, plan),
        "breakdown": shares(plan["doubt"]),
        "sensitivity": sensitivity(spec, known, place, estimates["loss"]),
        "options": [],
    }


def binding(known: Known, place: Place, plan: Document) -> list[str]:
    """What decides the size, and what decides how sure the forecast is."""
    most = shares(plan["doubt"])[0]
    largest = float(known.runs.flops.max())
    times = place.flops / largest
    reach = f"{times:,.3g} times the compute of the largest run" if times > 1.0 else "within the compute of the runs"
    return [
        *_of_size(place),
        f"The target has {reach}, {flops(largest)}; {share(most['value'])} of the doubt is of {OF[most['term']]}.",
    ]


OF = {
    "noise": "how runs scatter",
    "parameters": "the laws' coefficients",
    "process": "what the laws leave out",
    "laws": "which law is right",
    "beyond": "how far the target is",
}


def _of_size(place: Place) -> list[str]:
    if place.how == "given":
        return ["Size and length are given."]
    said = {
        "compute_optimal": f"Compute decides the size: {flops(place.budget)} are best spent so.",
        "with_serving": f"Compute of training and of {size(place.served)} served tokens together decides the size.",
        "cheapest_for_loss": f"The loss asked for decides the compute: {flops(place.flops)} are the least.",
    }[place.how]
    again = place.unique is not None and place.epochs > 1.0
    return [
        said,
        *(
            [f"There are {size(place.unique or 0.0)} unique tokens: each is seen {place.epochs:.3g} times."]
            if again
            else []
        ),
    ]
