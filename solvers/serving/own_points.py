"""What a plan's own measurements teach: coefficients, and effects of labels, given one to twenty closed-loop points.

    log tpot_i = f_i(z) + sum of effects u of its labels at its load + noise,    x = (z, u) ~ N(m, P) as shipped
    K = H P H' + e^2 I,   m' = m + P H' K^-1 r,   P' = P - P H' K^-1 H P
    left out: r_i = [K^-1 r]_i / [K^-1]_ii      (equations 2.23, 2.24, section 5.4.2 [rasmussen2006gaussian])
H: slopes of f over z at m beside the basis of a point's load for each label that it has. Points' noise is not known:
they are as uncertain as they differ from one another, at least as published ones in the median. A plan of another
layout or of other numbers shares only some labels with the points, and moves as far as it does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import block_diag

from solvers.calibration.covariance import Floats, Ints, codes
from solvers.cost.serving.coefficients import Coefficients
from solvers.cost.serving.job import ServingJob, Software
from solvers.documents import digest
from solvers.serving.calibration import Output, coefficients, shipped, waiting
from solvers.serving.calibration import name_of as shipped_name
from solvers.serving.evidence import linear
from solvers.serving.evidence.closed_loop import recorded, table_of
from solvers.serving.evidence.features import basis_of, described, job_texts
from solvers.serving.evidence.posterior import TOKEN, TRUST, shared_labels
from solvers.serving.evidence.recipes import Side
from solvers.serving.evidence.rows import Question, Reading
from solvers.serving.own.document import Chosen
from solvers.serving.spec import ServingSpec

Key = tuple[int, int]
# Points are linearised at the belief before them, then at the one after.
ROUNDS = 2


@dataclass(frozen=True)
class Learned:
    """The state after the points: z, then the numbers of the effects at `keys` (which effect, which label).

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

    def step_factor(self, job: ServingJob, *, load: Floats, disaggregated: bool, drafts: int) -> tuple[float, float]:
        """As `calibration.step_factor`."""
        row, others = self._row(job, load=load, disaggregated=disaggregated, drafts=drafts)
        variance = float(row @ self.covariance @ row) + sum(spread**2 for _, spread in others)
        return float(row @ self.mean) + sum(mean for mean, _ in others), max(variance, 0.0) ** 0.5

    def draws(self, *, count: int, seed: int) -> Floats:
        """States [count, d]; the same for the same seed."""
        values, vectors = np.linalg.eigh(self.covariance)
        normal = np.random.default_rng(seed).standard_normal((count, len(self.mean)))
        drawn: Floats = self.mean + normal @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
        return drawn

    def coefficients_of(self, states: Floats) -> list[Coefficients]:
        """Of each state."""
        return [linear.cost_at(TRUST[TOKEN] * state[: len(self.known.z)]) for state in states]

    def offsets(self, states: Floats, job: ServingJob, *, load: Floats, disaggregated: bool, drafts: int) -> Floats:
        """Log factor of each state [count] over `step_factor`'s mean."""
        row, others = self._row(job, load=load, disaggregated=disaggregated, drafts=drafts)
        normal = np.random.default_rng(len(states)).standard_normal((len(self.known.sizes), len(states)))
        found: Floats = (states - self.mean) @ row
        for (_, spread), drawn in zip(others, normal, strict=False):
            found = found + spread * drawn
        return found

    def _row(
        self, job: ServingJob, *, load: Floats, disaggregated: bool, drafts: int
    ) -> tuple[Floats, list[tuple[float, float]]]:
        """What a job at a load has of each number of the state [d]; mean and deviation of effects that it has not."""
        row, others, at_load = np.zeros(len(self.mean)), [], basis_of(load)[0]
        for key in _keys(job, disaggregated=disaggregated, drafts=drafts):
            at = self.keys.get(key)
            if at is None:
                mean, left = self.known.level(*key)
                others.append((float(at_load @ mean), max(float(at_load @ left @ at_load), 0.0) ** 0.5))
            else:
                row[at : at + len(at_load)] = at_load
        return row, others


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


def learned_from(questions: Sequence[Question], calibration: Chosen) -> Learned:
    """The state after the questions' times of a token."""
    known, table = shipped(calibration).token, table_of(questions)
    frozen, seen_as = recorded(table, coefficients(calibration), waiting(calibration)), described(table.loads)
    labels, size = shared_labels(seen_as.labels, TOKEN), len(known.z)
    keys, has = _effects(labels, seen_as.basis)
    before = [(known.z, known.covariance), *(known.level(*key) for key in keys)]
    mean = np.concatenate([one for one, _ in before])
    covariance = block_diag(*(left for _, left in before))
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
    return max(least, float(off.std(ddof=1))) if len(off) > 1 else max(least, float(known.sizes[:, 0].max()))


def _effects(labels: Ints, basis: Floats) -> tuple[dict[Key, int], Floats]:
    """Where the numbers of the effects that n points have begin, and what each point has of each number [n, q b]."""
    rows = [[(effect, int(label)) for effect, label in enumerate(row)] for row in labels]
    functions = basis.shape[1]
    keys = {key: functions * place for place, key in enumerate(dict.fromkeys(key for row in rows for key in row))}
    has = np.zeros((len(rows), functions * len(keys)))
    for place, row in enumerate(rows):
        for key in row:
            has[place, keys[key] : keys[key] + functions] = basis[place]
    return keys, has


def _keys(job: ServingJob, *, disaggregated: bool, drafts: int) -> list[Key]:
    """The effects of a job."""
    texts = job_texts(job, disaggregated=disaggregated, drafts=drafts)
    return list(enumerate(int(label) for label in shared_labels(np.array([codes(texts)]), TOKEN)[0]))
