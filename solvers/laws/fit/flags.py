"""Runs that a law should not be fitted to without a look: each with the reason, none of them left out silently.

Before a fit: diverged, hardly trained, not decayed, learning rate far from the best. After it: far from the law, or the
law hangs on it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from solvers.laws.fit.fit import Fitted
from solvers.laws.law import Floats, Runs

# A run that had no less of anything and yet has a loss higher by this share has gone wrong (estimate: ten times the
# scatter between seeds).
WORSE = 0.03
# What lowers the loss of a sound run where there is more of it, and replicas, which raise it.
MORE = {"params": 1.0, "tokens": 1.0, "unique_tokens": 1.0, "experts": 1.0, "streams": 1.0, "replicas": -1.0}
# Losses of models that know little more than how often each token comes (estimate, from 4.2 characters a token).
HARDLY_TRAINED = {"nats/token": 5.0, "nats/byte": 1.2, "bits/byte": 1.7, "bits/char": 1.75}
# Share of the peak learning rate that a decayed run ends below; a cosine ends at 0.1 [hoffmann2022chinchilla].
DECAYED = 0.3
# A learning rate this many times off its best costs about a percent of loss (estimate from the given grids).
OFF_RATE = 4.0
# Scales of the noise beyond which a run is far from the law; share of its own prediction that a run may make.
FAR, OWN = 4.0, 0.7
# What a flagged run counts for where its flag is believed.
TRUST = {"diverged": 0.0, "overfitted": 0.0, "hardly_trained": 0.1, "not_decayed": 0.25, "off_rate": 0.25}


@dataclass(frozen=True)
class Flag:
    """What is strange about the run at place `run`."""

    run: int
    code: str
    message: str


def before_fit(runs: Runs, *, best_rate: Floats | None = None) -> tuple[Flag, ...]:
    """Flags that the runs themselves show; `best_rate` [M] is the learning rate a law thinks best for each."""
    if not len(runs):
        return ()
    return (*_diverged(runs), *_hardly_trained(runs), *_not_decayed(runs), *_off_rate(runs, best_rate))


def after_fit(fitted: Fitted) -> tuple[Flag, ...]:
    """Flags of runs that are far from the law, and of runs that nearly alone decide what the law says of them."""
    return (*_far(fitted), *_alone(fitted))


def trust(runs: Runs, flags: tuple[Flag, ...]) -> Floats:
    """Weights [M] for a fit: 1 where nothing is flagged."""
    found = np.ones(len(runs))
    for flag in flags:
        found[flag.run] = min(found[flag.run], TRUST.get(flag.code, 1.0))
    return found


def _called(runs: Runs, place: int) -> str:
    return f"Run {place + 1}" + (f" ({runs.names[place]})" if runs.names else "")


def _places(mask: NDArray[np.bool_]) -> list[int]:
    return [int(place) for place in np.flatnonzero(mask)]


def _diverged(runs: Runs) -> Iterator[Flag]:
    """Runs that are no number, or worse than one that had no more of anything: of those, what repeated overfitted."""
    usable = np.isfinite(runs.loss) & (runs.loss > 0.0)
    values = [sign * runs.inputs[name] for name, sign in MORE.items() if name in runs.inputs]
    no_more = _all(column[:, None] >= column[None] for column in values)
    best = np.min(np.where(no_more, np.where(usable, runs.loss, np.inf)[None], np.inf), axis=1)
    epochs = (
        runs.inputs["tokens"] / runs.inputs["unique_tokens"] if "unique_tokens" in runs.inputs else np.ones(len(runs))
    )
    for place in _places(~usable):
        yield Flag(place, "diverged", f"{_called(runs, place)} diverged: {no_loss(runs.loss[place])}.")
    for place in _places(usable & (runs.loss > (1.0 + WORSE) * best)):
        message = (
            f"{_called(runs, place)} has a loss of {runs.loss[place]:.3f}; a run that is no larger and no longer has "
            f"{best[place]:.3f}."
        )
        if epochs[place] > 1.0:
            yield Flag(
                place, "overfitted", f"{message} It saw its tokens {epochs[place]:.1f} times: that was too often."
            )
        else:
            yield Flag(place, "diverged", f"{message} It diverged or was badly tuned.")


def no_loss(loss: float) -> str:
    """What is written where a run has no loss, in words: `its loss is not a number`."""
    return f"its loss is {'not a number' if np.isnan(loss) else 'infinite' if np.isinf(loss) else f'{loss:g}'}"


def _all(masks: Iterator[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = reduce(np.logical_and, masks)
    return found


def _hardly_trained(runs: Runs) -> Iterator[Flag]:
    bound = HARDLY_TRAINED[runs.loss_unit]
    for place in _places(runs.loss > bound):
        message = (
            f"{_called(runs, place)} is hardly trained: a loss of {runs.loss[place]:.2f} {runs.loss_unit} is that of "
            "counting tokens, and laws do not hold there."
        )
        yield Flag(place, "hardly_trained", message)


def _not_decayed(runs: Runs) -> Iterator[Flag]:
    for place in _places(runs.inputs.get("final_rate_share", np.zeros(len(runs))) > DECAYED):
        share = runs.inputs["final_rate_share"][place]
        message = f"{_called(runs, place)} ends at {100 * share:.0f} % of its peak learning rate: it is not decayed."
        yield Flag(place, "not_decayed", message)


def _off_rate(runs: Runs, best_rate: Floats | None) -> Iterator[Flag]:
    if best_rate is None or "learning_rate" not in runs.inputs:
        return
    off = np.exp(np.abs(np.log(runs.inputs["learning_rate"] / best_rate)))
    for place in _places(off > OFF_RATE):
        message = (
            f"{_called(runs, place)} has a learning rate {off[place]:.1f} times off the best that is known for it."
        )
        yield Flag(place, "off_rate", message)


def _far(fitted: Fitted) -> Iterator[Flag]:
    counted = np.ones(len(fitted.residuals)) if fitted.counted is None else fitted.counted
    # A run that counts little scatters more, as far as the fit goes.
    off = np.abs(fitted.residuals) * np.sqrt(np.minimum(counted, 1.0))
    for place in _places(off > FAR * fitted.sd):
        percent = 100.0 * np.expm1(fitted.residuals[place])
        message = (
            f"Run {place + 1} is {abs(percent):.1f} % {'above' if percent > 0 else 'below'} the law of the others."
        )
        yield Flag(place, "far", message)


def _alone(fitted: Fitted) -> Iterator[Flag]:
    for place in _places(fitted.leverage > OWN):
        message = f"Run {place + 1} decides {100 * fitted.leverage[place]:.0f} % of what the law says of it: repeat it."
        yield Flag(place, "alone", message)
