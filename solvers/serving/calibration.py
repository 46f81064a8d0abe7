"""The calibration that a serving plan uses: what closed-loop measurements teach, the priors alone, or an own one.

`data/posterior.json` holds coefficients, effects of labels and scales, no measured row.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np

from solvers.calibration.covariance import Floats, Ints, codes
from solvers.calibration.shipped import Calibration, Published
from solvers.calibration.tails import Tails
from solvers.cost.serving.coefficients import DEFAULT, Coefficients
from solvers.cost.serving.job import ServingJob
from solvers.serving.evidence import linear
from solvers.serving.evidence.features import SHARED, basis_of, job_texts
from solvers.serving.evidence.posterior import FIRST, TOKEN, TRUST, Ends, Material, classes_of, model_at, shared_labels
from solvers.serving.evidence.waiting import Waiting
from solvers.serving.own.document import Chosen, ServingOwn
from solvers.serving.own.posterior import Belief, State, state_of

OUTPUTS = ("token", "first")


PUBLISHED = Published("solvers.serving")
text, document, digest = PUBLISHED.text, PUBLISHED.document, PUBLISHED.digest
# Own calibrations whose states are kept at hand.
KEPT = 8


def name_of(calibration: Chosen) -> str:
    """What a result says about the calibration it used."""
    return calibration.title if isinstance(calibration, ServingOwn) else PUBLISHED.name_of(calibration)


def data_of(calibration: Chosen) -> dict[str, str]:
    """What a result rests on, by SHA-256: files, and the own calibration's document."""
    if isinstance(calibration, ServingOwn):
        return {**PUBLISHED.data_of("published"), "calibration": calibration.digest}
    return PUBLISHED.data_of(calibration)


def learned_from(engine: str, gpu: str) -> bool:
    """Whether any published measurement that the file has learned from is of this engine on this GPU."""
    start = f"{engine} {gpu} "
    return any(label.startswith(start) for effect in document()[OUTPUTS[0]]["effects"].values() for label in effect)


Known = tuple[Floats, Floats]


@dataclass(frozen=True)
class Output:
    """What is known of TPOT or of TTFT: z with its covariance, effects by label, their sizes, noise, tails.

    A level of an effect has numbers over the basis: their mean [b] and covariance [b, b]; `sizes` [e, b] are the
    deviations of a level that nobody measured.
    """

    z: Floats
    covariance: Floats
    effects: tuple[dict[int, Known], ...]
    sizes: Floats
    noise: Floats
    families: tuple[str, ...]
    tails: Tails

    def level(self, effect: int, label: int) -> Known:
        """What is known of a level's numbers."""
        known = self.effects[effect].get(label)
        return known or (np.zeros(self.sizes.shape[1]), np.diag(self.sizes[effect] ** 2))

    def of_labels(self, labels: Ints, basis: Floats) -> tuple[Floats, Floats]:
        """Mean and variance that effects add to rows with these labels [n, e] and loads [n, b]."""
        mean, variance = np.zeros(len(labels)), np.zeros(len(labels))
        for place, (row, of_row) in enumerate(zip(basis, labels, strict=True)):
            for effect, label in enumerate(of_row):
                numbers, left = self.level(effect, int(label))
                mean[place] += row @ numbers
                variance[place] += max(float(row @ left @ row), 0.0)
        return mean, variance


@dataclass(frozen=True)
class Shipped:
    """Both outputs."""

    token: Output
    first: Output

    def ends(self, material: Material, index: Ints, output: int) -> Ends:
        """Log seconds of the rows at `index`, with intervals."""
        known = (self.token, self.first)[output]
        log_model, slopes = model_at(material, index, output, self.token.z)(known.z)
        part = material.described.take(index)
        mean, variance = known.of_labels(shared_labels(part.labels, output), part.basis)
        variance = variance + np.einsum("ni,ij,nj->n", slopes, known.covariance, slopes)
        before = (slopes**2).sum(axis=1) + part.basis**2 @ (known.sizes**2).sum(axis=0)
        noise = known.noise[classes_of(part.families, known.families)]
        novelty = np.sqrt(np.minimum(variance / before, 1.0))
        deviation = np.sqrt(variance + noise**2 + material.vague[output][index])
        low, high = known.tails.ends(novelty, part.kinds).T
        centre = log_model + mean
        return Ends(centre, centre + low * deviation, centre + high * deviation)


def shipped(calibration: Chosen) -> Shipped:
    """What is known of closed loops: of an engine an own calibration says what the published one does."""
    return _shipped("published" if isinstance(calibration, ServingOwn) else calibration)


@cache
def _shipped(calibration: Calibration) -> Shipped:
    whole = document()
    blank = calibration == "prior"
    return Shipped(*(_output(whole, output, blank=blank) for output in (TOKEN, FIRST)))


def _output(whole: dict[str, Any], output: int, *, blank: bool) -> Output:
    part = whole[OUTPUTS[output]]
    count = len(part["coefficients"])
    known = [{} if blank else part["effects"][name] for name in SHARED[output]]
    return Output(
        z=np.zeros(count) if blank else np.array(list(part["coefficients"].values())),
        covariance=np.eye(count) if blank else np.array(part["covariance"]),
        effects=tuple({int(codes([name])[0]): _level(one) for name, one in effects.items()} for effects in known),
        sizes=np.array([part["sizes"][name] for name in SHARED[output]]),
        noise=np.array(part["noise"]),
        families=tuple(whole["families"]),
        tails=Tails(near=_ends(part, "near"), far=_ends(part, "far"), novelty=_ends(part, "novelty")),
    )


def _level(one: dict[str, list[float]]) -> Known:
    mean = np.array(one["mean"])
    covariance = np.zeros((len(mean), len(mean)))
    covariance[np.tril_indices(len(mean))] = one["covariance"]
    return mean, covariance + np.tril(covariance, -1).T


def _ends(part: dict[str, Any], name: str) -> tuple[tuple[float, float], ...]:
    return tuple((float(low), float(high)) for low, high in part["tails"][name])


@lru_cache(maxsize=KEPT)
def state(calibration: ServingOwn) -> State:
    """What an own calibration says of steps on its device."""
    return state_of(calibration, belief("published"))


def coefficients(calibration: Chosen) -> Coefficients:
    """The coefficients of step cost."""
    if isinstance(calibration, ServingOwn):
        return state(calibration).of_plans(state(calibration).mean)
    if calibration == "prior":
        return DEFAULT
    return linear.cost_at(TRUST[TOKEN] * shipped(calibration).token.z)


def waiting(calibration: Chosen) -> Waiting:
    """The coefficients of waiting, drafting and transfer."""
    known = shipped(calibration)
    return linear.waiting_at(TRUST[TOKEN] * known.token.z, TRUST[FIRST] * known.first.z)


def draws(calibration: Chosen, *, count: int, seed: int) -> list[Coefficients]:
    """`count` vectors of coefficients of step cost from what is known of them; the same for the same seed."""
    if isinstance(calibration, ServingOwn):
        own = state(calibration)
        return [own.of_plans(x) for x in _drawn(own.mean, own.covariance, count=count, seed=seed)]
    known = shipped(calibration).token
    return [linear.cost_at(TRUST[TOKEN] * z) for z in _drawn(known.z, known.covariance, count=count, seed=seed)]


def _drawn(mean: Floats, covariance: Floats, *, count: int, seed: int) -> Floats:
    """Points [count, d] of a normal distribution; the same for the same seed."""
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    normal = np.random.default_rng(seed).standard_normal((count, len(mean)))
    points: Floats = np.array([mean + root @ one for one in normal])
    return points


def belief(calibration: Calibration) -> Belief:
    """What is known of the coefficients of a step before an own calibration."""
    known = shipped(calibration).token
    apart, alone = (float(known.sizes[SHARED[TOKEN].index(name), 0]) for name in ("series", "group"))
    return Belief(known.z, known.covariance, apart=apart, alone=alone)


def step_factor(
    job: ServingJob, calibration: Chosen, *, load: Floats, disaggregated: bool, drafts: int
) -> tuple[float, float]:
    """Mean and standard deviation of the logarithm of a step's seconds over what step cost says of `job`.

    One number for a plan, at its `load` [1, 3] (see `features.load_of`): its GPUs, engine, numbers and model are wrong
    together. What coefficients leave open (see `draws`) is not in it.
    """
    known = shipped(calibration).token
    texts = job_texts(job, disaggregated=disaggregated, drafts=drafts)
    labels = np.array([[int(codes([one])[0]) for one in texts]])
    mean, variance = known.of_labels(shared_labels(labels, TOKEN), basis_of(load))
    return float(mean[0]), float(np.sqrt(variance[0]))
