"""The requests of the paper's evaluation, as nearly as its published means tell.

ShareGPT with whole conversations as prompts has 755.5 input and 200.3 output tokens in the mean, HumanEval 171.3 and
98.2, LongBench 1738.3 and 90.7 (figure 7 of the paper, as remembered); all of a request is below 2,048 tokens, the
context of OPT. The spread is an estimate: log-normal lengths with the given variation, longer requests drawn again,
and the mean before the cut such that the mean after it is the paper's.
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from solvers.serving.slo import Slo
from solvers.simulate.serving.case import Requests

Ints = npt.NDArray[np.int64]

CONTEXT = 2048
ROUNDS = 30


@dataclass(frozen=True)
class Dataset:
    """Mean tokens of input and output, and their variations (standard deviation over mean): estimates."""

    input_mean: float
    output_mean: float
    input_cv: float
    output_cv: float


DATASETS = {
    "sharegpt": Dataset(755.5, 200.3, 0.9, 0.8),
    "humaneval": Dataset(171.3, 98.2, 0.5, 0.8),
    "longbench": Dataset(1738.3, 90.7, 0.1, 1.0),
}


@dataclass(frozen=True)
class Workload:
    """Requests at one a second in the mean, Poisson, and what is asked of their latencies."""

    requests: Requests
    slo: Slo

    def at(self, rate: float) -> Requests:
        """The same requests at `rate` a second: common random numbers."""
        return replace(self.requests, arrival_s=self.requests.arrival_s / rate)

    @property
    def span(self) -> float:
        """Last arrival at one request a second."""
        return float(self.requests.arrival_s[-1])


def workload(dataset: str, *, size: int, seed: int, slo: Slo) -> Workload:
    """`size` requests of a data set; the same seed gives the same."""
    rng = np.random.default_rng(seed)
    tokens = _lengths(dataset, size, rng)
    absent = np.full(size, -1, dtype=np.int64)
    none = np.zeros(size, dtype=np.int64)
    requests = Requests(
        arrival_s=np.cumsum(rng.exponential(size=size)),
        input_tokens=tokens[:, 0].copy(),
        output_tokens=tokens[:, 1].copy(),
        prefix=absent,
        prefix_tokens=none,
        priority=none,
    )
    return Workload(requests, slo)


def _lengths(name: str, size: int, rng: np.random.Generator) -> Ints:
    found = _cut(rng.standard_normal((3 * size, 2)), _means(name), DATASETS[name])
    while len(found) < size:
        found = np.concatenate([found, _cut(rng.standard_normal((size, 2)), _means(name), DATASETS[name])])
    return found[:size]


@cache
def _means(name: str) -> tuple[float, float]:
    """Means before the cut, by repeated correction on one large draw."""
    dataset = DATASETS[name]
    asked = np.array([dataset.input_mean, dataset.output_mean])
    normal = np.random.default_rng(0).standard_normal((100_000, 2))
    means = asked.copy()
    for _ in range(ROUNDS):
        means *= asked / _cut(normal, (means[0], means[1]), dataset).mean(axis=0)
    return float(means[0]), float(means[1])


def _cut(normal: npt.NDArray[np.float64], means: tuple[float, float], dataset: Dataset) -> Ints:
    """Log-normal tokens of those whose request is short enough."""
    sigma = np.sqrt(np.log1p(np.square([dataset.input_cv, dataset.output_cv])))
    drawn = np.exp(np.log(means) - sigma**2 / 2 + sigma * normal)
    tokens = np.maximum(np.rint(drawn), 1).astype(np.int64)
    kept: Ints = tokens[tokens.sum(axis=1) < CONTEXT]
    return kept
