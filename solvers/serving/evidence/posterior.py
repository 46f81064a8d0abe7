"""What closed-loop measurements teach: TPOT first (step cost, drafting), then TTFT (waiting) on what that says.

Both are fits of `solvers.calibration`: coefficients with physical priors, effects of labels that rows share, noise by
Student's t, tails from groups left out. Copies of one measurement count once, and rows with several readings not at
all. Steps were fitted to operators before: of the spread that step cost's own bounds allow, TRUST is left here.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from solvers.calibration.covariance import Floats, Ints, Rows, Scales
from solvers.calibration.fit import Evidence, Fitted, fit
from solvers.calibration.process import condition
from solvers.calibration.scales import Belief
from solvers.calibration.spread import spread_evenly
from solvers.calibration.tails import Bools, Tails
from solvers.serving.evidence import linear
from solvers.serving.evidence.closed_loop import Frozen, Table, recorded, sums_of
from solvers.serving.evidence.features import COLUMNS, EFFECTS, SHARED, Described, described, smooth
from solvers.serving.evidence.rows import Question

LEVEL = 0.8
MOST_FOR_SCALES, MOST_TO_LEARN = 250, 700
FEWEST_IN_CLASS = 12
# Before any measurement: effects of 5 % on a token and 15 % on the first, noise of 3 % and 8 %.
EFFECT, NOISE, SPREAD = (0.05, 0.15), (0.03, 0.08), 0.8
# Less of the spread of waiting: some of its rows are many times off (queues, warming up) and drag coefficients along.
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

    `sure` rows have one reading, or several that agree whether tokens are drafted.
    """

    questions: tuple[Question, ...]
    table: Table
    described: Described
    frozen: Frozen
    token: tuple[Floats, Floats]
    first: tuple[Floats, Floats]
    sure: Bools
    log_tpot: Floats
    log_ttft: Floats


def material_of(questions: Sequence[Question], table: Table) -> Material:
    """Loops recorded and linearised at the priors."""
    z_token, z_first = np.zeros(len(linear.TPOT)), np.zeros(len(linear.TTFT))
    frozen = recorded(table, linear.cost_at(z_token), linear.waiting_at(z_token, z_first))
    sums = sums_of(frozen, linear.cost_at(z_token))
    return Material(
        questions=tuple(questions),
        table=table,
        described=described(table.loads),
        frozen=frozen,
        token=linear.token_slopes(frozen, z_token),
        first=linear.first_slopes(frozen, sums, z_token, z_first),
        sure=np.array([len({reading.drafts > 0 for reading in question.readings}) == 1 for question in questions]),
        log_tpot=np.log([question.tpot_s for question in questions]),
        log_ttft=np.log([max(question.ttft_s, LEAST_SECONDS) for question in questions]),
    )


def belief(noise_classes: int, output: int) -> Belief:
    """Priors of the covariance's scales."""
    effects, noise, nothing = np.ones(len(SHARED[output])), np.ones(noise_classes), np.zeros(0)
    mean = Scales(effects * np.log(EFFECT[output]), nothing, nothing, noise * np.log(NOISE[output]))
    return Belief(mean, Scales(SPREAD * effects, nothing, nothing, SPREAD * noise))


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
    own = distinct(material.questions, index[material.sure[index]])
    own = own[spread_evenly(_strata(material.described.take(own)), most=MOST_TO_LEARN)]
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
                groups=part.groups,
                jobs=part.labels[:, -1],
                kinds=part.kinds,
                noise_class=classes_of(part.families, families),
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
    if output == TOKEN:
        return lambda z: (linear.token_at(material.frozen, TRUST[TOKEN] * z)[index], slopes)
    sums = sums_of(material.frozen, linear.cost_at(TRUST[TOKEN] * z_token))

    def first(z: Floats) -> tuple[Floats, Floats]:
        waiting = linear.waiting_at(TRUST[TOKEN] * z_token, TRUST[FIRST] * z)
        return linear.first_at(material.frozen, sums, waiting)[index], slopes

    return first


def predicted(posterior: Learned, material: Material, index: Ints, output: int) -> Ends:
    """Distributions of log seconds of the rows at `index`."""
    part = material.described.take(index)
    fitted = (posterior.token, posterior.first)[output]
    log_model, slopes = model_at(material, index, output, posterior.token.z)(fitted.z)
    labels = shared_labels(part.labels, output)
    rows = Rows(slopes=slopes, features=part.features, labels=labels, weights=part.weights)
    noise = np.exp(fitted.process.scales.noise)[classes_of(part.families, posterior.families)]
    found = fitted.predict(rows, log_model, noise=noise, kinds=part.kinds)
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
