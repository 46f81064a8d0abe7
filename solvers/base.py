"""What every kind of plan has in common: a frozen spec, a pure solve, and an answer that is a document.

kind = Kind(name, title, summary, version, spec, solve)
solve(spec, progress) -> Solved | Infeasible
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from solvers.documents import Document
from solvers.errors import Problem, unknown

S = TypeVar("S", bound="Spec")
ADVANCED: JsonDict = {"x-advanced": True}
Tag = Annotated[str, Field(min_length=1, max_length=40)]


def _whole(value: Any) -> Any:
    """Python counts true as 1; a document does not mean that."""
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "This field wants a whole number.")
    return value


Whole = Annotated[int, BeforeValidator(_whole)]
Positive = Annotated[int, Field(ge=1), BeforeValidator(_whole)]


def known(noun: str, names: tuple[str, ...]) -> BeforeValidator:
    """Refuses a name in a list that is none of `names`, with the nearest of them."""

    def check(value: Any) -> Any:
        if isinstance(value, list | tuple):
            for index, name in enumerate(value):
                if isinstance(name, str) and name not in names:
                    raise unknown(noun, name, names, at=f"/{index}")
        return value

    return BeforeValidator(check)


class Part(BaseModel):
    """A mapping inside a spec; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


class Spec(Part):
    """The fields that every kind's spec has. Subclasses add their own."""

    kind: str = Field(title="Kind", description="Which question this spec asks.")
    version: Whole = Field(default=1, ge=1, title="Version", description="Version of the kind's vocabulary.")
    name: str = Field(default="", max_length=200, title="Name", description="What people call this plan.")
    tags: tuple[Tag, ...] = Field(default=(), max_length=20, title="Tags", description="Words to find it by.")
    seed: Whole = Field(default=0, ge=0, lt=2**31, title="Seed", description="For whatever the solver draws by chance.")


@dataclass(frozen=True)
class Estimate:
    """A predicted quantity with its interval; the level is stated once in the result."""

    value: float
    low: float
    high: float

    def scaled(self, factor: float) -> "Estimate":
        """Give the same estimate in other units, or of a proportional quantity; `factor` is positive."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)


@dataclass(frozen=True)
class Forecast:
    """The loss that a plan says will be measured, and where: what can be frozen before the run and scored after it.

    `target` holds `params`, `tokens`, `counts` (what params counts) and `loss_unit`, and whatever else the run must
    keep to; `laws` is how much each law counts in it.
    """

    target: Document
    loss: Estimate
    laws: Mapping[str, float]


@dataclass(frozen=True)
class Foretold:
    """What a measured row should take. `left_out`: it was learned from, and this is by all of a calibration but it."""

    seconds: float
    left_out: bool = False


# (own calibration or None, measurements each with its node) -> of each its rows, as foretold or why not
Foretell = Callable[[Document | None, Sequence[tuple[Document, Document]]], list[tuple[Foretold | str, ...]]]


class Progress(Protocol):
    """How a solver says where it is: counts of candidates, never elapsed time."""

    def __call__(self, *, stage: str, fraction: float, candidates: int, best: Mapping[str, Any] | None = None) -> None:
        """`stage` is a few words for people, `fraction` in 0..1, `best` the best answer so far."""


def silent(*, stage: str, fraction: float, candidates: int, best: Mapping[str, Any] | None = None) -> None:
    """The progress of a caller who does not watch."""


@dataclass(frozen=True)
class Solved:
    """A plan exists. The fields are those of the result document in the contract."""

    plan: Document
    estimates: Mapping[str, Estimate]
    alternatives: list[Document]
    frontier: list[Document]
    explanation: Document
    search: Document
    dominated: list[Document] = field(default_factory=list)
    warnings: tuple[Problem, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Infeasible:
    """No plan exists: what binds, the nearest that misses, the smallest change that would help."""

    reason: str
    binding: tuple[str, ...]
    nearest: Document | None
    smallest_change: Document | None
    search: Document
    warnings: tuple[Problem, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Export:
    """A way to carry a plan to where it runs: a result document becomes files, by name.

    `write` raises CannotExpress where the plan holds something that the format has no words for.
    """

    name: str
    title: str
    write: Callable[[Document], dict[str, str]]


@dataclass(frozen=True)
class Kind(Generic[S]):
    """One question that Isoflop answers.

    `calibration` names what the answer to a spec is calibrated on; `taught_by` is the kind whose own calibrations its
    specs take, empty for its own; `search_size` counts layouts cheaply; `exports` are the formats of this kind alone. A
    document with a value at the JSON pointer of one of `forms` is read as that spec instead. `prepare` reads what every
    solve needs, once a process. `breakdown` is what the terms of the explanation are parts of, called as an estimate
    is; `told` are parts of it that this kind alone has and that a report shows. `compared` is what of a plan stands in
    a comparison beside its simple values. `forecast` reads from a solved result what it says will be measured, None
    where it says nothing: only what is said can be frozen in the register. `noticed` is what a spec's own data show
    before anything is solved: its tables may be right and strange.
    `experiments` (spec, result, capability of a node, device-seconds) chooses the jobs on that node from which most is
    learned of the plan; `learn` (spec, measurements of one device and stack) makes an own calibration of them;
    `calibrated_by` (spec, calibration) is what the spec's field then says; `foretell` (own calibration or None for the
    published one, measurements each with its node as specs write nodes) says what each row should have taken, or in a
    sentence why nothing says so. `rests_on` (spec, result, a machine's own name of its device) is the share of a plan
    that runs on such devices, None where the spec's hardware says it.
    """

    name: str
    title: str
    summary: str
    version: int
    spec: type[S]
    solve: Callable[[S, Progress], Solved | Infeasible]
    interval_level: float = 0.8
    calibration: Callable[[S], str] = lambda _: "prior"
    taught_by: str = ""
    search_size: Callable[[S], int] | None = None
    exports: tuple[Export, ...] = ()
    forms: Mapping[str, type[Spec]] = field(default_factory=dict)
    prepare: Callable[[], object] = lambda: None
    breakdown: str = "time_s"
    told: tuple[str, ...] = ()
    compared: Callable[[Document], Document] = lambda _: {}
    forecast: Callable[[Document], Forecast | None] = lambda _: None
    noticed: Callable[[S], tuple[Problem, ...]] = lambda _: ()
    experiments: Callable[[S, Document, Document, float], Document] | None = None
    learn: Callable[[S, Sequence[Document]], Document] | None = None
    foretell: Foretell | None = None
    calibrated_by: Callable[[S, Document], Any] = lambda _, learned: learned
    rests_on: Callable[[S, Document, str], float] | None = None
