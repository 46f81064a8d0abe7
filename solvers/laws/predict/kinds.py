"""The mixture where runs differ in more than N and D: repeated tokens, experts, streams, replicas.

R* of repetition is fitted with each law to the runs as they are, the laws' answers are weighed by their evidence, and
theirs is weighed against what was published; then tokens count as what they are worth. What experts, streams and
replicas are worth is fitted with each law, and every law is asked at the target's number of them.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from solvers.errors import SpecError
from solvers.laws.kinds import KINDS, REPETITION
from solvers.laws.kinds.compound import bound
from solvers.laws.law import Floats, Runs
from solvers.laws.loss import get
from solvers.laws.predict.interval import NORMAL, Interval
from solvers.laws.predict.mixture import BELIEF, TEMPER, Mixture, expert_of, likely, mixture
from solvers.laws.predict.repeats import PUBLISHED, Repeats, effective, worth

# Starts of the fits that only tell R*, and the effect with next to nothing believed of it.
STARTS = 4
UNBELIEVED = replace(REPETITION, parameters=(replace(REPETITION.parameters[0], width=3.0),))
# How far ln R* of small runs is from that of large ones: the form has one for all. Chosen on the two tables of runs of
# [muennighoff2023scaling], whose smaller runs say 15 to 25 epochs by where they are cut (tests/solvers/laws/kinds).
FORM = 0.5


def mixture_of_kinds(
    runs: Runs,
    *,
    laws: Mapping[str, float] = BELIEF,
    kinds: Collection[str] = (),
    leave: Collection[str] = (),
    seed: int = 0,
) -> Mixture:
    """The laws fitted to runs that differ in `kinds` too, with R* as the runs tell it. BadRuns where none can be."""
    repeats = repeats_of(runs, laws=tuple(laws), kinds=kinds, leave=leave, seed=seed)
    worth = effective(runs, rate=repeats.rate)
    return replace(mixture(worth, laws=laws, kinds=kinds, leave=leave, seed=seed), repeats=repeats)


def at_setting(mix: Mixture, setting: Mapping[str, float]) -> Mixture:
    """The mixture of laws of N and D alone that holds for so many experts, streams and replicas."""
    experts = tuple(replace(one, fitted=replace(one.fitted, law=bound(one.fitted.law, setting))) for one in mix.experts)
    return replace(mix, experts=experts)


def repeats_of(
    runs: Runs,
    *,
    laws: Collection[str] = tuple(BELIEF),
    kinds: Collection[str] = (),
    leave: Collection[str] = (),
    seed: int = 0,
) -> Repeats:
    """R* by the runs that saw tokens again, as published where none did."""
    if "unique_tokens" not in runs.inputs:
        return PUBLISHED
    again = int((runs.inputs["tokens"] > runs.inputs["unique_tokens"]).sum())
    if not again:
        return PUBLISHED
    found = []
    for name in laws:
        law = get(name)
        if not any(one.name == "tokens" for one in law.inputs):
            continue
        try:
            fitted = expert_of(law, runs, leave, kinds=kinds, further=(UNBELIEVED,), seed=seed, starts=STARTS).fitted
        except SpecError:
            continue
        place = [one.name for one in fitted.law.parameters].index(REPETITION.parameters[0].name)
        found.append((fitted.evidence, float(fitted.theta[place]), float(fitted.covariance[place, place])))
    return _together(np.array(found), again) if found else PUBLISHED


def of_repeats(
    mix: Mixture,
    params: Floats,
    tokens: Floats,
    unique: Floats | float,
    *,
    others: Mapping[str, Any] = MappingProxyType({}),
) -> Floats:
    """What not knowing R* does to ln loss, as a sd [Q], of runs that are of some kind by `others`."""
    rates = [mix.repeats.rate * float(np.exp(step)) for step in (-mix.repeats.width, mix.repeats.width)]
    ends = [likely(mix, {**others, "params": params, "tokens": worth(tokens, unique, rate=rate)}) for rate in rates]
    found: Floats = np.abs(ends[1] - ends[0]) / 2.0
    return found


def widened(found: Interval, sd: Floats) -> Interval:
    """The interval with a further sd of ln loss [Q], independent of what it holds."""
    middle = np.log(found.value)
    reach = np.hypot(np.log(found.high) - middle, NORMAL * sd)
    return Interval(found.value, np.exp(middle - reach), np.exp(middle + reach))


def _together(found: Floats, again: int) -> Repeats:
    """One R* of several laws' [L, 3], evidence, ln R* and its variance, and of what was published."""
    evidence, middle, variance = found.T
    weight = np.exp(TEMPER * (evidence - evidence.max()))
    weight /= weight.sum()
    mean = float(weight @ middle)
    told = 1.0 / (float(weight @ (variance + (middle - mean) ** 2)) + FORM**2)
    believed = 1.0 / PUBLISHED.width**2
    rate = (told * mean + believed * np.log(PUBLISHED.rate)) / (told + believed)
    return Repeats(float(np.exp(rate)), float((told + believed) ** -0.5), again)


def varied(*parts: Runs) -> tuple[str, ...]:
    """The kinds of which the runs together have several numbers."""
    columns = {name: np.concatenate([part.inputs.get(name, np.ones(len(part))) for part in parts]) for name in KINDS}
    return tuple(name for name, values in columns.items() if np.ptp(values) > 0.0)
