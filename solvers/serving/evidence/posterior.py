"""What closed-loop measurements teach: TPOT first (step cost, drafting), then TTFT (waiting) on what that says.

Both are fits of `solvers.calibration`: coefficients with physical priors, effects of labels that rows share, noise by
Student's t, tails from groups left out. An effect is a function of the load: its level, its slopes over sequences and
lengths, its bend (`features.basis_of`). Copies of one measurement count once; what a row's several readings differ by
is noise of that row. Steps were fitted to operators before: of the spread that step cost's own bounds allow, TRUST is
left here.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from solvers.calibration.covariance import Floats, Ints, Rows, Scales
from solvers.calibration.fit import Evidence, Fitted, fit
from solvers.calibration.process import condition
from solvers.calibration.scales import Belief
from solvers.calibration.spread import spread_evenly
from solvers.calibration.tails import Tails
from solvers.serving.evidence import linear
from solvers.serving.evidence.closed_loop import Frozen, Sums, Table, recorded, sums_of
from solvers.serving.evidence.features import BASIS, COLUMNS, EFFECTS, SHARED, Described, described, smooth
from solvers.serving.evidence.rows import Question
from solvers.serving.evidence.times import log_tpot, log_ttft, reading_variance

LEVEL = 0.8
# Rows that scales are learned from, and all others: both cost their third power.
MOST_FOR_SCALES, MOST_TO_LEARN = 500, 1500
FEWEST_IN_CLASS = 12
# Before any measurement: effects of 5 % on a token and 15 % on the first, of 3 % where the load is four times larger;
# noise of 3 % and 8 % (estimates; what rows say of them replaces them).
EFFECT, SLOPE, NOISE, SPREAD = (0.05, 0.15), (0.03, 0.03), (0.03, 0.08), 0.8
# Less of the spread of waiting: some of its rows are many times off (queues, warming up) and drag coefficients along
# (estimates, chosen by models left out).
TRUST = (0.2, 0.1)
TOKEN, FIRST = 0, 1
LEAST_SECONDS = 1e-6


@dataclass(frozen=True)
class Learned:
    """Both fits, and the families whose noise each knows."""

    token: Fitted
    first: Fitted
    families: tuple[str, ...]


@dataclass(frozen=True)
class Ends:
    """Log seconds [n]: the mean of a prediction and the ends of its interval."""

    mean: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Material:
    """Questions with their loops recorded at the priors, slopes there, and what the covariance sees of them.

    `vague` [n] is the variance of a row's logarithm over its readings, of TPOT and of TTFT; `sums` remembers the steps'
    seconds at the last few z.
    """

    questions: tuple[Question, ...]
    table: Table
    described: Described
    frozen: Frozen
    token: tuple[Floats, Floats]
    first: tuple[Floats, Floats]
    vague: tuple[Floats, Floats]
    sums: Callable[[Floats], Sums]
    log_tpot: Floats
    log_ttft: Floats


def material_of(questions: Sequence[Question], table: Table) -> Material:
    """Loops recorded and linearised at the priors."""
    z_token, z_first = np.zeros(len(linear.TPOT)), np.zeros(len(linear.TTFT))
    frozen = recorded(table, linear.cost_at(z_token), linear.waiting_at(z_token, z_first))
    sums = sums_of(frozen, linear.cost_at(z_token))
    waiting = linear.waiting_at(z_token, z_first)
    return Material(
        questions=tuple(questions),
        table=table,
        described=described(table.loads),
        frozen=frozen,
        token=linear.token_slopes(frozen, z_token),
        first=linear.first_slopes(frozen, sums, z_token, z_first),
        vague=reading_variance(frozen, sums, waiting),
        sums=_remembered(frozen),
        log_tpot=np.log([question.tpot_s for question in questions]),
        log_ttft=np.log([max(question.ttft_s, LEAST_SECONDS) for question in questions]),
    )


def _remembered(frozen: Frozen) -> Callable[[Floats], Sums]:
    @lru_cache(maxsize=4)
    def of(z: bytes) -> Sums:
        return sums_of(frozen, linear.cost_at(np.frombuffer(z)))

    return lambda z: of(z.tobytes())


def belief(noise_classes: int, output: int) -> Belief:
    """Priors of the covariance's scales."""
    level = np.log([EFFECT[output], *(len(BASIS) - 1) * [SLOPE[output]]])
    effects, noise, nothing = np.tile(level, len(SHARED[output])), np.ones(noise_classes), np.zeros(0)
    mean = Scales(effects, nothing, nothing, noise * np.log(NOISE[output]))
    return Belief(mean, Scales(np.full(len(effects), SPREAD), nothing, nothing, SPREAD * noise))


def identity(question: Question) -> tuple[object, ...]:
    """What copies of one measurement share: several dumps of one database hold it, under names of one architecture."""
    row = question.row
    return (
        row.get("system"), row.get("backend"), question.input_tokens, question.output_tokens, question.clients,
        f"{question.tpot_s:.4g}", f"{question.ttft_s:.3g}",
    )  # fmt: skip


def distinct(questions: Sequence[Question], index: Ints) -> Ints:
    """Those of `index` that are not copies of an earlier one."""
    return np.array(list({identity(questions[place]): int(place) for place in index[::-1]}.values())[::-1], dtype=int)


def learned(material: Material, index: Ints) -> Learned:
    """The posterior after the rows at `index`."""
    own = distinct(material.questions, index)
    own = own[spread_evenly(material.described.labels[own, -1], most=MOST_TO_LEARN)]
    part = material.described.take(own)
    counts = Counter(part.families)
    families = tuple(sorted(name for name, count in counts.items() if count >= FEWEST_IN_CLASS))

    def run(output: int, z_token: Floats) -> Fitted:
        return fit(
            Evidence(
                measured=(material.log_tpot, material.log_ttft)[output][own],
                features=part.features,
                labels=shared_labels(part.labels, output),
                weights=part.weights,
                basis=part.basis,
                groups=part.groups,
                jobs=part.labels[:, -1],
                kinds=part.kinds,
                noise_class=classes_of(part.families, families),
                vague=material.vague[output][own],
            ),
            model_at(material, own, output, z_token),
            coefficients=len((linear.TPOT, linear.TTFT)[output]),
            smooth=smooth(),
            belief=belief(len(families) + 1, output),
            strata=_strata(part),
            most=MOST_FOR_SCALES,
            level=LEVEL,
        )

    token = run(TOKEN, np.zeros(len(linear.TPOT)))
    return Learned(token, run(FIRST, token.z), families)


def model_at(
    material: Material, index: Ints, output: int, z_token: Floats
) -> Callable[[Floats], tuple[Floats, Floats]]:
    """Log seconds at `index` as a function of z, exact, with the slopes that they have at the priors.

    z counts TRUST of the prior's spreads. TTFT rests on the steps' seconds at `z_token`.
    """
    slopes = TRUST[output] * (material.token, material.first)[output][1][index]
    loads = material.table.loads

    def token(z: Floats) -> tuple[Floats, Floats]:
        at = TRUST[TOKEN] * z
        return log_tpot(loads, material.sums(at), linear.waiting_at(at, np.zeros(len(linear.TTFT))))[index], slopes

    def first(z: Floats) -> tuple[Floats, Floats]:
        at = TRUST[TOKEN] * z_token
        return log_ttft(material.frozen, material.sums(at), linear.waiting_at(at, TRUST[FIRST] * z))[index], slopes

    return token if output == TOKEN else first


def predicted(posterior: Learned, material: Material, index: Ints, output: int) -> Ends:
    """Distributions of log seconds of the rows at `index`."""
    part = material.described.take(index)
    fitted = (posterior.token, posterior.first)[output]
    log_model, slopes = model_at(material, index, output, posterior.token.z)(fitted.z)
    labels = shared_labels(part.labels, output)
    rows = Rows(slopes=slopes, features=part.features, labels=labels, weights=part.weights, basis=part.basis)
    noise = np.exp(2.0 * fitted.process.scales.noise)[classes_of(part.families, posterior.families)]
    deviation = np.sqrt(noise + material.vague[output][index])
    found = fitted.predict(rows, log_model, noise=deviation, kinds=part.kinds)
    low, high = found.interval()
    return Ends(found.mean, low, high)


def unlearned() -> Learned:
    """What is known before any measurement."""
    return Learned(_nothing(TOKEN), _nothing(FIRST), ())


def _nothing(output: int) -> Fitted:
    count = len((linear.TPOT, linear.TTFT)[output])
    rows = Rows(
        slopes=np.zeros((0, count)),
        features=np.zeros((0, len(COLUMNS))),
        labels=np.zeros((0, len(SHARED[output])), dtype=np.int64),
        weights=np.zeros((0, len(smooth().parts))),
        basis=np.zeros((0, len(BASIS))),
    )
    scales = belief(1, output).mean
    process = condition(rows, np.zeros(0), noise=np.zeros(0), scales=scales, smooth=smooth())
    return Fitted(z=np.zeros(count), process=process, tails=Tails.normal(LEVEL))


def shared_labels(labels: Ints, output: int) -> Ints:
    """The labels [n, e] that count for an output."""
    return labels[:, [EFFECTS.index(name) for name in SHARED[output]]]


def classes_of(of_rows: Sequence[str], known: Sequence[str]) -> Ints:
    """The class of noise of each row; 0 is any other's."""
    places = {name: place + 1 for place, name in enumerate(known)}
    return np.array([places.get(name, 0) for name in of_rows], dtype=np.int64)


def _strata(part: Described) -> Ints:
    """By series: enough rows of each to tell what they share from noise."""
    series = part.labels[:, EFFECTS.index("series")]
    return np.unique(series, return_inverse=True)[1].ravel()
