"""What may be asked of the tuning beside the size: a batch that is given, and a learning rate that muP carries over."""

from pydantic import Field

from solvers.base import Part, Positive


class MuTransfer(Part):
    """A narrow model, tuned under muP."""

    width: Positive = Field(title="Tuned width", description="Hidden size of the model that was tuned.", le=1_000_000)
    learning_rate: float = Field(
        gt=0.0, lt=1.0, title="Tuned learning rate", description="Its best peak learning rate, before multipliers."
    )


class Asked(Part):
    """How the learning rate and the batch are chosen."""

    batch_sequences: Positive | None = Field(
        default=None,
        le=10_000_000,
        title="Batch",
        description="Sequences of a batch, where that is given; the learning rate is then the best at it.",
        json_schema_extra={"x-unit": "sequences"},
    )
    mup: MuTransfer | None = Field(
        default=None, title="muP", description="Carry a tuned learning rate from a narrow model to the wide ones."
    )
