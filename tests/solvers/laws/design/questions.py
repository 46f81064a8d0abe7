"""Questions of design about runs whose law is known."""

import numpy as np

from solvers.laws.design.belief import of_fit, of_mixture
from solvers.laws.design.candidates import Candidates, Target, target
from solvers.laws.design.choose import Question
from solvers.laws.fit import Fitted, fit
from solvers.laws.law import Runs, loss_at, runs_of
from solvers.laws.loss import get
from solvers.laws.predict.mixture import mixture
from solvers.laws.predict.shipped import shipped
from tests.solvers.laws.predict.ladders import TRUTH, ladder

AIM = target(params=7e9, tokens=1.4e11)


def possible(*, sizes: int = 20, lengths: int = 20) -> Candidates:
    """Runs of 20 M to 2 B parameters on 1 to 100 billion tokens, by their FLOP in units of 1e18."""
    params, tokens = (
        part.ravel() for part in np.meshgrid(np.geomspace(2e7, 2e9, sizes), np.geomspace(1e9, 1e11, lengths))
    )
    return Candidates({"params": params, "tokens": tokens}, 6.0 * params * tokens / 1e18)


def known() -> Fitted:
    """A law fitted to a ladder."""
    return fit(get("chinchilla"), ladder(noise=3e-3))


def question(candidates: Candidates | None = None, aim: Target = AIM) -> Question:
    """One law, known from a ladder."""
    candidates = possible(sizes=8, lengths=8) if candidates is None else candidates
    return Question(of_fit(known(), candidates, aim), candidates, aim)


def of_laws(candidates: Candidates, runs: Runs | None = None) -> Question:
    """Three laws, known from a ladder, with the doubt that ships."""
    mix = mixture(ladder(noise=3e-3) if runs is None else runs)
    return Question(of_mixture(mix, candidates, AIM), candidates, AIM, shipped())


def made(candidates: Candidates, chosen: tuple[int, ...], *, noise: float, seed: int) -> Runs:
    """The chosen runs, by the ladder's law."""
    inputs = candidates.at(chosen)
    loss = loss_at(get("chinchilla"), TRUTH, **inputs)
    return runs_of(loss * np.exp(noise * np.random.default_rng(seed).standard_normal(len(loss))), **inputs)
