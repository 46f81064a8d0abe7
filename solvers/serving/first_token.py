"""What a first token waits for beside the steps that are simulated, and what calibration leaves open of its time.

    ttft = simulated + fixed + token x input + steps x pace
fixed   the front end; launches of a prompt's kernels, layer by layer, or, where those are apart, from prefill to decode
steps   that go by before the engine sees the request, or, where prefill is apart, until its first token is seen
pace    seconds of a step of the trial, from its median time of an output token
The coefficients are those of closed loops (`evidence.waiting`), fitted to times of first tokens. Settings that only
some recipes have (looks for requests once in many steps, ranks that wait for each other) are not in it, as our exports
do not set them.

The interval is the posterior's: the spread of those coefficients, and effects of the model, of its engine, GPU and
numbers, and of the layout. The value is not moved by these effects: they hold the queues of closed loops too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from solvers.calibration.covariance import Floats, Ints, codes
from solvers.cost.serving.job import ServingJob
from solvers.serving.calibration import shipped
from solvers.serving.evidence import linear
from solvers.serving.evidence.features import basis_of, job_texts
from solvers.serving.evidence.posterior import FIRST, TOKEN, TRUST, shared_labels
from solvers.serving.evidence.waiting import Waiting, layer_seconds, missed_steps
from solvers.serving.own.document import Chosen


@dataclass(frozen=True)
class Waits:
    """Seconds for each request, for each token of its prompt, and steps at the replica's pace."""

    fixed_s: float = 0.0
    token_s: float = 0.0
    steps: float = 0.0

    def of(self, inputs: Floats | Ints | float, pace_s: Floats | float) -> Floats:
        """Seconds that prompts of `inputs` tokens wait where a step takes `pace_s`."""
        return np.asarray(self.fixed_s + self.token_s * np.asarray(inputs) + self.steps * np.asarray(pace_s))


NOTHING = Waits()


def waits_of(known: Waiting, *, engine: str, layers: int, apart: bool) -> Waits:
    """What a first token waits for in an engine; `apart` where prefill and decode have GPUs of their own."""
    if not apart:
        fixed = known.frontend_s + layers * layer_seconds(known, engine)
        return Waits(fixed, known.frontend_token_s, missed_steps(known, engine))
    # What goes by before a prefill replica sees a request are steps of other prompts, which are simulated; its launches
    # are among the steps of the hand-over, as they were when those were fitted.
    return Waits(known.frontend_s + known.transfer_s, known.frontend_token_s, known.handed)


def drawn_waiting(calibration: Chosen, *, count: int, seed: int) -> list[Waiting]:
    """`count` draws of the coefficients from what is known of them; the same for the same seed."""
    known = shipped(calibration)
    values, vectors = np.linalg.eigh(known.first.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    normal = np.random.default_rng(seed).standard_normal((count, len(known.first.z)))
    token = TRUST[TOKEN] * known.token.z
    return [linear.waiting_at(token, TRUST[FIRST] * (known.first.z + root @ one)) for one in normal]


def effect(
    job: ServingJob, calibration: Chosen, *, load: Floats, disaggregated: bool, drafts: int
) -> tuple[float, float]:
    """Mean and standard deviation of the logarithm of a measured time to first token over the model's, for a job.

    `load` [1, 3] is that of `features.load_of`.
    """
    known = shipped(calibration).first
    texts = job_texts(job, disaggregated=disaggregated, drafts=drafts)
    mean, variance = known.of_labels(shared_labels(np.array([codes(texts)]), FIRST), basis_of(load))
    return float(mean[0]), float(np.sqrt(variance[0]))


def factors(
    ttft_s: float, added_s: float, drawn_s: Sequence[float], *, mean: float, deviation: float, level: float
) -> tuple[float, float]:
    """The ends of the interval of a time to first token over its value `ttft_s`, of which `added_s` are waits.

    `drawn_s` are the waits with drawn coefficients; `mean` and `deviation` are those of `effect`.
    """
    normal = np.random.default_rng(len(drawn_s)).standard_normal(len(drawn_s))
    drawn = (ttft_s - added_s + np.array(drawn_s)) / ttft_s * np.exp(mean + deviation * normal)
    low, high = np.quantile(drawn, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return min(float(low), 1.0), max(float(high), 1.0)


def pace_s(tpot_s: Floats, outputs: Ints, *, tokens_a_step: float) -> float:
    """Seconds of a step, from the times of an output token [n] of answers of so many tokens [n]; 0 if none has two."""
    several = tpot_s[outputs > 1]
    return tokens_a_step * float(np.median(several)) if len(several) else 0.0
