"""The calibration that a serving plan uses: what closed-loop measurements teach, or the priors alone.

`data/posterior.json` holds coefficients, effects of labels and scales, no measured row.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import numpy as np

from solvers.calibration.covariance import Floats, Ints, codes
from solvers.calibration.tails import Tails
from solvers.cost.serving.coefficients import DEFAULT, Coefficients
from solvers.cost.serving.job import ServingJob
from solvers.serving.evidence import linear
from solvers.serving.evidence.features import SHARED, job_texts
from solvers.serving.evidence.posterior import FIRST, TOKEN, TRUST, Ends, Material, classes_of, model_at, shared_labels
from solvers.serving.evidence.waiting import Waiting

NAME = "posterior.json"
OUTPUTS = ("token", "first")
Calibration = Literal["published", "prior"]


@cache
def text() -> str:
    """The file as it ships."""
    return (files("solvers.serving") / "data" / NAME).read_text("utf-8")


@cache
def document() -> dict[str, Any]:
    """The file."""
    found: dict[str, Any] = json.loads(text())
    return found


@cache
def digest() -> str:
    """SHA-256 of the file, for the provenance of a result."""
    return hashlib.sha256(text().encode()).hexdigest()


def name_of(calibration: Calibration) -> str:
    """What a result says about the calibration it used."""
    return "prior" if calibration == "prior" else f"published-{digest()[:12]}"


def data_of(calibration: Calibration) -> dict[str, str]:
    """The files that a result rests on, by SHA-256."""
    return {} if calibration == "prior" else {NAME: digest()}


def learned_from(engine: str, gpu: str) -> bool:
    """Whether any published measurement that the file has learned from is of this engine on this GPU."""
    start = f"{engine} {gpu} "
    return any(label.startswith(start) for effect in document()[OUTPUTS[0]]["effects"].values() for label in effect)


@dataclass(frozen=True)
class Output:
    """What is known of TPOT or of TTFT: z with its covariance, effects by label, their sizes, noise, tails."""

    z: Floats
    covariance: Floats
    effects: tuple[dict[int, tuple[float, float]], ...]
    sizes: Floats
    noise: Floats
    families: tuple[str, ...]
    tails: Tails

    def of_labels(self, labels: Ints) -> tuple[Floats, Floats]:
        """Mean and variance that effects add to rows with these labels [n, e]."""
        mean, variance = np.zeros(len(labels)), np.zeros(len(labels))
        for effect, known in enumerate(self.effects):
            for place, label in enumerate(labels[:, effect]):
                one = known.get(int(label), (0.0, float(self.sizes[effect])))
                mean[place] += one[0]
                variance[place] += one[1] ** 2
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
        mean, variance = known.of_labels(shared_labels(part.labels, output))
        variance = variance + np.einsum("ni,ij,nj->n", slopes, known.covariance, slopes)
        before = (slopes**2).sum(axis=1) + (known.sizes**2).sum()
        noise = known.noise[classes_of(part.families, known.families)]
        novelty = np.sqrt(np.minimum(variance / before, 1.0))
        deviation = np.sqrt(variance + noise**2)
        low, high = known.tails.ends(novelty, part.kinds).T
        centre = log_model + mean
        return Ends(centre, centre + low * deviation, centre + high * deviation)


@cache
def shipped(calibration: Calibration) -> Shipped:
    """What is known of closed loops."""
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
        effects=tuple({int(codes([name])[0]): (m, s) for name, (m, s) in effects.items()} for effects in known),
        sizes=np.array([part["sizes"][name] for name in SHARED[output]]),
        noise=np.array(part["noise"]),
        families=tuple(whole["families"]),
        tails=Tails(near=_ends(part, "near"), far=_ends(part, "far"), novelty=_ends(part, "novelty")),
    )


def _ends(part: dict[str, Any], name: str) -> tuple[tuple[float, float], ...]:
    return tuple((float(low), float(high)) for low, high in part["tails"][name])


def coefficients(calibration: Calibration) -> Coefficients:
    """The coefficients of step cost."""
    if calibration == "prior":
        return DEFAULT
    return linear.cost_at(TRUST[TOKEN] * shipped(calibration).token.z)


def waiting(calibration: Calibration) -> Waiting:
    """The coefficients of waiting, drafting and transfer."""
    known = shipped(calibration)
    return linear.waiting_at(TRUST[TOKEN] * known.token.z, TRUST[FIRST] * known.first.z)


def draws(calibration: Calibration, *, count: int, seed: int) -> list[Coefficients]:
    """`count` vectors of coefficients of step cost from what is known of them; the same for the same seed."""
    known = shipped(calibration).token
    values, vectors = np.linalg.eigh(known.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    normal = np.random.default_rng(seed).standard_normal((count, len(known.z)))
    return [linear.cost_at(TRUST[TOKEN] * (known.z + root @ one)) for one in normal]


def step_factor(job: ServingJob, calibration: Calibration, *, disaggregated: bool, drafts: int) -> tuple[float, float]:
    """Mean and standard deviation of the logarithm of a step's seconds over what step cost says of `job`.

    One number for a plan: its GPUs, engine, numbers and model are wrong together. What coefficients leave open (see
    `draws`) is not in it.
    """
    known = shipped(calibration).token
    texts = job_texts(job, disaggregated=disaggregated, drafts=drafts)
    labels = np.array([[int(codes([one])[0]) for one in texts]])
    mean, variance = known.of_labels(shared_labels(labels, TOKEN))
    return float(mean[0]), float(np.sqrt(variance[0]))
