"""Classes of requests and the replicas that could serve them, as numbers for the programme and as setups to simulate.

Symbols: s service, k request class of a service, o offer. All indices count from 0 in the order of the spec.
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from solvers.catalogue.hardware import Gpu, Node
from solvers.serving.setup import Setup
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


@dataclass(frozen=True)
class Carried:
    """A service's requests in classes: shares [K_s] of the requests, which add up to 1, and a sample of them.

    A request belongs to the cell of its input and its output; cells[i, j] is the class of inputs above
    input_bounds[i - 1] and up to input_bounds[i], and of outputs alike (the last cell has no upper bound). `longest`
    are the tokens of the longest request that is served; `refused` is the share of the traffic that is longer than the
    model reads, which nobody carries.
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

    def members(self, k: int) -> Ints:
        """Places in the sample of the requests of class k."""
        return np.flatnonzero(class_of(self, self.requests.input_tokens, self.requests.output_tokens) == k)


@dataclass(frozen=True)
class Ready:
    """One way to serve a service on an offer: a replica of `gpus` GPUs in one `node`.

    `capacity_per_s` [K_s] is what it carries of each class within the latencies when it gets no others, 0 where it
    cannot. It is the static model's, or where the service brings measured capacities those; then `modelled_per_s` is
    what the model says, if there is a model. `study` and `setup` are None where there is only a table.
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

    @property
    def measured(self) -> bool:
        """Whether the capacities are the user's own."""
        return self.setup is None or self.modelled_per_s is not None


@dataclass(frozen=True)
class Unserved:
    """A class of requests that nothing on the market can serve, with the reason for each GPU, the nearest first."""

    service: int
    k: int
    label: str
    reasons: tuple["Reason", ...]


@dataclass(frozen=True)
class Reason:
    """Why a GPU cannot serve a class: `constraint` is "memory", "slo/tpot", "slo/ttft", "slo/e2e", "table" or "zones".

    `miss` is what is needed or reached over what there is or is allowed, infinite where no number says it.
    """

    gpu: str
    constraint: str
    message: str
    miss: float


@dataclass(frozen=True)
class Supplies:
    """All that the programme chooses from, in a fixed order; `rejected` counts setups that are out, by reason."""

    services: tuple[Carried, ...]
    ready: tuple[Ready, ...]
    rejected: Counter[str] = field(default_factory=Counter)
    unserved: tuple[Unserved, ...] = ()


def class_of(carried: Carried, input_tokens: Ints, output_tokens: Ints) -> Ints:
    """The class of each request [n]."""
    rows = np.searchsorted(carried.input_bounds, input_tokens, side="left")
    columns = np.searchsorted(carried.output_bounds, output_tokens, side="left")
    found: Ints = carried.cells[rows, columns]
    return found
