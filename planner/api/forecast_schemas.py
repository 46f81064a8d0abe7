"""What goes into the register of forecasts and what comes out of it, as ninja checks and OpenAPI describes it."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from planner.api.schemas import Asked
from planner.models import Forecast, Outcome
from planner.services import forecasts
from solvers.documents import Document
from solvers.forecasts.calibration import Calibration
from solvers.units import LIMIT

Size = Annotated[float, Field(gt=0, lt=LIMIT, allow_inf_nan=False)]


class ForecastAsked(Asked):
    """The answer of a run is to be frozen."""

    run: UUID = Field(description="A solved run of a kind that forecasts a loss.")
    name: str = Field("", max_length=forecasts.NAME, description="The run's own name if left out.")
    note: str = Field("", max_length=forecasts.NOTE)


class OutcomeAsked(Asked):
    """What was measured."""

    loss: Size = Field(description="In the forecast's own unit, `document.target.loss_unit`.")
    params: Size | None = Field(None, description="Of the run that was made, counted as the forecast counts them.")
    tokens: Size | None = Field(None, description="That the run was trained on.")
    measured_at: AwareDatetime | None = Field(None, description="With its time zone; now if left out.")
    note: str = Field("", max_length=forecasts.NOTE)
    reason: str = Field("", max_length=forecasts.REASON, description="Why it corrects the outcome before it.")


class Interval(BaseModel):
    """A number with its interval."""

    value: float
    low: float
    high: float


class ScoreOut(BaseModel):
    """How the forecast did; smaller scores are better. `relative_error` is (forecast - measured) / measured."""

    model_config = ConfigDict(extra="forbid")

    inside: bool
    relative_error: float
    interval_score: float = Field(description="Of the logarithm of the loss.")
    weighted_interval_score: float = Field(description="Of the logarithm of the loss; it approximates the CRPS.")
    pit: float = Field(description="The share of the forecast that lies below what was measured.")
    params_off: float | None
    tokens_off: float | None
    apart: Literal["", "other_size", "before_frozen"] = Field(description="Why it does not count in the calibration.")


class OutcomeOut(BaseModel):
    """One recorded outcome; those after the first correct it."""

    number: int
    loss: float
    params: float | None
    tokens: float | None
    measured_at: datetime
    note: str
    reason: str
    recorded_at: datetime
    recorded_by: str
    score: ScoreOut


class ForecastLine(BaseModel):
    """A forecast as lists show it."""

    id: UUID
    project: str
    run: UUID
    name: str
    frozen_at: str = Field(description="As the digest covers it: UTC, to the microsecond.")
    frozen_by: str
    digest: str = Field(description="SHA-256 of what `links.statement` gives.")
    target: Document
    loss: Interval
    level: float
    outcome: OutcomeOut | None = Field(description="The one that counts: the last that was recorded.")
    links: dict[str, str]


class ForecastOut(ForecastLine):
    """A forecast with its frozen document and all that was recorded of it."""

    note: str
    document: Document
    outcomes: list[OutcomeOut]


class ForecastPage(BaseModel):
    """One page of forecasts; `next_cursor` is empty on the last."""

    items: list[ForecastLine]
    next_cursor: str


class CalibrationOut(BaseModel):
    """How well the register's forecasts hold; numbers are null where nothing counts yet."""

    frozen: int
    scored: int
    counted: int = Field(description="Scored, of the size that was forecast, and frozen before it was measured.")
    inside: int
    promised: float | None = Field(description="The mean level of the intervals that count.")
    share: Interval | None = Field(description="Inside, with Wilson's interval at 0.9.")
    error: float | None = Field(description="Mean of |forecast - measured| / measured.")
    bias: float | None
    interval_score: float | None
    verdict: Literal["none", "holds", "too_narrow", "too_wide"]


def forecast_line(forecast: Forecast) -> ForecastLine:
    """The forecast as a list shows it; what belongs to it must have been fetched with it."""
    return ForecastLine(**_line(forecast))


def forecast_out(forecast: Forecast) -> ForecastOut:
    """The forecast as its own address shows it."""
    outcomes = [outcome_out(each) for each in forecast.outcomes.all()]
    return ForecastOut(**_line(forecast), note=forecast.note, document=forecast.document, outcomes=outcomes)


def outcome_out(outcome: Outcome) -> OutcomeOut:
    """One recorded outcome."""
    return OutcomeOut(
        number=outcome.number,
        loss=outcome.loss,
        params=outcome.params,
        tokens=outcome.tokens,
        measured_at=outcome.measured_at,
        note=outcome.note,
        reason=outcome.reason,
        recorded_at=outcome.recorded_at,
        recorded_by=outcome.recorded_by.username,
        score=ScoreOut(**outcome.score),
    )


def calibration_out(found: Calibration) -> CalibrationOut:
    """The calibration as JSON."""
    share = None if found.share is None else Interval(**vars(found.share))
    return CalibrationOut(**{**vars(found), "share": share})


def _line(forecast: Forecast) -> Document:
    own, slug = f"/api/v1/forecasts/{forecast.id}", forecast.project.slug
    last = forecasts.outcome(forecast)
    return {
        "id": forecast.id,
        "project": slug,
        "run": forecast.run_id,
        "name": forecast.name,
        "frozen_at": forecasts.frozen_at(forecast),
        "frozen_by": forecast.frozen_by.username,
        "digest": forecast.digest,
        "target": forecast.document["target"],
        "loss": forecast.document["loss"],
        "level": forecast.document["level"],
        "outcome": None if last is None else outcome_out(last),
        "links": {
            "self": own,
            "statement": f"{own}/statement",
            "run": f"/api/v1/runs/{forecast.run_id}",
            "page": f"/p/{slug}/forecasts/{forecast.id}",
        },
    }
