"""The best learning rate and batch of a size, with how far they may be off.

On the runs' own surface they are where least loss is expected. A rule's values are given as the rule says them, with an
interval that holds how far the prior lets it be off and how far other rules are from it there.

A learning rate that muP carries is the best of the batch that is used: muP says nothing of batches, so the narrow model
has to be tuned at that one. Of the surface only the way from there to other batches is left.
"""

import math
from dataclasses import replace

import numpy as np
from scipy.special import ndtri

from solvers.base import Estimate
from solvers.laws.hyperparameters.at_batch import likely_rate_at, rate_at
from solvers.laws.hyperparameters.prior import LEVEL as RULE_SPREAD
from solvers.laws.hyperparameters.target import LEVEL, Choice, Target, choice, loses
from solvers.scaling.tuning.basis import RULE_SCHEDULE, Tuning, at_size
from solvers.scaling.tuning.beside import apart
from solvers.scaling.tuning.schedule import peak_ratio


def surface_at(tuning: Tuning, *, params: float, tokens: float) -> Target:
    """The surface at a size, under muP with the tuned learning rate as the best of the batch that is used."""
    at = at_size(tuning, params=params, tokens=tokens)
    return at if tuning.options.mup is None else _carried(tuning, at, tuning.options.mup.learning_rate)


def batch_of(tuning: Tuning, at: Target) -> float:
    """Tokens of the batch that is used: as asked, or the best in whole sequences that divide well."""
    length = tuning.sequence_length
    best = tuning.options.batch_sequences or whole(best_at(tuning, at).batch_tokens.value / length)
    return float(best * length)


def whole(sequences: float) -> int:
    """The nearest power of two, or one and a half times one, in ratio; 1 at least."""
    power = 2.0 ** math.floor(math.log2(max(sequences, 1.0)))
    steps = [value for value in (power, 1.5 * power, 2.0 * power) if value == int(value)]
    return int(min(steps, key=lambda value: abs(math.log(value / max(sequences, 1.0)))))


def best_at(tuning: Tuning, at: Target) -> Choice:
    """The best values of a size."""
    found = choice(at)
    if tuning.source == "surface":
        return found
    rate, batch = (math.exp(value) for value in at.mean[:2])
    wider = _doubts(tuning, at)
    return Choice(
        _wider(replace(found.learning_rate, value=rate), wider[0]),
        _wider(replace(found.batch_tokens, value=batch), wider[1]),
        loses(at, learning_rate=rate, batch_tokens=batch),
    )


def rate_of(tuning: Tuning, at: Target, *, batch_tokens: float) -> Estimate:
    """The best learning rate at a batch that is given."""
    if tuning.source == "surface":
        return rate_at(at, batch_tokens=batch_tokens)
    return _wider(likely_rate_at(at, batch_tokens=batch_tokens), _doubts(tuning, at)[0])


def ratio_of(tuning: Tuning, schedule: str) -> float:
    """The peak of a schedule over that which the surface speaks of; a rate that muP carries is kept."""
    return 1.0 if tuning.options.mup else peak_ratio(schedule, of=tuning.schedule or RULE_SCHEDULE)


def _doubts(tuning: Tuning, at: Target) -> tuple[float, float]:
    """How far other rules are from this one; where muP carries the learning rate, no rule of it is asked."""
    rate, batch = apart(tuning, at)
    return (0.0 if tuning.options.mup else rate), batch


def _wider(one: Estimate, doubt: float) -> Estimate:
    """The interval with another doubt of the ln value, a standard deviation."""
    reach = float(ndtri((1.0 + LEVEL) / 2.0)) * doubt
    below, above = (math.hypot(math.log(end / one.value), reach) for end in (one.low, one.high))
    return Estimate(one.value, one.value * math.exp(-below), one.value * math.exp(above))


def _carried(tuning: Tuning, at: Target, learning_rate: float) -> Target:
    """The surface moved to a learning rate that muP carries over, as unsure as the level of a rule (estimate)."""
    covariance, draws = at.covariance.copy(), at.draws.copy()
    draws[:, 0] = at.mean[0] + (at.draws[:, 0] - at.mean[0]) * RULE_SPREAD / float(np.std(at.draws[:, 0]))
    covariance[0, :] = covariance[:, 0] = 0.0
    covariance[0, 0] = RULE_SPREAD**2
    still = replace(at, covariance=covariance, draws=draws)
    there = rate_of(tuning, still, batch_tokens=batch_of(tuning, still)).value
    move = np.eye(len(at.mean))[0] * math.log(learning_rate / there)
    return replace(still, mean=still.mean + move, draws=still.draws + move)
