"""What of a fleet's spec contradicts itself, found before anything is solved and told all at once."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from solvers.errors import Problem, SpecError
from solvers.fleet.calibrated import twice
from solvers.fleet.limit_checks import limits
from solvers.fleet.place_checks import places
from solvers.fleet.supply.checks import problems_of_tables

if TYPE_CHECKING:
    from solvers.fleet.spec import FleetSpec

# Classes x offers x hours that a plan is made for at most. An offer has about three configurations, so this is six
# times the largest programme that is timed (1,000 classes, 20 configurations, 24 hours).
MOST_CELLS = 1_000_000
# Buckets of inputs and of outputs where a service leaves its request sizes to the traffic, at most.
INPUTS, OUTPUTS = 7, 4


def problems_of_fleet(spec: "FleetSpec") -> tuple[Problem, ...]:
    """Everything that is wrong between the parts of a spec, in the order of its fields."""
    found = [
        *_series(spec),
        *_names(spec),
        *_demand(spec),
        *_offers(spec),
        *places(spec),
        *_size(spec),
        *twice(spec.calibration),
    ]
    try:
        offers = spec.offers
    except SpecError as error:
        return (*found, *error.problems)
    return (*found, *problems_of_tables(spec.services, (one.gpu for one in offers)), *limits(spec, offers))


def _series(spec: "FleetSpec") -> Iterator[Problem]:
    """Series of the same hours are equally long."""
    series = [
        *((f"/services/{n}/demand", one.demand) for n, one in enumerate(spec.services)),
        *((f"/market/{n}/prices", one.prices) for n, one in enumerate(spec.market)),
        *((f"/sites/{n}/carbon_by_hour", one.carbon_by_hour) for n, one in enumerate(spec.sites)),
    ]
    given = {at: len(values) for at, values in series if values}
    first = next(iter(given), "")
    for at, size in given.items():
        if size != given[first]:
            message = f"{_hours(size)} here, and {_hours(given[first])} at {first}."
            yield Problem("unequal_series", message, at, "Give every series one number for each hour of the same day.")


def _hours(count: int) -> str:
    return f"{count} hour{'s' if count != 1 else ''}"


def _names(spec: "FleetSpec") -> Iterator[Problem]:
    """Names are unique: of services, and of offers that have one."""
    yield from _twice([(one.name, f"/services/{n}/name") for n, one in enumerate(spec.services)], "service")
    named = [(one.offer.name, one) for one in spec.asked if one.offer.name is not None]
    seen = Counter[str]()
    for name, one in named:
        seen[name] += 1
        if seen[name] > 1:
            yield one.problem(
                "duplicate_name", f"Another offer is called '{name}'.", "/name", "Give each its own name."
            )


def _twice(named: list[tuple[str, str]], noun: str) -> Iterator[Problem]:
    seen = Counter[str]()
    for name, at in named:
        seen[name] += 1
        if seen[name] > 1:
            yield Problem("duplicate_name", f"Another {noun} is called '{name}'.", at, "Give each its own name.")


def _demand(spec: "FleetSpec") -> Iterator[Problem]:
    """A service has an hour with requests."""
    for number, one in enumerate(spec.services):
        if one.demand and not any(one.demand):
            hint = "Give multiples of the traffic's rate, like [0.3, 1.0, 0.6], or leave the service out."
            yield Problem("no_demand", "No hour has any demand.", f"/services/{number}/demand", hint)


def _offers(spec: "FleetSpec") -> Iterator[Problem]:
    """There is something to buy, and what is reserved has one price."""
    if not spec.asked:
        hint = "Write `market: [{gpu: l4}]`, or `prices` with a table of your own."
        yield Problem("missing", "There is nothing to buy: neither a market nor prices.", "/market", hint)
    for one in spec.asked:
        if one.offer.term == "reserved" and one.offer.prices:
            message = "What is reserved is paid all the time, so a price of each hour means nothing."
            yield one.problem("contradiction", message, "/prices", "Give its mean as `price`, or take another term.")


def _size(spec: "FleetSpec") -> Iterator[Problem]:
    """The programme stays within what can be solved."""
    classes = sum(_classes(spec, number) for number in range(len(spec.services)))
    cells = classes * len(spec.asked) * spec.hours
    if cells > MOST_CELLS:
        message = (
            f"{classes:,} classes of requests x {len(spec.asked)} offers x {spec.hours} hours are {cells:,};"
            f" {MOST_CELLS:,} is the most."
        )
        yield Problem("too_large", message, "/services", "Take fewer buckets, offers or hours, or plan services apart.")


def _classes(spec: "FleetSpec", number: int) -> int:
    """Classes of a service at most: buckets of inputs, and of outputs where the router knows them."""
    service = spec.services[number]
    given = service.buckets.input or service.buckets.output
    inputs = len(service.buckets.input) + 1 if given else INPUTS
    outputs = len(service.buckets.output) + 1 if given else OUTPUTS
    return inputs * (outputs if service.router == "input_and_output" else 1)
