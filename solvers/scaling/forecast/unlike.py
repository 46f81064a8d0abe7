"""What runs and target differ in besides size and length: what it changes at the target, and what is not known."""

from collections.abc import Iterator

import numpy as np

from solvers.documents import Document
from solvers.errors import Problem
from solvers.laws.kinds import KINDS, REPETITION
from solvers.laws.kinds.effect import Effect
from solvers.laws.law import Floats, normalised
from solvers.laws.predict.interval import NORMAL
from solvers.laws.predict.repeats import PUBLISHED, worth
from solvers.scaling.forecast.kinds import of_one_length, of_tokens
from solvers.scaling.forecast.known import Known, told
from solvers.scaling.forecast.place import Place
from solvers.scaling.words import size

# Lengths that are so nearly alike are one, for laws of one length.
LENGTH = 1.05


def kinds(known: Known, place: Place) -> list[Document]:
    """What each kind that the laws see does to the loss of the target, against one expert, stream or replica."""
    return [_kind(known, place, KINDS[name]) for name in kinds_seen(known)]


def repeats(known: Known, place: Place) -> Document | None:
    """R* in epochs, and how many runs told it; None where nothing repeats."""
    found = known.mix.repeats
    if not found.runs and place.epochs <= 1.0:
        return None
    reach = float(np.exp(NORMAL * found.width))
    return {
        "rate": {"value": found.rate, "low": found.rate / reach, "high": found.rate * reach},
        "published": PUBLISHED.rate,
        "runs": found.runs,
        "form": REPETITION.form,
        "source": REPETITION.source,
    }


def of_kinds(known: Known) -> Iterator[Problem]:
    """Warnings of a target of another kind than the runs, and of laws that know one length."""
    for name in kinds_seen(known):
        low, high = _range(known, name)
        asked, title = known.setting[name], KINDS[name].title
        if low == high:
            message = (
                f"All runs have {low:g} {title} and the target {asked:g}: what they do is as others published it, and"
                " your runs are not asked."
            )
            yield Problem("kind_unseen", message, f"/target/{name}", f"Add runs that differ in {name}.")
        elif not low <= asked <= high:
            message = (
                f"The target has {asked:g} {title}, the runs {low:g} to {high:g}: laws are carried on beyond them."
            )
            yield Problem("kind_beyond", message, f"/target/{name}", f"Add runs of {asked:g}.")
    unaware = [one.fitted.law.title for one in known.mix.experts if not of_tokens(one.fitted.law.name)]
    low, high = _lengths(known)
    if unaware and low < high:
        message = f"{', '.join(unaware)}: tokens are not in it, of which the runs saw {size(low)} to {size(high)}."
        yield Problem("tokens_unseen", message, "/options/laws", "Ask for laws of parameters and tokens.")
    elif unaware:
        message = f"All runs saw {size(high)} tokens: these laws say neither what more would do nor which runs to make."
        yield Problem("one_length", message, "/runs/csv", "Add runs of other lengths.")
    streams = known.setting.get("streams", 1.0)
    if streams > 1.0:
        message = f"Compute and GPU-hours are told for one stream; {streams:g} spend {streams:g} times as much."
        yield Problem("compute_of_one_stream", message, "/target/streams")


def unseen(known: Known, place: Place) -> str:
    """Why a target of this kind should not be believed, in words that go on from "the target"; "" where it may."""
    for name in kinds_seen(known):
        low, high = _range(known, name)
        if low == high:
            return f"has {known.setting[name]:g} {KINDS[name].title} and all runs {low:g}"
    if of_one_length(known.mix) and not _same_length(known, place):
        return "is of another length than all runs, and the laws know one"
    return ""


def _same_length(known: Known, place: Place) -> bool:
    low, high = _lengths(known)
    return low / LENGTH <= place.tokens <= high * LENGTH


def _lengths(known: Known) -> tuple[float, float]:
    """The fewest and the most tokens of the runs."""
    tokens = known.runs.inputs["tokens"]
    return float(tokens.min()), float(tokens.max())


def kinds_seen(known: Known) -> list[str]:
    """The kinds that laws see: what runs differ in, or where the target is unlike all of them."""
    seen = {one.name for expert in known.whole.experts for one in expert.fitted.law.inputs}
    return [name for name in KINDS if name in seen]


def _range(known: Known, name: str) -> tuple[float, float]:
    values = known.whole.runs.inputs[name]
    return float(values.min()), float(values.max())


def _kind(known: Known, place: Place, effect: Effect) -> Document:
    name = effect.input.name
    low, high = _range(known, name)
    mean, sd = _gain(known, place, effect)
    ends = {"value": mean, "low": mean - NORMAL * sd, "high": mean + NORMAL * sd}
    return {
        "name": name,
        "title": effect.input.title,
        "form": effect.form,
        "least": low,
        "most": high,
        "target": known.setting[name],
        "loss_change": {end: float(np.expm1(value)) for end, value in ends.items()},
        "source": effect.source,
    }


def _gain(known: Known, place: Place, effect: Effect) -> tuple[float, float]:
    """What the target's number does to ln loss against one, over the laws by their weight there, and its sd."""
    at = np.array([place.params]), np.array([place.tokens])
    weight = told(known, *at, unique=place.unique).weights[:, 0]
    inputs = {"params": at[0], "tokens": worth(at[1], place.unique, rate=known.mix.repeats.rate), **known.setting}
    found = []
    for one in known.whole.experts:
        law, fitted = one.fitted.law, one.fitted
        there, usual = (
            law.log_loss(fitted.theta[None], normalised(law, {**inputs, effect.input.name: value}, fitted.scale))
            for value in (known.setting[effect.input.name], effect.usual)
        )
        slopes: Floats = there[1][0, 0] - usual[1][0, 0]
        found.append((float(there[0][0, 0] - usual[0][0, 0]), float(slopes @ fitted.covariance @ slopes)))
    change, variance = np.array(found).T
    mean = float(weight @ change)
    return mean, float(np.sqrt(weight @ (variance + (change - mean) ** 2)))
