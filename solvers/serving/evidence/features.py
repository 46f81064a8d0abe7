"""What the covariance sees of a closed-loop row: labels that rows share, and features they differ in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from solvers.calibration.covariance import Floats, Ints, Smooth, codes
from solvers.catalogue import Model
from solvers.cost.serving.job import ServingJob
from solvers.serving.evidence.closed_loop import Loads
from solvers.serving.evidence.recipes import shape_of
from solvers.serving.evidence.rows import Question

WORK, CUT, SIZE, HARDWARE = range(4)
COLUMNS: dict[str, int] = {
    "sequences of a rank": WORK,
    "input": WORK,
    "output": WORK,
    "tensor ranks": CUT,
    "attention ranks": CUT,
    "expert groups": CUT,
    "disaggregated": CUT,
    "drafts": CUT,
    "experts": SIZE,
    "latent attention": SIZE,
    "recurrent": SIZE,
    "layers": SIZE,
    "active": SIZE,
    "bits": HARDWARE,
    "peak": HARDWARE,
    "bandwidth": HARDWARE,
}
EFFECTS = (
    "engine",
    "engine and kind",
    "engine and GPU",
    "engine, GPU and numbers",
    "engine, GPU, numbers and kind",
    "way",
    "model",
    "series",
    "group",
)
# What rows of an output share, each a function of the load (see `basis_of`). With whole models left out, what engines
# and GPUs share foretold both times worse than nothing did.
SHARED: tuple[tuple[str, ...], ...] = (("model", "series", "group"), ("model", "series", "group"))
BITS = {"bf16": 16.0, "fp16": 16.0, "fp8": 8.0, "fp8_block": 8.0, "w8a8": 8.0, "w4a16": 4.0, "nvfp4": 4.0}
PEAK, BANDWIDTH, ACTIVE, LAYERS = 1e15, 3e12, 1e10, 60.0
# A load's logarithms (base 2): in the middle of published sweeps, where an effect is its level's first number; in so
# large steps; and no further out than they reach.
MIDDLE, SCALE, WIDEST = (4.0, 10.0, 10.0), 2.0, 3.5
BASIS = ("level", "sequences", "input", "output", "sequences squared", "sequences and input")
MODES = {False: "agg", True: "disagg"}


@dataclass(frozen=True)
class Described:
    """n rows: features [n, p], labels [n, e], weights [n, k], basis [n, b], groups, noise classes' names, kinds.

    Kinds have tails of their own: 1 where prefill has its own workers, else 0.
    """

    features: Floats
    labels: Ints
    weights: Floats
    basis: Floats
    groups: Ints
    families: tuple[str, ...]
    kinds: Ints

    def take(self, index: Ints) -> "Described":
        """The chosen rows."""
        return Described(
            self.features[index],
            self.labels[index],
            self.weights[index],
            self.basis[index],
            self.groups[index],
            tuple(self.families[place] for place in index),
            self.kinds[index],
        )


def smooth() -> Smooth:
    """No smooth part: of rows of unlike models it foretold less than it took away (whole models left out)."""
    return Smooth(classes=tuple(COLUMNS.values()), parts=())


def described(loads: Loads) -> Described:
    """The questions, each by the likeliest of its readings."""
    best = _likeliest(loads)
    names = names_shared(loads)
    features = np.array([_features(q, loads, place) for q, place in zip(loads.questions, best, strict=True)])
    return Described(
        features=features,
        labels=np.column_stack([codes(text[e] for text in names) for e in range(len(EFFECTS))]),
        weights=np.ones((len(names), len(smooth().parts))),
        basis=basis_of(features[:, :3]),
        groups=codes(text[EFFECTS.index("series")] for text in names),
        families=tuple(f"{text[0]} {text[EFFECTS.index('way')].split()[0]}" for text in names),
        kinds=np.array([int(question.disaggregated) for question in loads.questions], dtype=np.int64),
    )


def basis_of(load: Floats) -> Floats:
    """Functions [n, b] of sequences of a rank, input and output [n, 3] (logarithms): 1, each, and how a batch bends."""
    sequences, inputs, outputs = np.clip((load - MIDDLE) / SCALE, -WIDEST, WIDEST).T
    return np.column_stack([np.ones(len(load)), sequences, inputs, outputs, sequences**2, sequences * inputs])


def load_of(*, inputs: float, outputs: float) -> Floats:
    """Requests of these lengths as a row [1, 3] for `basis_of`, with sequences in the middle of published sweeps."""
    return np.array([[MIDDLE[0], _log(inputs), _log(outputs)]])


def names_shared(loads: Loads) -> list[tuple[str, ...]]:
    """The labels of each question, by the likeliest of its readings."""
    pairs = zip(loads.questions, _likeliest(loads), strict=True)
    return [texts_of(question, loads, place) for question, place in pairs]


def kind_of(model: Model) -> str:
    """Dense or a mixture, with latent attention or recurrent layers."""
    base = "experts" if model.moe else "dense"
    return base + (" latent" if model.mla else "") + (" recurrent" if model.linear or model.mamba else "")


def texts_of(question: Question, loads: Loads, place: int) -> tuple[str, ...]:
    """The labels of a question in the order of `EFFECTS`."""
    reading = loads.readings[place]
    job = ServingJob(
        model=question.model,
        node=question.node,
        layout=reading.serve.layout,
        numerics=question.numerics,
        software=question.software,
    )
    return job_texts(job, disaggregated=reading.prefill is not None, drafts=reading.drafts)


def job_texts(job: ServingJob, *, disaggregated: bool, drafts: int) -> tuple[str, ...]:
    """The labels of a job in the order of `EFFECTS`."""
    layout, engine, gpu = job.layout, job.software.name, job.node.gpu.name
    numbers = f"{job.numerics.weights}/{job.numerics.expert_weights}"
    mode, kind = MODES[disaggregated], kind_of(job.model)
    model = "-".join(map(str, shape_of(job.model)))
    drafted = "drafts" if drafts else "plain"
    ranks = "ranks" if layout.dp > 1 else "whole"
    series = f"{engine} {gpu} {numbers} {model}"
    return (
        engine,
        f"{engine} {kind}",
        f"{engine} {gpu}",
        f"{engine} {gpu} {numbers}",
        f"{engine} {gpu} {numbers} {kind}",
        f"{mode} {engine} {drafted} {ranks}",
        model,
        series,
        f"{series} {mode} {drafted} {layout.tp} {layout.dp} {layout.ep} {job.software.version}",
    )


def group_of(question: Question) -> str:
    """What 'three points of the group' are points of: system, engine, model, GPUs of a worker, as the table says."""
    row = question.row
    names = ("system", "backend", "precision", "mode", "tp_size", "attention_dp_size", "decode_tp_size",
             "decode_attention_dp_size", "prefill_tp_size")  # fmt: skip
    return "|".join([question.model.name, *(row.get(name, "") for name in names)])


def _likeliest(loads: Loads) -> Ints:
    found = np.zeros(len(loads.questions), dtype=np.int64)
    share = np.full(len(loads.questions), -1.0)
    for place, owner in enumerate(loads.owner):
        if loads.share[place] > share[owner]:
            found[owner], share[owner] = place, loads.share[place]
    return found


def _features(question: Question, loads: Loads, place: int) -> tuple[float, ...]:
    reading, model, gpu = loads.readings[place], question.model, question.node.gpu
    layout = reading.serve.layout
    clients = question.clients / (reading.serve.workers * layout.dp)
    return (
        _log(clients),
        _log(loads.inputs[place]),
        _log(loads.outputs[place]),
        _log(layout.tp),
        _log(layout.dp),
        _log(layout.ep),
        2.0 * loads.transferred[place],
        2.0 * float(reading.drafts > 0),
        4.0 * float(model.moe is not None),
        2.0 * float(model.mla is not None),
        2.0 * float(model.linear is not None),
        2.0 * _log(model.layers / LAYERS),
        _log(model.active_parameters / ACTIVE),
        _log(BITS[question.numerics.expert_weights]),
        2.0 * _log(gpu.peak("bf16") / PEAK),
        2.0 * _log(gpu.memory_bytes_per_s / BANDWIDTH),
    )


def _log(value: float) -> float:
    return float(np.log2(value))


def names_of(questions: Sequence[Question]) -> list[str]:
    """Dense or MoE, for the scores."""
    return ["moe" if question.model.moe else "dense" for question in questions]
