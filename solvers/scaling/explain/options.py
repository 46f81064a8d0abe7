"""Techniques that a plan may use, each with what it changes: branches of one trunk, repeated data, longer training."""

from collections.abc import Iterator

import numpy as np

from solvers.documents import Document
from solvers.laws.law import FLOPS_PER_PARAMETER_TOKEN
from solvers.laws.predict.optimum import FLOPS_PER_SERVED_TOKEN
from solvers.scaling.case import Case
from solvers.scaling.forecast.best import best
from solvers.scaling.forecast.kinds import of_one_length
from solvers.scaling.forecast.known import Known, expected, foretold
from solvers.scaling.forecast.place import Place
from solvers.scaling.words import flops, label, share, size

# Crossovers are looked for on so many points, up to this many times what is asked.
TRIED, FURTHEST = 25, 1e4


def options(case: Case, plan: Document) -> list[Document]:
    """Used, does not pay here (with where it would), or cannot tell."""
    return [*_branches(case, plan), *_repetition(case), *_longer(case)]


def _branches(case: Case, plan: Document) -> Iterator[Document]:
    if plan["ladder"] is None or not plan["ladder"]["rungs"]:
        return
    name, title = "wsd_branches", "Runs of one size branch from one trunk"
    if case.spec.options.schedule != "wsd":
        crossover = "It can with `schedule: wsd`, whose trunks are shared."
        yield _option(name, title, "does_not_pay", "The schedule decays from the start.", crossover)
        return
    saving = plan["ladder"]["tree_saving"]
    if saving > 0.0:
        yield _option(name, title, "used", f"Saves {share(saving)} of what the runs alone would cost.")
    else:
        yield _option(
            name, title, "does_not_pay", "Every run has another size.", "It would with several lengths of one size."
        )


def _repetition(case: Case) -> Iterator[Document]:
    place, name, title = case.place, "repetition", "Tokens are seen more than once"
    if place.unique is None:
        yield _option(
            name,
            title,
            "cannot_tell",
            "How many unique tokens there are is not said.",
            "The target's `unique_tokens` would say it.",
        )
        return
    if place.epochs > 1.0:
        yield _option(name, title, "used", f"Each unique token is seen {place.epochs:.3g} times.")
        return
    told = f"The {size(place.tokens)} tokens are fewer than the {size(place.unique)} unique ones."
    yield _option(name, title, "does_not_pay", told, _when_tokens_run_out(case.known, place))


def _when_tokens_run_out(known: Known | None, place: Place) -> str:
    """The compute from which the best length is more than the unique tokens, by asking again."""
    unique = place.unique or 0.0
    if known is None or place.found is None:
        return f"Tokens repeat above {size(unique)}."
    budgets = place.budget * np.exp(np.linspace(0.0, np.log(FURTHEST), TRIED))
    longer = np.flatnonzero(best(known, budgets, served=place.served, unique=place.unique).tokens > unique)
    at = f"from {flops(budgets[longer[0]])} on" if len(longer) else f"beyond {flops(budgets[-1])}"
    return f"Tokens repeat {at}."


def _longer(case: Case) -> Iterator[Document]:
    """A model half as large that is trained until it is as good: from how many served tokens on it is cheaper."""
    known, place = case.known, case.place
    if known is None or of_one_length(known.mix):
        return
    name, title = "longer_training", "A smaller model, trained for longer"
    if place.how == "with_serving":
        plain = best(known, np.array([place.flops]), unique=place.unique)
        ratio = float(plain.params[0]) / place.params
        yield _option(name, title, "used", f"Serving makes the model {ratio:.2g} times smaller than training alone.")
        return
    tokens = _as_good(known, place, place.params / 2.0)
    if tokens is None:
        yield _option(name, title, "does_not_pay", "No length makes a model half as large as good.", None)
        return
    more = FLOPS_PER_PARAMETER_TOKEN * (tokens * place.params / 2.0 - place.tokens * place.params)
    served = more / (FLOPS_PER_SERVED_TOKEN * place.params / 2.0)
    told = f"{label(place.params / 2.0, tokens)} are as good."
    verdict = "does_not_pay" if place.served < served else "cannot_tell"
    yield _option(
        name, title, verdict, told, f"That pays from {size(served)} served tokens on." if served > 0.0 else None
    )


def _as_good(known: Known, place: Place, params: float) -> float | None:
    """Tokens on which a model of another size reaches the target's loss."""
    wanted = float(foretold(known, np.array([place.params]), np.array([place.tokens]), unique=place.unique).value[0])
    tokens = place.tokens * np.exp(np.linspace(0.0, np.log(FURTHEST), 40 * TRIED))
    loss = np.exp(expected(known, np.full(len(tokens), params), tokens, unique=place.unique))
    reached = np.flatnonzero(loss <= wanted)
    return float(tokens[reached[0]]) if len(reached) else None


def _option(name: str, title: str, verdict: str, message: str, crossover: str | None = None) -> Document:
    return {"name": name, "title": title, "verdict": verdict, "message": message, "crossover": crossover}
