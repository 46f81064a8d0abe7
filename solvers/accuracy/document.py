"""What a kind's accuracy document holds.

Errors, shares and regrets are fractions (0.07 is 7 %) of what was measured; `None` says that there is no such figure.
The rows that it was computed from need not ship: their file's SHA-256 does.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from solvers.base import Part, Whole

Share = Annotated[float, Field(ge=0)]
Words = Annotated[str, Field(min_length=1)]


class Peer(Part):
    """The best figure of another tool on such rows; `here` is ours on the very rows that it could predict."""

    name: Words
    error: Share
    here: Share | None = None
    rows: Whole | None = None
    source: Words


class Line(Part):
    """Rows that were held out in one way, and how far what was predicted of them is off.

    `worst` is the mean error of the worst held-out part; a `part` is one of the line above it. `regret` is the loss of
    picking by prediction, mean and worst over groups.
    """

    held_out: Words
    quantity: Words
    rows: Whole
    mean: Share | None
    median: Share | None = None
    worst: Share | None = None
    baseline: Share | None = None
    peer: Peer | None = None
    regret: tuple[Share, Share] | None = None
    coverage: Share | None = None
    goal: str = ""
    part: bool = False


class Group(Part):
    """One held-out group: its mean error, and the baseline's."""

    name: Words
    rows: Whole
    error: Share
    baseline: Share
    coverage: Share | None = None


class Groups(Part):
    """The groups of one way of holding out; `axis` says what their errors are errors of."""

    held_out: Words
    axis: Words
    groups: tuple[Group, ...] = Field(min_length=1)


class Figure(Part):
    """A figure that is no error of held-out rows, as people say it, and what it stands beside."""

    what: Words
    found: Words
    goal: str = ""
    beside: str = ""


class Worst(Part):
    """A case that is far off, and how it was held out."""

    name: Words
    held_out: Words
    error: Share
    rows: Whole


class Source(Part):
    """A file that the figures were computed from; `ships` where the package has it."""

    file: Words
    rows: Whole | None
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    ships: bool
    terms: Words


class Accuracy(Part):
    """How accurate a kind is, when that was computed, by which command, from what."""

    format: Literal["isoflop-accuracy"]
    version: Literal[1]
    kind: Words
    date: date
    command: Words
    calibration: str
    headline: Words
    errors_of: Words = Field(description="What errors are errors of, in words.")
    baseline: Words = Field(description="What the guess beside the predictions is.")
    interval_level: Share | None
    lines: tuple[Line, ...] = Field(min_length=1)
    main: Whole = Field(description="Which line the headline is about.")
    groups: tuple[Groups, ...] = Field(min_length=1)
    figures: tuple[Figure, ...] = ()
    worst: tuple[Worst, ...] = Field(min_length=1)
    data: tuple[Source, ...] = Field(min_length=1)
