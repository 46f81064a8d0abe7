"""Seconds of a token and of the first one, from the steps that closed loops were recorded to run."""

import numpy as np

from solvers.calibration.covariance import Floats
from solvers.serving.evidence.closed_loop import Frozen, Loads, Sums, prompt_shares
from solvers.serving.evidence.records import accepted
from solvers.serving.evidence.split import first_seconds
from solvers.serving.evidence.splitting import between_s
from solvers.serving.evidence.waiting import Waiting, layer_seconds, missed_steps

LEAST = 1e-9


def log_tpot(loads: Loads, sums: Sums, waiting: Waiting) -> Floats:
    """Of each question [n]: the mean of its readings' logarithms."""
    return _by_question(loads, _token(loads, sums, waiting))


def log_ttft(frozen: Frozen, sums: Sums, waiting: Waiting) -> Floats:
    """Of each question [n]."""
    return _by_question(frozen.table.loads, _first(frozen, sums, waiting))


def reading_variance(frozen: Frozen, sums: Sums, waiting: Waiting) -> tuple[Floats, Floats]:
    """Variance over its readings of the logarithm of each question's [n] TPOT, and of its TTFT."""
    loads = frozen.table.loads
    return _spread(loads, _token(loads, sums, waiting)), _spread(loads, _first(frozen, sums, waiting))


def _spread(loads: Loads, values: Floats) -> Floats:
    return _by_question(loads, (values - _by_question(loads, values)[loads.owner]) ** 2)


def _token(loads: Loads, sums: Sums, waiting: Waiting) -> Floats:
    """Log seconds of each reading [m]."""
    given = np.where(loads.transferred > 0.0, accepted(loads.drafts, waiting.acceptance), 1.0)
    found: Floats = np.log(sums.per_token / given * (1.0 + waiting.draft_share * loads.drafts))
    return found


def _first(frozen: Frozen, sums: Sums, waiting: Waiting) -> Floats:
    """Log seconds of each reading [m]."""
    loads = frozen.table.loads
    split = loads.transferred > 0.0
    seconds = np.where(split, _split(frozen, sums, waiting), _together(loads, sums, waiting))
    found: Floats = np.log(seconds + waiting.frontend_token_s * loads.inputs)
    return found


def _together(loads: Loads, sums: Sums, waiting: Waiting) -> Floats:
    """Seconds [m] before a first token where one worker does both."""
    engines = _engines(loads)
    layers = np.array([float(loads.questions[place].model.layers) for place in loads.owner])
    missed = np.array([missed_steps(waiting, engine) for engine in engines])
    missed += waiting.looked * (loads.looks - 1.0) + waiting.balanced * loads.balanced
    # What is missed is the time of a token: a step gives several where tokens are drafted.
    steps = missed * sums.missed * accepted(loads.drafts, waiting.acceptance) + waiting.prompt * sums.own
    seconds = (1.0 - waiting.together) * steps + waiting.together * sums.line
    launched: Floats = seconds + layers * np.array([layer_seconds(waiting, engine) for engine in engines])
    return launched + waiting.frontend_s


def _split(frozen: Frozen, sums: Sums, waiting: Waiting) -> Floats:
    """Seconds [m] before a first token where prefill has workers of its own."""
    loads, there = frozen.table.loads, frozen.there
    share = prompt_shares(loads, waiting) / frozen.shares
    prefill = share * sums.own / np.maximum(there.own, LEAST)
    decode = sums.per_token / there.per_token
    between = between_s(waiting, loads.inputs)
    waited = first_seconds(frozen.curves, prefill, decode, np.asarray(between))
    seconds: Floats = waited + waiting.handed * sums.per_token
    return np.maximum(seconds, LEAST)


def _engines(loads: Loads) -> list[str]:
    return [loads.questions[place].software.name for place in loads.owner]


def _by_question(loads: Loads, values: Floats) -> Floats:
    found = np.bincount(loads.owner, weights=loads.share * values, minlength=len(loads.questions))
    return found.astype(np.float64)
