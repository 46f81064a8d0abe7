"""Quantities as people write them, in and out: '80 GB', '400 Gbit/s', '250 ms' become SI numbers and back.

The types (`Bytes`, `Seconds`, ...) are floats in SI for code and text or number for documents. A text without a unit
is an error, a bare number is SI; GB is 10^9 bytes and GiB 2^30; B is a byte and b or bit a bit. The `show` functions
are the only formatter for people.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from solvers.errors import Problem, SpecError

WRITTEN = re.compile(r"\s*(\$?)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*")
NOT_FINITE = re.compile(r"[-+]?\.?(nan|inf|infinity)\b", re.IGNORECASE)
DECIMAL = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18, "Z": 1e21}
BINARY = {"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50}
MINUTE, HOUR, DAY, WEEK = 60.0, 3600.0, 86400.0, 604800.0
LIMIT = 1e30
# From so much arithmetic on people write a power of ten; ends of an interval that differ more than so from the unit of
# its value are written in their own.
MUCH_WORK, FAR = 1e18, 1e-4


class Rung(NamedTuple):
    """A unit for people, in SI, and from how many of it on it is used."""

    unit: str
    factor: float
    start: float = 1.0


@dataclass(frozen=True, eq=False)
class Quantity:
    """One dimension: how it is called, written and shown. `units` gives each unit in SI, `ladder` those for people."""

    noun: str
    examples: tuple[str, ...]
    units: Mapping[str, float]
    ladder: tuple[Rung, ...]
    zero: bool = True
    unit_needed: bool = True
    highest: float = LIMIT

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A float in code; in documents a number in SI or a text with a unit."""
        return core_schema.no_info_plain_validator_function(
            lambda value: parse(value, self), serialization=core_schema.plain_serializer_function_ser_schema(float)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """What a form needs: text or number, examples, and the noun."""
        lowest = {"minimum": 0} if self.zero else {"exclusiveMinimum": 0}
        number = {"type": "number", **lowest, **({"maximum": self.highest} if self.highest < LIMIT else {})}
        return {
            "anyOf": [{"type": "string", "minLength": 1, "maxLength": 64}, number],
            "description": f"{self.noun[:1].upper()}{self.noun[1:]}, such as {self.examples[0]}.",
            "examples": list(self.examples),
            "x-quantity": self.noun,
        }


def _prefixed(*symbols: str, prefixes: Mapping[str, float], scale: float = 1.0) -> dict[str, float]:
    return {prefix + symbol: factor * scale for symbol in symbols for prefix, factor in prefixes.items()}


def _per(units: Mapping[str, float], *denominators: str, divide: float = 1.0) -> dict[str, float]:
    return {unit + below: factor / divide for unit, factor in units.items() for below in denominators}


def _thousands(*units: str, first: float = 1.0) -> tuple[Rung, ...]:
    return tuple(Rung(unit, first * 1000.0**step) for step, unit in enumerate(units))


_BYTE_UNITS = _prefixed("B", "byte", "bytes", prefixes={**DECIMAL, **BINARY})
_BIT_UNITS = _prefixed("b", "bit", "bits", prefixes={**DECIMAL, **BINARY}, scale=1 / 8)
_MONEY = {"USD": 1.0, "$": 1.0, "$k": 1e3, "$M": 1e6, "$B": 1e9}
_COUNT_PREFIXES = {**DECIMAL, **BINARY, "B": 1e9}
_COUNTED = ("tokens", "sequences", "samples", "parameters", "requests")
_SECONDS = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0,
    "min": MINUTE, "minute": MINUTE, "minutes": MINUTE, "h": HOUR, "hr": HOUR, "hour": HOUR, "hours": HOUR,
    "d": DAY, "day": DAY, "days": DAY, "week": WEEK, "weeks": WEEK,
}  # fmt: skip
_FLOP = _prefixed("FLOP", "FLOPs", "flop", "flops", prefixes=DECIMAL)
_RATES = {
    **_per(_BYTE_UNITS | _BIT_UNITS, "/s", "/sec"),
    **_prefixed("Bps", prefixes=DECIMAL),
    **_prefixed("bps", prefixes=DECIMAL, scale=1 / 8),
}

SIZE = Quantity(
    "a size", ("80 GB", "192 GiB"), _BYTE_UNITS | _BIT_UNITS,
    _thousands("bytes", "kB", "MB", "GB", "TB", "PB"), zero=False,
)  # fmt: skip
RATE = Quantity(
    "a rate", ("400 Gbit/s", "900 GB/s"), _RATES,
    _thousands("B/s", "kB/s", "MB/s", "GB/s", "TB/s", "PB/s"), zero=False,
)  # fmt: skip
DURATION = Quantity(
    "a duration", ("250 ms", "40 days"), _SECONDS,
    (*_thousands("ns", "µs", "ms", "s", first=1e-9), Rung("min", MINUTE, 3), Rung("h", HOUR, 2), Rung("days", DAY, 2)),
)  # fmt: skip
WORK = Quantity(
    "an amount of arithmetic", ("1e24 FLOP", "3.2 ZFLOP"), _FLOP,
    _thousands("FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP", "PFLOP", "EFLOP", "ZFLOP"),
    highest=1e36,
)  # fmt: skip
SPEED = Quantity(
    "a speed of arithmetic", ("989 TFLOP/s", "2.5 PFLOP/s"), _per(_FLOP, "/s") | _prefixed("FLOPS", prefixes=DECIMAL),
    _thousands("FLOP/s", "kFLOP/s", "MFLOP/s", "GFLOP/s", "TFLOP/s", "PFLOP/s", "EFLOP/s"),
    zero=False,
)  # fmt: skip
POWER = Quantity(
    "a power", ("700 W", "10.2 kW"), _prefixed("W", prefixes=DECIMAL),
    _thousands("W", "kW", "MW", "GW"),
)  # fmt: skip
ENERGY = Quantity(
    "an energy", ("3.6 MJ", "12 kWh"), _prefixed("J", prefixes=DECIMAL) | _prefixed("Wh", prefixes=DECIMAL, scale=HOUR),
    (Rung("J", 1.0), *_thousands("Wh", "kWh", "MWh", "GWh", first=HOUR)),
)  # fmt: skip
MONEY = Quantity(
    "an amount of money", ("2000 USD", "$2000"), _MONEY,
    _thousands("$", "$k", "$M", "$B"),
)  # fmt: skip
PRICE = Quantity(
    "a price per hour", ("2.50 USD/h", "$2.50/h"), _per(_MONEY, "/h", "/hr", "/hour"), (Rung("$/h", 1.0),)
)  # fmt: skip
ENERGY_PRICE = Quantity(
    "a price of energy", ("0.08 USD/kWh", "$80/MWh"),
    _per(_MONEY, "/kWh", divide=1000 * HOUR) | _per(_MONEY, "/MWh", divide=1e6 * HOUR),
    (Rung("$/kWh", 1 / (1000 * HOUR)),),
)  # fmt: skip
COUNT = Quantity(
    "a count", ("1.4T", "1.4e12"),
    _prefixed("", *(f" {word}" for word in _COUNTED), prefixes=_COUNT_PREFIXES) | dict.fromkeys(_COUNTED, 1.0),
    _thousands("", "k", "M", "B", "T"), zero=False, unit_needed=False,
)  # fmt: skip
TOKEN_RATE = Quantity(
    "a rate of tokens", ("12000 tokens/s",), {"tokens/s": 1.0, "k tokens/s": 1e3, "M tokens/s": 1e6},
    _thousands("tokens/s", "k tokens/s", "M tokens/s"),
)  # fmt: skip
COUNT_RATE = Quantity(
    "a rate of events", ("12 /s", "700 /min"),
    {
        f"{word}{per}": 1.0 / seconds
        for word in ("", "requests", "req")
        for per, seconds in (("/s", 1.0), ("/min", MINUTE), ("/h", HOUR))
    } | {"rps": 1.0, "qps": 1.0},
    _thousands("/s", "k /s", "M /s"),
)  # fmt: skip
GPU_TIME = Quantity(
    "a time on GPUs", ("500",), {"": 1.0, "GPU-hours": 1.0}, (Rung("GPU-hours", 1.0),), unit_needed=False
)
SHARE = Quantity(
    "a share", ("0.08", "8 %"), {"": 1.0, "%": 0.01}, (Rung("%", 0.01),), unit_needed=False, highest=1.0
)  # fmt: skip
QUANTITIES = (SIZE, RATE, DURATION, WORK, SPEED, POWER, ENERGY, MONEY, PRICE, ENERGY_PRICE, TOKEN_RATE, SHARE)

Bytes = Annotated[float, SIZE]
BytesPerSecond = Annotated[float, RATE]
Seconds = Annotated[float, DURATION]
Flops = Annotated[float, WORK]
FlopsPerSecond = Annotated[float, SPEED]
Watts = Annotated[float, POWER]
Joules = Annotated[float, ENERGY]
Usd = Annotated[float, MONEY]
UsdPerHour = Annotated[float, PRICE]
UsdPerKwh = Annotated[float, ENERGY_PRICE]
Count = Annotated[float, COUNT]
PerSecond = Annotated[float, COUNT_RATE]
Fraction = Annotated[float, SHARE]


def parse(value: object, quantity: Quantity) -> float:
    """The SI number that `value` (text with a unit, or a number) means. SpecError says how to write it."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _error("wrong_type", f"This field wants {quantity.noun}, as text or a number.", quantity)
    return _checked(_read(value, quantity) if isinstance(value, str) else _float(value, quantity), value, quantity)


def show(value: float, quantity: Quantity) -> str:
    """`value` for people: three significant digits and a unit of fitting size; much arithmetic as a power of ten."""
    if quantity is WORK and value >= MUCH_WORK:
        digits, _, power = f"{value:.2e}".partition("e")
        return f"{float(digits):g}e{int(power)} FLOP"
    return _written(value, _rung(value, quantity))


def count(number: float) -> str:
    """A whole number with every digit: 41,208."""
    return f"{number:,.0f}"


def many(number: int, noun: str) -> str:
    """`1 run`, `12,000 runs`."""
    return f"1 {noun}" if number == 1 else f"{count(number)} {noun}s"


def show_interval(value: float, low: float, high: float, quantity: Quantity) -> str:
    """`value (low to high)`, all three in the unit that fits the value, or each in its own where they lie far apart.

    Money carries its sign each time.
    """
    rung = _rung(value, quantity)
    far = any(end and not FAR <= end / rung.factor <= 1 / FAR for end in (low, high)) and len(quantity.ladder) > 1
    if quantity is MONEY or far or (quantity is WORK and value >= MUCH_WORK):
        return f"{show(value, quantity)} ({show(low, quantity)} to {show(high, quantity)})"
    return f"{_written(value, rung)} ({_digits(low / rung.factor)} to {_digits(high / rung.factor)})"


def quantity_of(name: str) -> Quantity:
    """The quantity that a name with its unit carries: `step_time_s` is a duration, `peak_memory_bytes` a size."""
    found = (quantity for ending, quantity in _ENDINGS if name.endswith(ending) or name == ending.strip("_"))
    return next(found, COUNT)


def show_named(name: str, value: float, low: float | None = None, high: float | None = None) -> str:
    """The value of an estimate by its name, with its interval where one is given."""
    quantity = quantity_of(name)
    if low is None or high is None:
        return show(value, quantity)
    return show_interval(value, low, high, quantity)


_ENDINGS = (
    ("tokens_per_s", TOKEN_RATE), ("tokens_per_s_per_gpu", TOKEN_RATE), ("flops_per_s", SPEED), ("bytes_per_s", RATE),
    ("_per_s_per_gpu", COUNT_RATE), ("usd_per_million_tokens", MONEY), ("usd_per_million_requests", MONEY),
    ("j_per_token", ENERGY), ("usd_per_hour", PRICE), ("usd_per_gpu_hour", PRICE), ("usd_per_step", MONEY),
    ("_usd", MONEY), ("_bytes", SIZE), ("j_per_step", ENERGY), ("usd_per_j", ENERGY_PRICE),
    ("gpu_hours", GPU_TIME), ("_flops", WORK), ("_per_s", COUNT_RATE), ("_s", DURATION), ("_w", POWER), ("_j", ENERGY),
    ("mfu", SHARE), ("hfu", SHARE), ("goodput", SHARE), ("_share", SHARE), ("_fraction", SHARE), ("headroom", SHARE),
)  # fmt: skip


def _rung(value: float, quantity: Quantity) -> Rung:
    rounded = abs(float(f"{value:.3g}"))
    below = [rung for rung in quantity.ladder if rung.start * rung.factor <= rounded]
    if below:
        return below[-1]
    plain = [rung for rung in quantity.ladder if rung.factor == 1.0]
    return plain[0] if rounded == 0 and plain else quantity.ladder[0]


def _written(value: float, rung: Rung) -> str:
    digits = _digits(value / rung.factor)
    if rung.unit.startswith("$"):
        return f"${_cents(digits)}{rung.unit[1:]}"
    joined = "" if rung.unit in _COUNT_PREFIXES or rung.unit[:2] in ("k ", "M ") else " "
    return f"{digits}{joined}{rung.unit}"


def _cents(digits: str) -> str:
    return digits + "0" if re.fullmatch(r"\d+\.\d", digits) else digits


def _digits(number: float) -> str:
    rounded = float(f"{number:.3g}")
    if rounded == int(rounded) and abs(number - rounded) < 1e-9 * max(1.0, abs(number)):
        return f"{int(rounded):,}"
    magnitude = abs(rounded)
    places = 0 if magnitude >= 100 else 1 if magnitude >= 10 else 2
    return f"{rounded:,.{places}f}" if magnitude >= 1 else f"{rounded:.3g}"


def _read(text: str, quantity: Quantity) -> float:
    shown = text.strip()[:40]
    if NOT_FINITE.match(text.strip()):
        raise _error("not_finite", f"'{shown}' is not a quantity.", quantity)
    match = WRITTEN.fullmatch(text) if len(text) <= 100 else None
    if match is None:
        raise _error("not_a_quantity", f"'{shown}' is not {quantity.noun}.", quantity)
    dollar, number, rest = match.groups()
    unit = dollar + re.sub(r"\s*/\s*", "/", re.sub(r"\s+", " ", rest))
    if not unit and quantity.unit_needed:
        raise _error("no_unit", f"'{shown}' has no unit.", quantity)
    if unit not in quantity.units:
        raise _unknown_unit(shown, unit, quantity)
    return float(number) * quantity.units[unit]


def _float(value: float, quantity: Quantity) -> float:
    try:
        return float(value)
    except OverflowError:
        raise _error("too_large", "The number is too large.", quantity) from None


def _checked(number: float, written: object, quantity: Quantity) -> float:
    shown = written.strip()[:40] if isinstance(written, str) else f"{number:g}"
    if not math.isfinite(number):
        raise _error("not_finite", f"'{shown}' is not a finite number.", quantity)
    if number < 0:
        raise _error("negative", f"'{shown}' is negative.", quantity)
    if number == 0 and not quantity.zero:
        raise _error("zero", f"'{shown}' is zero; this field wants more than that.", quantity)
    if number > quantity.highest:
        limit = "A share is at most 1 (100 %)" if quantity is SHARE else "This is more than we accept"
        raise _error("too_large", f"'{shown}' is too large. {limit}.", quantity)
    return number


def _unknown_unit(shown: str, unit: str, quantity: Quantity) -> SpecError:
    for other in (*QUANTITIES, COUNT):
        if unit in other.units:
            message = f"'{shown}' is {other.noun}; this field wants {quantity.noun} such as '{quantity.examples[0]}'."
            return _error("wrong_unit", message, quantity)
    alike = [known for known in quantity.units if known.lower() == unit.lower()]
    hint = f"Did you mean {' or '.join(alike)}?" if alike else ""
    return _error(
        "unknown_unit", f"'{unit[:20]}' in '{shown}' is not a unit of {quantity.noun.split(' ', 1)[1]}.", quantity, hint
    )


def _error(code: str, message: str, quantity: Quantity, hint: str = "") -> SpecError:
    examples = " or ".join(f"'{example}'" for example in quantity.examples)
    return SpecError(Problem(code, message, "", hint or f"Write it like {examples}."))
