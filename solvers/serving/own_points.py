"""What a plan's own measurements teach: coefficients, and effects of labels, given one to twenty closed-loop points.

    log tpot_i = f_i(z) + sum of effects u of its labels + noise,    x = (z, u) ~ N(m, P) as shipped
    K = H P H' + e^2 I,   m' = m + P H' K^-1 r,   P' = P - P H' K^-1 H P
    left out: r_i = [K^-1 r]_i / [K^-1]_ii      (equations 2.23, 2.24, section 5.4.2 [rasmussen2006gaussian])
H: slopes of f over z at m beside which label a point has. Points' noise is not known: they are as uncertain as they
differ from one another, at least as published ones in the median. A plan of another layout or of other numbers shares
only some labels with the points, and moves as far as it does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from solvers.calibration.covariance import Floats, Ints, codes
from solvers.cost.serving.coefficients import Coefficients
from solvers.cost.serving.job import ServingJob, Software
from solvers.documents import digest
from solvers.serving.calibration import Calibration, Output, coefficients, shipped, waiting
from solvers.serving.calibration import name_of as shipped_name
from solvers.serving.evidence import linear
from solvers.serving.evidence.closed_loop import recorded, table_of
from solvers.serving.evidence.features import job_texts, names_shared
from solvers.serving.evidence.posterior import TOKEN, TRUST, shared_labels
from solvers.serving.evidence.recipes import Side
from solvers.serving.evidence.rows import Question, Reading
from solvers.serving.spec import ServingSpec

Key = tuple[int, int]
# Points are linearised at the belief before them, then at the one after.
ROUNDS = 2


@dataclass(frozen=True)
class Learned:
    """The state after the points: z, then the effects at `keys` (which effect, which label).

    `off` [n] is log measured over predicted before, `left_out` [n] the same with what all other points teach.
    """

    known: Output
    keys: dict[Key, int]
    mean: Floats
    covariance: Floats
    off: Floats
    left_out: Floats

    @cached_property
    def coefficients(self) -> Coefficients:
        """Of step cost."""
        return linear.cost_at(TRUST[TOKEN] * self.mean[: len(self.known.z)])

    def step_factor(self, job: ServingJob, *, disaggregated: bool, drafts: int) -> tuple[float, float]:
        """As `calibration.step_factor`."""
        found = [self._effect(key) for key in _keys(job, disaggregated=disaggregated, drafts=drafts)]
        return sum(mean for mean, _ in found), sum(spread**2 for _, spread in found) ** 0.5

    def draws(self, *, count: int, seed: int) -> Floats:
        """States [count, d]; the same for the same seed."""
        values, vectors = np.linalg.eigh(self.covariance)
        normal = np.random.default_rng(seed).standard_normal((count, len(self.mean)))
        drawn: Floats = self.mean + normal @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
        return drawn

    def coefficients_of(self, states: Floats) -> list[Coefficients]:
        """Of each state."""
        return [linear.cost_at(TRUST[TOKEN] * state[: len(self.known.z)]) for state in states]

    def offsets(self, states: Floats, job: ServingJob, *, disaggregated: bool, drafts: int) -> Floats:
        """Log factor of each state [count] over `step_factor`'s mean."""
        normal = np.random.default_rng(len(states)).standard_normal((len(self.known.sizes), len(states)))
        found = np.zeros(len(states))
        for place, key in enumerate(_keys(job, disaggregated=disaggregated, drafts=drafts)):
            at = self.keys.get(key)
            own = self._effect(key)[1] * normal[place] if at is None else states[:, at] - self.mean[at]
            found = found + own
        return found

    def _effect(self, key: Key) -> tuple[float, float]:
        at = self.keys.get(key)
        if at is None:
            return _before(self.known, key)
        return float(self.mean[at]), float(self.covariance[at, at]) ** 0.5


def learned(spec: ServingSpec) -> Learned | None:
    """What the spec's measurements teach; None where there are none."""
    if not spec.measurements:
        return None
    return learned_from(questions_of(spec), spec.calibration)


def questions_of(spec: ServingSpec) -> list[Question]:
    """The spec's points in the words of published measurements; a length is each request's."""
    return [
        Question(
            place=place,
            row={},
            model=spec.model,
            node=spec.hardware.node,
            numerics=point.numerics(spec.model, spec.precision),
            software=Software(spec.engine.name, point.version or spec.engine.version),
            readings=(Reading(Side(1, point.layout)),),
            clients=point.concurrency,
            input_tokens=point.input,
            output_tokens=point.output,
            shortest=1.0,
            ttft_s=0.0,
            tpot_s=point.tpot,
        )
        for place, point in enumerate(spec.measurements)
    ]


def learned_from(questions: Sequence[Question], calibration: Calibration) -> Learned:
    """The state after the questions' times of a token."""
    known, table = shipped(calibration).token, table_of(questions)
    frozen = recorded(table, coefficients(calibration), waiting(calibration))
    texts = names_shared(table.loads)
    labels = shared_labels(np.column_stack([codes(column) for column in zip(*texts, strict=True)]), TOKEN)
    keys, has = _effects(labels)
    size = len(known.z)
    before = [_before(known, key) for key in keys]
    mean = np.array([*known.z, *(m for m, _ in before)])
    covariance = np.diag([*np.zeros(size), *(s**2 for _, s in before)])
    covariance[:size, :size] = known.covariance
    measured, at, off = np.log([question.tpot_s for question in questions]), mean, np.zeros(0)
    for _ in range(ROUNDS):
        base, slopes = linear.token_slopes(frozen, TRUST[TOKEN] * at[:size])
        seen = np.hstack([TRUST[TOKEN] * slopes, has])
        residual = measured - base - has @ at[size:] - seen @ (mean - at)
        off = off if len(off) else residual
        inverse = np.linalg.inv(seen @ covariance @ seen.T + np.eye(len(questions)) * _noise(off, known) ** 2)
        gain = covariance @ seen.T @ inverse
        at = mean + gain @ residual
    left_out = inverse @ residual / np.diag(inverse)
    placed = {key: size + place for key, place in keys.items()}
    return Learned(known, placed, at, covariance - gain @ seen @ covariance, off, left_out)


def name_of(spec: ServingSpec) -> str:
    """What a result says about the calibration it used: the shipped one, and the points by their digest."""
    name = shipped_name(spec.calibration)
    if not spec.measurements:
        return name
    points = [point.model_dump(mode="json") for point in spec.measurements]
    return f"{name}+own-{digest(points)[:12]}"


def _noise(off: Floats, known: Output) -> float:
    """Standard deviation of one point."""
    least = float(np.median(known.noise))
    return max(least, float(off.std(ddof=1))) if len(off) > 1 else max(least, float(known.sizes.max()))


def _effects(labels: Ints) -> tuple[dict[Key, int], Floats]:
    """The effects that n points have, numbered from 0, and which point has which [n, q]."""
    rows = [[(effect, int(label)) for effect, label in enumerate(row)] for row in labels]
    keys = {key: place for place, key in enumerate(dict.fromkeys(key for row in rows for key in row))}
    has = np.zeros((len(rows), len(keys)))
    for place, row in enumerate(rows):
        has[place, [keys[key] for key in row]] = 1.0
    return keys, has


def _before(known: Output, key: Key) -> tuple[float, float]:
    return known.effects[key[0]].get(key[1], (0.0, float(known.sizes[key[0]])))


def _keys(job: ServingJob, *, disaggregated: bool, drafts: int) -> list[Key]:
    """The effects of a job."""
    texts = job_texts(job, disaggregated=disaggregated, drafts=drafts)
    return list(enumerate(int(label) for label in shared_labels(np.array([codes(texts)]), TOKEN)[0]))
