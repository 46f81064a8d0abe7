"""The experiments that are chosen out of those offered, as the answer to who asked for them."""

from collections.abc import Sequence

from solvers import recipes
from solvers.calibration.covariance import Ints
from solvers.calibration.own.gain import Known, Picked, chosen
from solvers.calibration.own.offered import Attached, Bounds, Candidate
from solvers.documents import Document
from solvers.errors import Problem, SpecError


def check_offered(offered: Sequence[Candidate], budget_s: float) -> None:
    """Raise SpecError where nothing is offered."""
    if not offered:
        said = f"Nothing that this node measures fits into {budget_s:,.0f} device-seconds."
        raise SpecError(Problem("budget", said, "", "Give more time."))


def answer(
    known: Known, parts: Sequence[Ints], offered: Sequence[Candidate], bounds: Bounds, left_out: list[str]
) -> Document:
    """The jobs, in the order in which they teach most; what is expected of them. SpecError: none teaches anything.

    `parts` are the rows of `known` that each of `offered` measures.
    """
    picked = chosen(known, parts, [one.cost_s for one in offered], budget=bounds.budget_s)
    if not picked:
        said = "Nothing that this node can measure would teach anything of this plan."
        raise SpecError(Problem("nothing_to_learn", said, "", "It is as sure as measurements here can make it."))
    return {
        "experiments": [_document(offered[one.place], one, bounds.node) for one in picked],
        "before": known.left(),
        "after": picked[-1].left,
        "cost_s": sum(offered[one.place].cost_s for one in picked),
        "budget_s": bounds.budget_s,
        "offered": len(offered),
        "left_out": left_out,
    }


def _document(candidate: Candidate, picked: Picked, node: Attached) -> Document:
    cut = f" Cut to the node: {'; '.join(candidate.cut)}." if candidate.cut else ""
    gpus = recipes.get(candidate.recipe).needs(candidate.params).devices
    needs = {"gpu": node.name, "gpus": gpus} if node.device == "cuda" else {}
    return {
        "recipe": candidate.recipe,
        "params": candidate.params.model_dump(mode="json"),
        "needs": {"device": node.device, **needs},
        "cost_s": candidate.cost_s,
        "why": f"Measures {candidate.what}.{cut}",
        "expected": {"gain": picked.gain, **picked.left},
    }
