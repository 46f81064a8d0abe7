"""What laws believe of runs that were not made, and of the target, and how a run would change it.

Places [Z] are K candidates, then Q targets. Law l says ln loss m_l [Z] with covariance of its parameters P_l = J S J'
[Z, Z] (Laplace) and of what it leaves out G_l [Z, Z] (the process of solvers.laws.predict.expert). A run at k gives
    P - P_k P_k' / (P_kk + v),   m + P_k / (P_kk + v) (y - m(k)),    and G likewise:
v is the variance of its noise, y what it is expected to show: what the laws together say of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from solvers.laws.design.candidates import Candidates, Target
from solvers.laws.fit import Fitted
from solvers.laws.fit.noise import FREEDOM, USUAL_SD
from solvers.laws.fit.priors import learned
from solvers.laws.law import Floats, Law, Runs, flops_of, normalised
from solvers.laws.loss import get
from solvers.laws.predict.expert import LEAN, Expert, ask, covariances, near
from solvers.laws.predict.mixture import BELIEF, Mixture, tell

# A Student-t run tells (nu + 1) / (nu + 3) of what a normal one of the same scale would (section 3 [lange1989robust]).
TELLS = (FREEDOM + 1.0) / (FREEDOM + 3.0)


@dataclass(frozen=True, eq=False)
class Belief:
    """One law: weight at the targets [Q], mean [Z], covariances [Z, Z], and variances of the candidates' noise [K]."""

    weight: Floats
    mean: Floats
    parameters: Floats
    process: Floats
    noise: Floats
    process_noise: Floats


@dataclass(frozen=True, eq=False)
class State:
    """What is believed now: each law's belief, the noise's sd at the targets [Q], and e-folds of compute.

    beyond   ln of the target's compute over the largest that is known [Q]; `reached` ln of each candidate's over it [K]
    """

    laws: tuple[Belief, ...]
    of_noise: Floats
    beyond: Floats
    reached: Floats

    @property
    def candidates(self) -> int:
        """How many candidates there are."""
        return len(self.reached)


def of_mixture(mix: Mixture, candidates: Candidates, target: Target) -> State:
    """What the laws of a mixture believe."""
    told = tell(mix, target.inputs)
    laws = [
        _of_expert(one, weight, candidates, target, runs=mix.runs)
        for one, weight in zip(mix.experts, told.weights, strict=True)
    ]
    reached = np.log(flops_of(candidates.inputs) / mix.runs.flops.max())
    return State(tuple(laws), told.of_noise, told.beyond, reached)


def of_fit(fitted: Fitted, candidates: Candidates, target: Target) -> State:
    """What one law believes, with nothing said of what it leaves out."""
    places = _places(candidates, target)
    slopes = fitted.law.log_loss(fitted.theta[None], normalised(fitted.law, places, fitted.scale))
    belief = _of_law(slopes, fitted.covariance, fitted.sd, np.ones(len(target.share)), candidates)
    return _alone((belief,), np.full(len(target.share), fitted.sd), candidates)


def of_prior(
    candidates: Candidates, target: Target, *, laws: Sequence[str] = tuple(BELIEF), level: float = 1.0
) -> State:
    """What other families of runs teach before anything is run; `level` is a guess of ln loss."""
    beliefs = tuple(_of_prior(get(name), BELIEF.get(name, 1.0), candidates, target, level) for name in laws)
    whole = sum(one.weight for one in beliefs)
    state = _alone(
        tuple(replace(one, weight=one.weight / whole) for one in beliefs),
        np.full(len(target.share), USUAL_SD),
        candidates,
    )
    return replace(state, laws=tuple(_doubted(one, expected(state)) for one in state.laws))


def with_runs(state: State, chosen: Sequence[int]) -> State:
    """What would be believed after runs of the chosen candidates."""
    if not len(chosen):
        return state
    places = list(chosen)
    shown = expected(state)[places]
    laws = tuple(_told(one, places, shown) for one in state.laws)
    further = max(float(state.reached[places].max()), 0.0)
    return replace(state, laws=laws, beyond=np.maximum(state.beyond - further, 0.0), reached=state.reached - further)


def among(state: State, chosen: Sequence[int]) -> State:
    """The state of the chosen candidates alone, in their order: less to carry where no others are asked about."""
    places = list(chosen)
    kept = [*places, *range(state.candidates, state.candidates + len(state.beyond))]
    return replace(state, laws=tuple(_among(one, places, kept) for one in state.laws), reached=state.reached[places])


def expected(state: State) -> Floats:
    """The ln loss that the laws together expect of the candidates [K]."""
    weight = np.array([one.weight.mean() for one in state.laws])
    found: Floats = weight @ np.array([one.mean[: state.candidates] for one in state.laws]) / weight.sum()
    return found


def _of_expert(one: Expert, weight: Floats, candidates: Candidates, target: Target, *, runs: Runs) -> Belief:
    fitted, places = one.fitted, _places(candidates, target)
    said = fitted.law.log_loss(fitted.theta[None], normalised(fitted.law, places, fitted.scale))
    belief = _of_law(said, fitted.covariance, fitted.sd, weight, candidates)
    mean, most = ask(one, places).log_loss, runs.flops.max()
    lean = (flops_of(candidates.inputs) / most) ** LEAN / ((runs.flops / most) ** LEAN).mean()
    counts = lean * near(np.exp(mean[: len(candidates)]), float(runs.loss.min()))
    return replace(
        belief,
        mean=mean,
        process=covariances(one, places),
        noise=belief.noise / counts,
        process_noise=(fitted.sd * candidates.relative_noise) ** 2 / lean,
    )


def _of_prior(law: Law, weight: float, candidates: Candidates, target: Target, level: float) -> Belief:
    taught = learned(law.name)
    prior = taught.prior(level=level)
    places = normalised(law, _places(candidates, target), taught.scale(candidates.inputs))
    said = law.log_loss(prior.centre[None], places)
    weights = np.full(len(target.share), weight)
    return _of_law(said, np.diag(1.0 / prior.precision), USUAL_SD, weights, candidates)


def _doubted(one: Belief, shown: Floats) -> Belief:
    """A run where a law expects something else than `shown` [K] says that it is wrong there, not how to bend it."""
    return replace(one, noise=one.noise + (one.mean[: len(shown)] - shown) ** 2)


def _of_law(
    said: tuple[Floats, Floats], covariance: Floats, sd: float, weight: Floats, candidates: Candidates
) -> Belief:
    slopes = said[1][0]
    noise = (sd * candidates.relative_noise) ** 2 / TELLS
    parameters = slopes @ covariance @ slopes.T
    return Belief(weight, said[0][0], parameters, np.zeros_like(parameters), noise, noise)


def _alone(laws: tuple[Belief, ...], of_noise: Floats, candidates: Candidates) -> State:
    """A state in which distance counts for nothing by itself."""
    return State(laws, of_noise, np.zeros(len(of_noise)), np.zeros(len(candidates)))


def _places(candidates: Candidates, target: Target) -> dict[str, Floats]:
    return {name: np.concatenate([candidates.inputs[name], target.inputs[name]]) for name in target.inputs}


def _told(one: Belief, places: list[int], shown: Floats) -> Belief:
    """What a law believes when the places have shown something."""
    gain = _gain(one.parameters, places, one.noise)
    return replace(
        one,
        mean=one.mean + gain @ (shown - one.mean[places]),
        parameters=one.parameters - gain @ one.parameters[places],
        process=one.process - _gain(one.process, places, one.process_noise) @ one.process[places],
    )


def _among(one: Belief, places: list[int], kept: list[int]) -> Belief:
    both = np.ix_(kept, kept)
    return replace(
        one,
        mean=one.mean[kept],
        parameters=one.parameters[both],
        process=one.process[both],
        noise=one.noise[places],
        process_noise=one.process_noise[places],
    )


def _gain(covariance: Floats, chosen: list[int], noise: Floats) -> Floats:
    """What each place [Z] learns from each of the chosen ones [Z, C]."""
    rows = covariance[chosen]
    if len(chosen) == 1:
        alone: Floats = rows.T / (rows[0, chosen[0]] + noise[chosen[0]])
        return alone
    seen = rows[:, chosen] + np.diag(noise[chosen])
    found: Floats = np.asarray(np.linalg.solve(seen, rows), dtype=np.float64)
    return found.T
