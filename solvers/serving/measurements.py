"""Points that somebody measured on one replica of their own, and what is wrong with those that cannot be.

A token is out after a stage's GPUs have read the weights that it runs through at least once, stage after stage:
    TPOT >= (active parameters - embedding) x bytes of a weight / (tp x dp x memory bytes a second)
"""

from collections.abc import Sequence

from pydantic import Field

from solvers.base import Part, Positive, Whole
from solvers.catalogue import Model, Node, parameters
from solvers.cost.serving.job import WEIGHT_BYTES, Layout, Limits, Numerics, ServingJob, Software
from solvers.cost.serving.memory import BLOCK_TOKENS, memory_of
from solvers.errors import Problem
from solvers.serving.engine import EngineChoice, Numbers, lacking, numerics_of
from solvers.units import Seconds, show_named

MOST_POINTS = 20
# What a closed loop of the point is simulated for in about a second.
MOST_CLIENTS, MOST_INPUT, MOST_OUTPUT, MOST_TOKENS = 1024, 131_072, 4096, 1 << 23


class Measurement(Part):
    """One closed-loop point: so many clients, each sends its next request when its last is answered."""

    tp: Positive = Field(default=1, le=1024, title="TP", description="Tensor-parallel GPUs.", examples=[2])
    pp: Positive = Field(default=1, le=1024, title="PP", description="Pipeline stages.")
    dp: Positive = Field(default=1, le=1024, title="DP", description="Ranks of data-parallel attention.")
    ep: Positive = Field(default=1, le=1024, title="EP", description="Groups of experts.")
    concurrency: Positive = Field(le=MOST_CLIENTS, title="Clients", description="Requests at once.", examples=[32])
    input: Positive = Field(le=MOST_INPUT, title="Input", description="Tokens of each prompt.", examples=[1024])
    output: Whole = Field(ge=2, le=MOST_OUTPUT, title="Output", description="Tokens of each answer.", examples=[256])
    tpot: Seconds = Field(title="TPOT", description="Mean time of a token after the first.", examples=["9.4 ms"])
    precision: Numbers | None = Field(default=None, title="Precision", description="Otherwise that of the question.")
    version: str = Field(
        default="", max_length=40, title="Version", description="Of the engine; otherwise that of the question."
    )

    @property
    def layout(self) -> Layout:
        """The replica in the kernel's words."""
        return Layout(tp=self.tp, pp=self.pp, dp=self.dp, ep=self.ep)

    def numerics(self, model: Model, asked: Numbers) -> Numerics:
        """How it was stored, as the question asks where the point does not say."""
        numbers = self.precision or asked
        return numerics_of(model, numbers.weights, numbers.kv)


def least_tpot_s(point: Measurement, model: Model, node: Node, numerics: Numerics) -> float:
    """Seconds below which no engine gives a token without drafting: see above."""
    read = (model.active_parameters - parameters.embedding(model)) * WEIGHT_BYTES[numerics.expert_weights]
    return float(read / (point.tp * point.dp * node.gpu.memory_bytes_per_s))


def problems_of_points(
    points: Sequence[Measurement], *, model: Model, node: Node, engine: EngineChoice, numbers: Numbers, gpus: int
) -> list[Problem]:
    """What is wrong with them, each at its field."""
    found = []
    for place, point in enumerate(points):
        at = f"/measurements/{place}"
        wrong = _layout(point, model, at, gpus=gpus) or lacking(node.gpu, point.precision or numbers, f"{at}/precision")
        found += wrong or _physics(point, model, node, engine, point.numerics(model, numbers), at)
    return found


def _layout(point: Measurement, model: Model, at: str, *, gpus: int) -> list[Problem]:
    """A cut that the model or the hardware does not have."""
    moe, ranks, found = model.moe, point.tp * point.dp, []
    if model.heads % point.tp:
        found.append(("tp", f"{point.tp} does not divide {model.heads} heads."))
    if point.pp > model.layers:
        found.append(("pp", f"{point.pp} stages of {model.layers} layers."))
    if point.dp > 1 and moe is None:
        found.append(("dp", "Ranks of attention are for mixtures of experts; give the point of one replica."))
    if point.ep > 1 and (moe is None or moe.experts % point.ep or ranks % point.ep):
        message = (
            f"{point.ep} does not divide {moe.experts} experts and {ranks} GPUs." if moe else "There are no experts."
        )
        found.append(("ep", message))
    if not found and point.layout.gpus > gpus:
        found.append(("tp", f"The replica has {point.layout.gpus} GPUs; the hardware has {gpus}."))
    return [
        Problem("no_layout", message, f"{at}/{name}", "Give the layout that was measured.") for name, message in found
    ]


def _physics(
    point: Measurement, model: Model, node: Node, engine: EngineChoice, numerics: Numerics, at: str
) -> list[Problem]:
    """What does not fit in memory, and a token that is out before its weights are read."""
    length = point.input + point.output
    if point.concurrency * length > MOST_TOKENS:
        message = f"{point.concurrency} clients with {length:,} tokens each; {MOST_TOKENS:,} together are the most."
        return [Problem("too_large", message, f"{at}/concurrency", "Give points with fewer clients.")]
    job = ServingJob(
        model=model, node=node, layout=point.layout, numerics=numerics,
        software=Software(engine.name, point.version or engine.version), limits=Limits(max_model_len=length),
    )  # fmt: skip
    if memory_of(job, context=float(length)).blocks * BLOCK_TOKENS < length + BLOCK_TOKENS:
        message = (
            f"{numerics.weights} weights and one request of {length:,} tokens do not fit on {point.layout.gpus} GPUs."
        )
        return [Problem("no_layout", message, f"{at}/tp", "Give the layout and the precision that were measured.")]
    least = least_tpot_s(point, model, node, numerics)
    if point.tpot < least:
        message = (
            f"{show_named('x_s', point.tpot)} is below {show_named('x_s', least)}, in which the GPUs read"
            f" the {numerics.expert_weights} weights once."
        )
        return [Problem("below_bound", message, f"{at}/tpot", "Give seconds or `9.4 ms`, of steps without drafts.")]
    return []
