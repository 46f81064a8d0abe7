"""Runs that were made, as a spec carries them: the text of an export, and what its names do not say."""

from functools import cached_property

from pydantic import Field, model_validator

from solvers.base import ADVANCED, Part
from solvers.documents import MAX_TEXT
from solvers.errors import Problem, SpecError
from solvers.laws.units import COUNTS, LOSS_UNITS
from solvers.scaling.runs.names import FIELDS
from solvers.scaling.runs.read import Imported, read
from solvers.tables import check_text

HOW_USABLE = "Check the column of the loss: losses are numbers above 0. Or leave `runs` out to plan a first ladder."


class GivenRuns(Part):
    """Runs that were made, as CSV, JSON lines, or an export of W&B or MLflow."""

    csv: str | None = Field(
        default=None,
        max_length=MAX_TEXT,
        title="Runs",
        description="CSV with a header, JSON lines, or an export of W&B or MLflow: parameters, tokens and loss of each"
        " run, and what else was logged.",
        json_schema_extra={"x-upload": "text"},
    )
    file: str | None = Field(
        default=None,
        title="File",
        description="The path of such a file; the command line puts its content here.",
        json_schema_extra=ADVANCED,
    )
    columns: dict[str, str] = Field(
        default={},
        max_length=40,
        title="Columns",
        description="Which column says what, where names do not tell: params, tokens, loss, recipe and others.",
        examples=[{"params": "N", "tokens": "D", "loss": "final_loss"}],
        json_schema_extra={"x-columns": list(FIELDS)},
    )
    counts: str | None = Field(
        default=None,
        title="N counts",
        description="What the parameters count, where the table does not say.",
        examples=["non-embedding"],
        json_schema_extra={"enum": [*COUNTS, None]},
    )
    loss_unit: str | None = Field(
        default=None,
        title="Unit of loss",
        description="Of the losses, where the table does not say.",
        examples=["nats/token"],
        json_schema_extra={"enum": [*LOSS_UNITS, None]},
    )

    @model_validator(mode="after")
    def _readable(self) -> "GivenRuns":
        check_text(self.csv, self.file, what="Runs")
        try:
            imported = self.imported
        except SpecError as error:
            raise type(error)(*(Problem(p.code, p.message, _at(p.at), p.hint) for p in error.problems)) from None
        if not len(imported.usable):
            message = "No run has come to its end with a loss: nothing can be foretold from these."
            raise SpecError(Problem("no_usable_runs", message, "/csv", HOW_USABLE))
        return self

    @cached_property
    def imported(self) -> Imported:
        """The runs as they were read."""
        return read(self.csv or "", columns=self.columns, counts=self.counts, loss_unit=self.loss_unit)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is guessed, assumed or left out of them, at the fields of a spec."""
        return tuple(Problem(p.code, p.message, f"/runs{p.at}", p.hint) for p in self.imported.warnings)


def _at(at: str) -> str:
    """The field of the spec that a problem of the import is about."""
    return at if at in ("/columns", "/counts", "/loss_unit") else "/csv"
