"""The guess that any model has to beat: a roofline of the mean step times one constant.

    t = max( (weights + n context) / B,  2 P n (1 + I / O) / F )     on one GPU, n sequences, P active parameters
Weights are those that n tokens meet: all of a dense model, of a mixture what n times its active parameters cover.
"""

import numpy as np

from solvers.calibration.covariance import Floats, Ints
from solvers.cost.serving.job import WEIGHT_BYTES, ServingJob, peak_of
from solvers.cost.serving.memory import token_bytes
from solvers.serving.evidence.rows import Question


def rooflines(questions: tuple[Question, ...]) -> Floats:
    """Seconds of a token of each question [n] by the roofline."""
    return np.array([_roofline(question) for question in questions])


def guesses(roofline: Floats, measured: Floats, train: Ints, test: Ints) -> Floats:
    """Seconds of the rows at `test`: roofline times the median of measured over roofline at `train`, or at `test`."""
    known = train if len(train) else test
    constant = float(np.median(measured[known] / roofline[known])) if len(known) else 1.0
    found: Floats = constant * roofline[test]
    return found


def _roofline(question: Question) -> float:
    side = question.readings[0].serve
    layout, gpu, model = side.layout, question.node.gpu, question.model
    job = ServingJob(
        model=model, node=question.node, layout=layout, numerics=question.numerics, software=question.software
    )
    sequences = question.clients / (side.workers * layout.dp)
    stored = WEIGHT_BYTES[question.numerics.expert_weights]
    met = min(float(model.parameters), float(model.active_parameters) * sequences * layout.dp)
    read = met * stored / layout.gpus
    read += sequences * (question.input_tokens + question.output_tokens / 2.0) * token_bytes(job)
    new = sequences * layout.dp
    if not question.disaggregated:
        new *= 1.0 + question.input_tokens / question.output_tokens
    peak = peak_of(gpu, question.numerics.expert_weights)
    compute = 2.0 * model.active_parameters * new / layout.gpus / peak
    return max(read / gpu.memory_bytes_per_s, compute)
