"""What came of advice that was followed, and the grids and spends of the made cases that it is tried on."""

from dataclasses import dataclass

import numpy as np

from solvers.laws.law import Floats

NOISES = (1e-3, 2e-3, 5e-3)
# Share of the candidates' cost that is spent; the target's compute over the dearest candidate's.
SPENT, BEYOND = 0.05, 10.0
LEVEL = float(np.log(2.7))
# Numbers of random runs after which their fit is looked at.
LOOKS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)


@dataclass(frozen=True)
class Played:
    """Half-widths of ln loss before, promised and found after the advised runs; spends of advice and of random runs.

    name    of the case's law or family
    error   of the forecast of ln loss after the advised runs
    """

    name: str
    before: float
    promised: float
    found: float
    spend: float
    random_spend: float
    error: float

    @property
    def off(self) -> float:
        """How far the promised shrink was from the one found, over the one found."""
        shrunk = self.before - self.found
        return abs((self.before - self.promised) - shrunk) / abs(shrunk) if shrunk else np.inf


def known_runs() -> dict[str, Floats]:
    """Sizes and lengths of the small runs of a made case."""
    return _grid((2e7, 3e8), (1e9, 1e10), 4)


def dear_runs() -> dict[str, Floats]:
    """Sizes and lengths of its candidates."""
    return _grid((5e7, 3e9), (2e9, 1e11), 8)


def _grid(params: tuple[float, float], tokens: tuple[float, float], count: int) -> dict[str, Floats]:
    n, d = np.meshgrid(np.geomspace(*params, count), np.geomspace(*tokens, count))
    return {"params": n.ravel(), "tokens": d.ravel()}
