"""Classes of requests and the replicas that could serve them, as numbers for the programme and as setups to simulate.

Symbols: s service, k request class of a service, j part of its requests, o offer. All indices count from 0 in the order
of the spec; offers as in `FleetSpec.offers`.
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from solvers.catalogue.hardware import Gpu, Node
from solvers.fleet.supply.known import Known
from solvers.serving.setup import Setup
from solvers.serving.static import Load
from solvers.serving.study import Study
from solvers.simulate.serving.case import Requests

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Range = tuple[int, int | None]
"""Tokens from the first up to the last, both included; None where nothing bounds them."""


@dataclass(frozen=True)
class RequestClass:
    """Requests of like size: what the router tells apart. `output` is None where it does not know it."""

    label: str
    input: Range
    output: Range | None


# How far a class's limits are stretched before they are the latencies of the spec themselves: the larger of the static
# model's margins.
ROOM = 1.6


@dataclass(frozen=True)
class Parts:
    """Requests of like input and like output: cells[a, b] is the part of inputs a and outputs b, as `Carried` has them.

    Part j is the cell at places[j], belongs to class of[j] and has shares[j] of all requests [J]. A class is one part,
    or all parts with its inputs where the router knows inputs only.

    `stretch` [K] is 1 but for classes that nothing could serve with the margins that the static model keeps to: their
    limits are so many times as long. Up to ROOM that uses the margins up; beyond, requests of the class are late: they
    miss their latencies on every GPU, and are few enough for the others to make up for it.
    """

    cells: Ints
    places: Ints
    of: Ints
    shares: Floats
    stretch: Floats

    @property
    def late(self) -> tuple[int, ...]:
        """The classes that no GPU answers in time."""
        return tuple(np.flatnonzero(self.stretch > ROOM).tolist())

    def together(self, parts_per_s: Floats) -> Floats:
        """Requests a second of each class [K] for those of its parts [J]; 0 where one of them cannot be served.

        1 / C_k = sum over its parts j of (share of j in k) / C_j: parts take turns on a replica.
        """
        with np.errstate(divide="ignore"):
            seconds = np.where(parts_per_s > 0, self.shares / parts_per_s, np.inf)
        found: Floats = np.bincount(self.of, weights=self.shares) / np.bincount(self.of, weights=seconds)
        return found


@dataclass(frozen=True)
class Carried:
    """A service's requests in classes: shares [K] of the requests, which add up to 1, and a sample of them.

    A request belongs to the cell of its input and its output; cells[a, b] is the class of inputs above
    input_bounds[a - 1] and up to input_bounds[a], and of outputs alike (beyond the last bound there is one more cell).
    `longest` are the tokens of the longest request that is served; `refused` is the share of the traffic that is longer
    than the model reads, which nobody carries.
    """

    service: int
    classes: tuple[RequestClass, ...]
    shares: Floats
    requests: Requests
    input_bounds: Ints
    output_bounds: Ints
    cells: Ints
    longest: int
    refused: float = 0.0
    parts: Parts | None = None

    @property
    def split(self) -> Parts:
        """The parts, where capacities are worked out of them."""
        if self.parts is None:
            raise ValueError("the classes were given without their parts")
        return self.parts

    def part_of(self, requests: Requests) -> Ints:
        """The part of each request [n]."""
        found: Ints = self.split.cells[self._at(requests.input_tokens, requests.output_tokens)]
        return found

    def class_of(self, input_tokens: Ints, output_tokens: Ints) -> Ints:
        """The class of each request [n]."""
        found: Ints = self.cells[self._at(input_tokens, output_tokens)]
        return found

    def _at(self, input_tokens: Ints, output_tokens: Ints) -> tuple[Ints, Ints]:
        rows = np.searchsorted(self.input_bounds, input_tokens, side="left")
        return rows, np.searchsorted(self.output_bounds, output_tokens, side="left")


@dataclass(frozen=True)
class Ready:
    """One way to serve a service on an offer: a replica of `gpus` GPUs in one `node`.

    `capacity_per_s` [K] is what it carries of each class within the latencies when it gets no others, 0 where it
    cannot. It is the static model's, or where the service brings measured capacities those; then `modelled_per_s` [K]
    is what the model says, if there is a model, and its engine runs at the pace that carries what was measured.
    `study`, `setup` and `load` (of each part [J], over the numbers of decodes) are None where there is only a table.
    """

    service: int
    offer: int
    gpus: int
    label: str
    capacity_per_s: Floats
    study: Study | None
    setup: Setup | None
    gpu: Gpu
    node: Node
    modelled_per_s: Floats | None = None
    load: Load | None = None

    @property
    def measured(self) -> bool:
        """Whether the capacities are the user's own."""
        return self.setup is None or self.modelled_per_s is not None


@dataclass(frozen=True)
class Reason:
    """Why a GPU cannot serve a class: `constraint` is "memory", "precision", "options", "slo/tpot", "table", "zones".

    `miss` is what is needed or reached over what there is or is allowed, infinite where no number says it.
    """

    gpu: str
    constraint: str
    message: str
    miss: float


@dataclass(frozen=True)
class Unserved:
    """A class of requests that nothing on the market can serve, with the reason for each GPU, the nearest first."""

    service: int
    k: int
    label: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Supplies:
    """All that the programme chooses from, in a fixed order; `rejected` counts setups that are out, by reason.

    `known` is what was worked out for it, so that a question that differs little is answered soon.
    """

    services: tuple[Carried, ...]
    ready: tuple[Ready, ...]
    rejected: Counter[str] = field(default_factory=Counter)
    unserved: tuple[Unserved, ...] = ()
    known: Known = field(default_factory=Known)


def class_of(carried: Carried, input_tokens: Ints, output_tokens: Ints) -> Ints:
    """The class of each request [n]."""
    return carried.class_of(input_tokens, output_tokens)
