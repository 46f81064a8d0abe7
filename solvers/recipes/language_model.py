"""A small language model, trained on text that ships with the nodes: a rung of a ladder, with its curve of losses.

Losses are in nats a byte: every byte is a token.
"""

from collections.abc import Mapping
from math import cos, pi
from typing import Any, Literal

from pydantic import Field, model_validator

from solvers.base import Part, Positive, Whole
from solvers.errors import Problem, SpecError
from solvers.recipes import training_step
from solvers.recipes.machine import Work
from solvers.recipes.model import Model
from solvers.recipes.recipe import Key, Params, Recipe
from solvers.recipes.result import Row

BYTES = 256
MOST_POINTS = 200


class LanguageModelParams(Params):
    model: Model = Field(default=Model(tied_embeddings=True), title="Model", description="Of 256 tokens: bytes.")
    sequence_length: Positive = Field(default=64, ge=2, le=8192, title="Sequence length")
    batch: Positive = Field(default=8, le=4096, title="Sequences in a batch")
    steps: Whole = Field(default=40, ge=3, le=100_000, title="Steps")
    learning_rate: float = Field(default=3e-3, gt=0, le=1, title="Learning rate", description="At its highest.")
    warmup_steps: Whole = Field(default=5, ge=0, le=10_000, title="Steps to warm up", description="A straight line.")
    schedule: Literal["constant", "cosine", "linear"] = Field(
        default="cosine", title="Schedule", description="From the highest rate, over the steps that are left."
    )
    final_share: float = Field(default=0.1, ge=0, le=1, title="Rate at the end", description="Of the highest.")
    weight_decay: float = Field(default=0.1, ge=0, le=10, title="Weight decay")
    precision: Literal["fp32", "bf16"] = Field(default="fp32", title="Precision", description="Of products.")
    points: Positive = Field(default=20, le=MOST_POINTS, title="Points of the curve")
    seed: Whole = Field(default=0, ge=0, lt=2**31, title="Seed", description="Of the order of the text.")

    @model_validator(mode="after")
    def _bytes(self) -> "LanguageModelParams":
        if self.model.vocabulary != BYTES:
            said = f"Each byte is a token: a vocabulary of {BYTES}."
            raise SpecError(Problem("vocabulary", said, "/model/vocabulary"))
        return self

    def samples(self) -> tuple[int, int]:
        """Every step is timed."""
        return 0, self.steps

    @property
    def tokens(self) -> int:
        """Tokens of a step."""
        return self.batch * self.sequence_length

    def rate(self, step: int) -> float:
        """The learning rate of the `step`-th step, from 0 on."""
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        done = (step - self.warmup_steps) / max(self.steps - self.warmup_steps, 1)
        return self.learning_rate * (self.final_share + (1.0 - self.final_share) * _left(self.schedule, done))


def _left(schedule: str, done: float) -> float:
    """What is left of the way from the highest to the last rate."""
    return {"constant": 1.0, "cosine": 0.5 + 0.5 * cos(pi * done), "linear": 1.0 - done}[schedule]


class Point(Part):
    """The mean training loss of the steps since the point before, and the tokens seen."""

    step: Positive
    tokens: Positive
    loss: float = Field(ge=0, le=1e4)


class LanguageModelRow(Row):
    """`passes` are tokens seen over tokens there are: beyond one, text is seen again."""

    curve: tuple[Point, ...] = Field(min_length=1, max_length=MOST_POINTS + 1)
    held_out_loss: float = Field(ge=0, le=1e4)
    held_out_tokens: Positive
    passes: float = Field(gt=0, le=1e6)


def _keys(params: LanguageModelParams) -> tuple[Key, ...]:
    return ({"steps": params.steps, "parameters": params.model.parameters(params.model.layers)},)


def _step(params: LanguageModelParams) -> training_step.TrainingStepParams:
    return training_step.TrainingStepParams(
        model=params.model,
        sequence_length=params.sequence_length,
        micro_batch=params.batch,
        precision=params.precision,
    )


def _work(params: LanguageModelParams, _: Key) -> Work:
    """One step."""
    return training_step.RECIPE.work(_step(params), {"layers": params.model.layers})


def _amounts(params: LanguageModelParams, _: Key) -> Mapping[str, Any]:
    return {"tokens_per_s": params.tokens, "flops_per_s": _work(params, _).flops}


RECIPE = Recipe(
    name="language_model",
    version=1,
    title="Small language model",
    summary="A decoder trained on bytes of a public-domain text: losses on the way, loss on held-out text, tokens/s.",
    params=LanguageModelParams,
    keys=_keys,
    work=_work,
    row=LanguageModelRow,
    amounts=_amounts,
)
