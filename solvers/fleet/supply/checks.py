"""What of a service contradicts itself, or cannot be in a fleet, before anything is worked out."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from solvers.catalogue import names
from solvers.catalogue.hardware import Gpu
from solvers.catalogue.loader import get
from solvers.errors import Problem, SpecError, UnknownName, nearest
from solvers.fleet.supply.table import Row, named, repeated, table_of

if TYPE_CHECKING:
    from solvers.fleet.service import Service

# What a serving plan may fix and a fleet finds by itself, or does not have.
COUNTED = ("replicas", "prefill_replicas", "decode_replicas")
APART = ("prefill_tp", "decode_tp", "prefill_pp", "decode_pp")


def problems_of_service(service: "Service") -> Iterator[Problem]:
    """Problems of one service, at its fields."""
    yield from _fixed(service)
    yield from _buckets(service)
    given = service.capacities
    if given is None or given.csv is None:
        return
    try:
        table_of(given.csv)
    except SpecError as error:
        yield from (replace(problem, at="/capacities/csv") for problem in error.problems)
    if service.buckets.input or service.buckets.output:
        message = "The sizes that were measured are the buckets; others are given too."
        yield Problem("contradiction", message, "/buckets", "Keep one of them.")


def _fixed(service: "Service") -> Iterator[Problem]:
    """Settings of a replica that a fleet does not take from the spec."""
    fix = service.options.fix
    hint = "Leave it out, or ask for a plan of kind serving."
    if fix.mode == "disaggregated" or any(getattr(fix, name) is not None for name in APART):
        name = "mode" if fix.mode == "disaggregated" else next(n for n in APART if getattr(fix, n) is not None)
        message = "Replicas of a fleet do prefill and decode: pools of their own are not in it."
        yield Problem("not_in_fleet", message, f"/options/fix/{name}", hint)
    for name in COUNTED:
        if getattr(fix, name) is not None:
            yield Problem("not_in_fleet", "The fleet finds how many replicas.", f"/options/fix/{name}", hint)
    if fix.routing not in (None, "least_work"):
        message = "Within a pool of equal replicas a fleet sends requests to the one with the least work."
        yield Problem("not_in_fleet", message, "/options/fix/routing", hint)


def _buckets(service: "Service") -> Iterator[Problem]:
    """Bounds that do not rise."""
    for name in ("input", "output"):
        bounds = getattr(service.buckets, name)
        for n in range(1, len(bounds)):
            if bounds[n] <= bounds[n - 1]:
                message = f"{bounds[n]:,} tokens come after {bounds[n - 1]:,}."
                yield Problem("not_sorted", message, f"/buckets/{name}/{n}", "Write the bounds ascending.")


def problems_of_tables(services: Iterable["Service"], gpus: Iterable[Gpu]) -> Iterator[Problem]:
    """Lines of measured capacities whose GPU nobody knows, or that another line with another name of it says too."""
    market = tuple(gpus)
    for place, service in enumerate(services):
        given = service.capacities
        if given is not None and given.csv is not None:
            for problem in _rows(table_of(given.csv).rows, market):
                yield replace(problem, at=f"/services/{place}/capacities/csv")


def _rows(rows: tuple[Row, ...], market: tuple[Gpu, ...]) -> Iterator[Problem]:
    known = {name: _known(name, market) for name in dict.fromkeys(row.gpu for row in rows)}
    told: set[str] = set()
    seen: dict[tuple[str, int, int, int], int] = {}
    for row in rows:
        gpu = known[row.gpu]
        if gpu is None:
            if row.gpu not in told:
                message = f"Line {row.line:,} of the table: there is no GPU called '{row.gpu[:80]}'."
                hint = nearest(row.gpu, {*(one.name for one in market), *names("gpus")})
                yield Problem("unknown_name", message, "", hint)
            told.add(row.gpu)
            continue
        first = seen.setdefault((gpu.name, row.tp, row.input, row.output), row.line)
        if first != row.line:
            yield repeated(row, first)


def _known(name: str, market: tuple[Gpu, ...]) -> Gpu | None:
    for gpu in market:
        if named(gpu, name):
            return gpu
    try:
        found: Gpu = get("gpus", name)
    except UnknownName:
        return None
    return found
