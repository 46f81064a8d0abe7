"""A service's requests in classes: which sizes are told apart, and how many requests each has.

The bounds are the spec's `buckets`; else the sizes that were measured, or the few that the traffic lists; else powers
of two, of which those are left out that would have few requests with few tokens between them.
"""

from dataclasses import replace

import numpy as np

from solvers.errors import Problem, SpecError
from solvers.fleet.service import Service
from solvers.fleet.supply.case import Carried, Floats, Ints, Parts, Range, RequestClass
from solvers.fleet.supply.table import Table, table_of
from solvers.serving.requests import Sample, sample
from solvers.serving.study import ENDLESS

# Requests that classes and their shapes are taken from; a trace is taken whole.
SIZE = 20_000
# Of the requests, or of their tokens, that a bucket holds at least; and buckets at most.
LEAST = 0.05
INPUTS, OUTPUTS = 6, 3
# Listed sizes that are each a class; more of them are cut like any traffic.
LISTED = 100
# More of the requests than this above the largest measured size were never measured (estimate).
UNCOVERED = 0.05


def carried_of(place: int, service: Service, *, seed: int) -> tuple[Carried, Sample]:
    """The classes of the service at `place`, and the sample that they are of. SpecError stands at its fields."""
    drawn = sampled(place, service, seed=seed)
    inputs, outputs = drawn.requests.input_tokens, drawn.requests.output_tokens
    table = measured(service)
    rows, columns = (
        np.array(one, dtype=np.int64) for one in _bounds(place, service, table, inputs=inputs, outputs=outputs)
    )
    at = np.stack([np.searchsorted(rows, inputs, side="left"), np.searchsorted(columns, outputs, side="left")])
    held, part = np.unique(at, axis=1, return_inverse=True)
    known_output = service.router == "input_and_output"
    of = np.arange(held.shape[1]) if known_output else np.unique(held[0], return_inverse=True)[1]
    shares, cells = _shares(service, rows, columns, held, part), _nearest(held, len(rows) + 1, len(columns) + 1)
    ranges = [_range(rows, a, inputs[at[0] == a]) for a in held[0].tolist()]
    others = [_range(columns, b, outputs[at[1] == b]) if known_output else None for b in held[1].tolist()]
    found = Carried(
        service=place,
        classes=tuple(_class(ranges[j], others[j]) for j in np.unique(of, return_index=True)[1].tolist()),
        shares=np.bincount(of, weights=shares).astype(float),
        requests=drawn.requests,
        input_bounds=rows,
        output_bounds=columns,
        cells=of[cells],
        longest=int((inputs + outputs).max()),
        refused=drawn.refused,
        parts=Parts(cells, held.T, of, shares, np.ones(of.max() + 1)),
    )
    return found, drawn


def sampled(place: int, service: Service, *, seed: int) -> Sample:
    """Requests of the service, one a second on average."""
    traffic = service.traffic
    size = traffic.rows().size if traffic.trace is not None else SIZE
    longest = ENDLESS if service.model is None else service.model.context or ENDLESS
    try:
        return sample(traffic, size=size, seed=seed * 1009, longest=longest)
    except SpecError as error:
        at = f"/services/{place}"
        raise type(error)(*(replace(problem, at=at + problem.at) for problem in error.problems)) from None


def measured(service: Service) -> Table | None:
    """The capacities that the service brings."""
    given = service.capacities
    return table_of(given.csv) if given is not None and given.csv is not None else None


def _bounds(
    place: int, service: Service, table: Table | None, *, inputs: Ints, outputs: Ints
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Upper bounds of all buckets but the last, of inputs and of outputs."""
    if table is not None:
        _covered(place, table, inputs=inputs, outputs=outputs)
        return table.inputs[:-1], table.outputs[:-1]
    sizes, given = service.traffic.sizes, service.buckets
    if len(sizes) > LISTED:
        sizes = ()
    listed = [sorted({one.input for one in sizes})[:-1], sorted({one.output for one in sizes})[:-1]]
    rows = given.input or (tuple(listed[0]) if sizes else bounds(inputs, most=INPUTS))
    columns = given.output or (tuple(listed[1]) if sizes else bounds(outputs, most=OUTPUTS))
    return rows, columns


def _covered(place: int, table: Table, *, inputs: Ints, outputs: Ints) -> None:
    """Requests above the largest measured size count as that size where they are few. SpecError where they are not."""
    for name, tokens, sizes in (("input", inputs, table.inputs), ("output", outputs, table.outputs)):
        above = float((tokens > sizes[-1]).mean())
        if above > UNCOVERED:
            message = (
                f"{100 * above:.0f} % of the requests have more than the {sizes[-1]:,} tokens of the largest {name}."
            )
            hint = "Measure longer ones too, or shorten the traffic."
            raise SpecError(Problem("not_covered", message, f"/services/{place}/capacities/csv", hint))


def bounds(tokens: Ints, *, most: int) -> tuple[int, ...]:
    """Powers of two that cut `tokens` [n] into at most `most` buckets, none with little.

    The lightest bucket joins the lighter of its neighbours until all hold LEAST of the requests or of their tokens.
    """
    first, last = (int(value - 1).bit_length() for value in (tokens.min(), tokens.max()))
    edges = [1 << bit for bit in range(first, last)]
    place = np.searchsorted(edges, tokens, side="left")
    held = [np.bincount(place, weights=weights, minlength=len(edges) + 1) for weights in (tokens * 0.0 + 1.0, tokens)]
    weight = np.stack([one / one.sum() for one in held]).T.tolist()
    while len(weight) > 1:
        heavy = [max(pair) for pair in weight]
        least = heavy.index(min(heavy))
        if heavy[least] >= LEAST and len(weight) <= most:
            break
        sides = [side for side in (least - 1, least + 1) if 0 <= side < len(weight)]
        other = min(sides, key=lambda side: heavy[side])
        low = min(least, other)
        weight[low : low + 2] = [[a + b for a, b in zip(weight[low], weight[low + 1], strict=True)]]
        del edges[low]
    return tuple(edges)


def _shares(service: Service, rows: Ints, columns: Ints, held: Ints, part: Ints) -> Floats:
    """Of the requests in each part [J]: as the traffic lists them, else as they were drawn."""
    sizes = service.traffic.sizes
    if not sizes:
        drawn: Floats = np.bincount(part) / len(part)
        return drawn
    places = {pair: j for j, pair in enumerate(map(tuple, held.T.tolist()))}
    shares: Floats = np.zeros(held.shape[1])
    for one in sizes:
        cell = (int(np.searchsorted(rows, one.input)), int(np.searchsorted(columns, one.output)))
        if cell in places:
            shares[places[cell]] += one.share
    shares /= shares.sum()
    return shares


def _range(limits: Ints, place: int, tokens: Ints) -> Range:
    """The tokens of a bucket; where all its requests have the same, those."""
    if tokens.min() == tokens.max():
        return int(tokens[0]), int(tokens[0])
    return (int(limits[place - 1]) + 1 if place else 1), (int(limits[place]) if place < len(limits) else None)


def _class(inputs: Range, outputs: Range | None) -> RequestClass:
    told = f"{_told(inputs)} in"
    return RequestClass(told if outputs is None else f"{told}, {_told(outputs)} out", inputs, outputs)


def _told(tokens: Range) -> str:
    """`512`, `513-1024`, `1025+`, `any`."""
    first, last = tokens
    if (first, last) == (1, None):
        return "any"
    return f"{first}+" if last is None else f"{first}-{last}" if last > first else f"{first}"


def _nearest(held: Ints, rows: int, columns: int) -> Ints:
    """The part of each cell [rows, columns]; of one without requests the nearest with some: by input, then output."""
    cells = np.zeros((rows, columns), dtype=np.int64)
    for a in range(rows):
        row = _closest(held[0], a)
        members = np.flatnonzero(held[0] == row)
        for b in range(columns):
            cells[a, b] = members[np.flatnonzero(held[1, members] == _closest(held[1, members], b))[0]]
    return cells


def _closest(places: Ints, wanted: int) -> int:
    """The place nearest to the wanted one; of two the larger."""
    away = np.abs(places - wanted)
    return int(places[away == away.min()].max())
