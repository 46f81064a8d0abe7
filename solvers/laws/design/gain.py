"""How much surer of the target each candidate would make us: rank-one updates, all candidates at once.

s^2(q) = a noise^2 + b parameters^2 + c process^2 + d laws^2 + (e noise h)^2 + (f h)^2, as in predict.interval
half^2 = sum_q share_q (reach^2 s^2(q) + lasting^2(q)), with the doubt's a .. f; a run at k changes
    parameters^2, process^2   by - sum_l w_l C_l[q, k]^2 / (C_l[k, k] + v_l[k])
    laws^2                    as the laws' means move towards what they together expect at k
    h                         as the run is the largest that is known
    lasting                   not at all
Nothing here asks for losses: designs are of what is expected.
"""

from collections.abc import Sequence

import numpy as np

from solvers.laws.design.belief import State, among, expected, with_runs
from solvers.laws.design.candidates import Target
from solvers.laws.law import Floats
from solvers.laws.predict.interval import Doubt, scale

# A doubt that is only the spread of parameters and between laws, for ninety percent of a normal distribution.
PLAIN = Doubt((-np.inf, 0.0, -np.inf, 0.0, -np.inf, -np.inf), 1.6449)


def half_width(state: State, target: Target, doubt: Doubt) -> float:
    """Half the interval of ln loss at the target, in the root mean square over its places."""
    return float(np.hypot(doubt.reach * np.sqrt(target.share @ _squares(_now(state), doubt)), target.remains))


def half_width_with(state: State, target: Target, doubt: Doubt, chosen: Sequence[int]) -> float:
    """The same after runs of the chosen candidates."""
    return half_width(with_runs(among(state, chosen), range(len(chosen))), target, doubt)


def half_widths(state: State, target: Target, doubt: Doubt) -> Floats:
    """The same after a run of each candidate alone [K]."""
    found: Floats = np.hypot(doubt.reach * np.sqrt(_squares(_each(state), doubt) @ target.share), target.remains)
    return found


def _now(state: State) -> Floats:
    """Where the doubt at the targets comes from [Q, 5]."""
    k = state.candidates
    weight = np.array([one.weight for one in state.laws])
    parameters, process = (
        (weight * np.array([np.diag(getattr(one, name))[k:] for one in state.laws])).sum(axis=0)
        for name in ("parameters", "process")
    )
    laws = _between(weight, np.array([one.mean[k:] for one in state.laws]))
    return _sources(state.of_noise, parameters, process, laws, state.beyond)


def _each(state: State) -> Floats:
    """The same after each candidate [K, Q, 5]."""
    k = state.candidates
    shown = expected(state)
    weight = np.array([one.weight for one in state.laws])[:, None, :]
    parameters, process, means = [], [], []
    for one in state.laws:
        cross = one.parameters[:k, k:]
        gain = cross / (np.diag(one.parameters)[:k] + one.noise)[:, None]
        parameters.append(np.diag(one.parameters)[k:] - gain * cross)
        means.append(one.mean[k:] + gain * (shown - one.mean[:k])[:, None])
        cross = one.process[:k, k:]
        seen = np.diag(one.process)[:k] + one.process_noise
        process.append(np.diag(one.process)[k:] - cross**2 / seen[:, None])
    return _sources(
        state.of_noise,
        (weight * np.array(parameters)).sum(axis=0),
        (weight * np.array(process)).sum(axis=0),
        _between(weight, np.array(means)),
        np.maximum(state.beyond - np.maximum(state.reached, 0.0)[:, None], 0.0),
    )


def _between(weight: Floats, means: Floats) -> Floats:
    found: Floats = (weight * (means - (weight * means).sum(axis=0)) ** 2).sum(axis=0)
    return found


def _sources(noise: Floats, parameters: Floats, process: Floats, laws: Floats, beyond: Floats) -> Floats:
    roots = (np.sqrt(np.maximum(part, 0.0)) for part in (parameters, process, laws))
    found: Floats = np.stack(np.broadcast_arrays(noise, *roots, beyond), axis=-1)
    return found


def _squares(sources: Floats, doubt: Doubt) -> Floats:
    flat = scale(np.array(doubt.parts), sources.reshape(-1, sources.shape[-1]))
    found: Floats = flat.reshape(sources.shape[:-1]) ** 2
    return found
