"""A recipe: something that a node can measure, by name and version, with parameters that are checked and bounded.

    parse(document) -> params -> keys: what each row is a measurement of -> work of a row -> cost, needs, rates

The measuring itself is `jobs.bench`, one module of the same name. Server, node and solvers share this description.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isclose
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError

from solvers.base import Part, Whole
from solvers.catalogue.hardware import Gpu
from solvers.documents import Document, check
from solvers.errors import Problem, SpecError, TooLarge
from solvers.problems import problems_of
from solvers.recipes.machine import Work, machine_of
from solvers.recipes.result import Result, Row
from solvers.units import SIZE, show

Device = Literal["cpu", "cuda"]
Key = dict[str, Any]

# No measurement takes longer than this on the slow machines of `machine`, and one sample at least so long: clocks
# are read in microseconds.
MOST_SECONDS, SAMPLE_S = 1800.0, 1e-3
MOST_ROWS = 1000


class Params(Part):
    """What every recipe is asked."""

    device: Device = Field(default="cpu", title="Device", description="cpu, or cuda: the GPUs of the node.")
    threads: Whole = Field(
        default=0, ge=0, le=1024, title="Threads", description="Of each process on the CPU; 0: as many as torch takes."
    )

    @abstractmethod
    def samples(self) -> tuple[int, int]:
        """How often each row is run to warm up, and how often it is then timed."""


class Repeated(Params):
    """What is asked of a recipe that measures the same again and again."""

    warmup: Whole = Field(default=2, ge=0, le=50, title="Repeats to warm up", description="Not counted.")
    repeats: Whole = Field(default=9, ge=3, le=500, title="Repeats", description="The median is told.")

    def samples(self) -> tuple[int, int]:
        """As the fields say."""
        return self.warmup, self.repeats


P = TypeVar("P", bound=Params)


@dataclass(frozen=True)
class Needs:
    """What a node must have: device, how many of it, processes that are started, bytes of memory for each, packages."""

    device: Device
    processes: int
    devices: int
    memory_bytes: float
    packages: tuple[str, ...] = ()


def rates_of(work: Work) -> dict[str, float]:
    """The amounts that a row's rates are made of."""
    amounts = {"flops_per_s": work.flops, "bytes_per_s": work.moved_bytes, "link_bytes_per_s": work.link_bytes}
    return {name: amount for name, amount in amounts.items() if amount > 0}


@dataclass(frozen=True)
class Recipe(Generic[P]):
    """One thing that can be measured.

    `keys` are what the rows are measurements of, in order; `work` is one repeat of a row on one device; `amounts` over
    the median second are the row's rates. Each device has a process, unless `devices` says that one starts others.
    `packages` are Python's that it takes beside torch.
    """

    name: str
    version: int
    title: str
    summary: str
    params: type[P]
    keys: Callable[[P], tuple[Key, ...]]
    work: Callable[[P, Key], Work]
    row: type[Row] = Row
    processes: Callable[[P], int] = lambda _: 1
    devices: Callable[[P], int] | None = None
    amounts: Callable[[P, Key], Mapping[str, float]] | None = None
    packages: tuple[str, ...] = ()

    def schema(self) -> Document:
        """The JSON Schema of the parameters."""
        return self.params.model_json_schema()

    def parse(self, document: Mapping[str, Any]) -> P:
        """Parameters out of a document. SpecError says what is wrong, TooLarge what would take too much."""
        check(dict(document))
        params = _read(self.params, document)
        self._bounded(params)
        return params

    def memory_bytes(self, params: P) -> float:
        """The most that a process holds at once, beside libraries."""
        return max(self.work(params, key).memory_bytes for key in self.keys(params))

    def needs(self, params: P) -> Needs:
        """What a node must have to measure this."""
        processes = self.processes(params)
        devices = self.devices(params) if self.devices else processes
        return Needs(params.device, processes, devices, self.memory_bytes(params), self.packages)

    def seconds(self, params: P, gpu: Gpu | None = None) -> float:
        """About how long it takes, start of the process included; without a `gpu` on a slow one."""
        machine = machine_of(params.device, gpu)
        rows = (max(machine.seconds(self.work(params, key)), SAMPLE_S) for key in self.keys(params))
        return machine.start_s + (sum(params.samples()) + 1) * sum(rows)

    def device_seconds(self, params: P, gpu: Gpu | None = None) -> float:
        """What it costs: its seconds on each of its devices."""
        return self.needs(params).devices * self.seconds(params, gpu)

    def rates(self, params: P, key: Key, seconds: float) -> dict[str, float]:
        """The row's rates where one repeat takes `seconds`."""
        amounts = self.amounts(params, key) if self.amounts else rates_of(self.work(params, key))
        return {name: amount / seconds for name, amount in amounts.items()}

    def check_result(self, document: Mapping[str, Any]) -> None:
        """Raise SpecError with what is wrong with a measurement's document, if anything."""
        check(dict(document))
        result = _read(Result, document)
        if (result.recipe, result.version) != (self.name, self.version):
            said = f"The result is of {result.recipe} {result.version}, not of {self.name} {self.version}."
            raise SpecError(Problem("another_recipe", said, "/recipe"))
        params = self.parse(result.params)
        keys = self.keys(params)
        if len(result.rows) != len(keys):
            raise SpecError(Problem("rows", f"{len(result.rows)} rows where {len(keys)} were asked for.", "/rows"))
        for place, (row, key) in enumerate(zip(result.rows, keys, strict=True)):
            self._check_row(params, row, key, at=f"/rows/{place}")

    def _check_row(self, params: P, row: Document, key: Key, *, at: str) -> None:
        wrong = [name for name, value in key.items() if row.get(name) != value]
        if wrong:
            raise SpecError(Problem("another_row", f"This row should have {wrong[0]} {key[wrong[0]]}.", at))
        read = _read(self.row, {name: value for name, value in row.items() if name not in key}, at=at)
        right = self.rates(params, key, read.seconds.median)
        if set(right) != set(read.rates) or not all(isclose(right[name], read.rates[name]) for name in right):
            raise SpecError(Problem("rates", "The rates do not follow from the median.", f"{at}/rates"))

    def _bounded(self, params: P) -> None:
        keys = self.keys(params)
        if len(keys) > MOST_ROWS:
            raise TooLarge(Problem("too_many_rows", f"{len(keys)} rows; {MOST_ROWS} are the most.", ""))
        machine = machine_of(params.device)
        memory, seconds = self.memory_bytes(params), self.seconds(params)
        if memory > machine.memory_bytes:
            said = f"A process would hold {show(memory, SIZE)}; {show(machine.memory_bytes, SIZE)} is the most."
            raise TooLarge(Problem("too_much_memory", said, "", "Ask for smaller shapes, or more processes."))
        if seconds > MOST_SECONDS:
            said = f"This could take {seconds:,.0f} s on a slow machine; {MOST_SECONDS:,.0f} s is the most."
            raise TooLarge(Problem("too_long", said, "", "Ask for fewer or smaller rows, or fewer repeats."))


M = TypeVar("M", bound=BaseModel)


def _read(model: type[M], document: Mapping[str, Any], *, at: str = "") -> M:
    try:
        return model.model_validate(dict(document))
    except ValidationError as error:
        found = problems_of(error, model.model_json_schema())
        raise SpecError(*(Problem(one.code, one.message, at + one.at, one.hint) for one in found)) from None
