"""Seconds of a token and of the first one, from the steps that closed loops were recorded to run."""

from dataclasses import dataclass

import numpy as np

from solvers.calibration.covariance import Floats
from solvers.cost.serving.coefficients import Coefficients
from solvers.cost.serving.steps import ready, seconds_at
from solvers.serving.evidence.closed_loop import Frozen, Loads
from solvers.serving.evidence.mean_field import accepted
from solvers.serving.evidence.waiting import Waiting, layer_seconds, missed_steps


@dataclass(frozen=True)
class Sums:
    """Weighted seconds of the recorded steps, of each reading [m]: what the waiting's coefficients multiply."""

    per_token: Floats
    missed: Floats
    own: Floats
    line: Floats


def sums_of(frozen: Frozen, coefficients: Coefficients) -> Sums:
    """The recorded steps at other coefficients of cost."""
    size = frozen.table.loads.size
    found = Sums(*(np.zeros(size) for _ in range(4)))
    pairs = [*zip(frozen.table.serving, frozen.serving, strict=True)]
    pairs += [*zip(frozen.table.prefill, frozen.prefill, strict=True)]
    for group, record in pairs:
        seconds = seconds_at(record.steps, ready(record.job, coefficients)).reshape(record.per_token.shape)
        for name in ("per_token", "missed", "own", "line"):
            getattr(found, name)[group.at] += (getattr(record, name) * seconds).sum(axis=1)
    return found


def log_tpot(loads: Loads, sums: Sums, waiting: Waiting) -> Floats:
    """Of each question [n]: the mean of its readings' logarithms."""
    given = np.where(loads.transferred > 0.0, accepted(loads.drafts, waiting.acceptance), 1.0)
    seconds = sums.per_token / given * (1.0 + waiting.draft_share * loads.drafts)
    return _by_question(loads, np.log(seconds))


def log_ttft(loads: Loads, sums: Sums, waiting: Waiting) -> Floats:
    """Of each question [n]."""
    engines = [loads.questions[place].software.name for place in loads.owner]
    layers = np.array([float(loads.questions[place].model.layers) for place in loads.owner])
    missed = np.array([missed_steps(waiting, engine) for engine in engines])
    missed += waiting.looked * (loads.looks - 1.0) + waiting.balanced * loads.balanced
    # What is missed where one worker does both is the time of a token: a step gives several where tokens are drafted.
    steps = missed * sums.missed * accepted(loads.drafts, waiting.acceptance) + waiting.prompt * sums.own
    seconds = (1.0 - waiting.together) * steps + waiting.together * sums.line
    seconds = seconds + layers * np.array([layer_seconds(waiting, engine) for engine in engines])
    seconds = seconds + loads.transferred * waiting.handed * sums.per_token
    seconds = seconds + waiting.frontend_s + waiting.frontend_token_s * loads.inputs
    seconds = seconds + loads.transferred * (waiting.transfer_s + waiting.transfer_token_s * loads.inputs)
    return _by_question(loads, np.log(seconds))


def _by_question(loads: Loads, values: Floats) -> Floats:
    found = np.bincount(loads.owner, weights=loads.share * values, minlength=len(loads.questions))
    return found.astype(np.float64)
