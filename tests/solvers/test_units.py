"""Quantities in and out: what people write, what is refused, and what they read."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from solvers import units
from solvers.errors import SpecError
from solvers.units import (
    COUNT,
    DURATION,
    ENERGY,
    MONEY,
    POWER,
    PRICE,
    RATE,
    SHARE,
    SIZE,
    SPEED,
    TOKEN_RATE,
    WORK,
    Quantity,
)

WRITTEN = [
    ("80 GB", SIZE, 80e9),
    ("80GB", SIZE, 80e9),
    ("80 GiB", SIZE, 80 * 2.0**30),
    ("141 GB", SIZE, 141e9),
    ("275040 MiB", SIZE, 275040 * 2.0**20),
    ("8 Gbit", SIZE, 1e9),
    ("8 Gb", SIZE, 1e9),
    ("400 Gbit/s", RATE, 50e9),
    ("400 Gbps", RATE, 50e9),
    ("900 GB/s", RATE, 900e9),
    ("900GB / s", RATE, 900e9),
    ("3.35 TB/s", RATE, 3.35e12),
    ("250 ms", DURATION, 0.25),
    ("3.4 us", DURATION, 3.4e-6),
    ("3.4 µs", DURATION, 3.4e-6),
    ("40 days", DURATION, 40 * 86400.0),
    ("2 h", DURATION, 7200.0),
    ("5 min", DURATION, 300.0),
    ("989 TFLOP/s", SPEED, 989e12),
    ("989 TFLOPS", SPEED, 989e12),
    ("2.5 PFLOP/s", SPEED, 2.5e15),
    ("1e24 FLOP", WORK, 1e24),
    ("3.2 ZFLOPs", WORK, 3.2e21),
    ("700 W", POWER, 700.0),
    ("10.2 kW", POWER, 10200.0),
    ("12 kWh", ENERGY, 43.2e6),
    ("2000 USD", MONEY, 2000.0),
    ("$2000", MONEY, 2000.0),
    ("$4.2M", MONEY, 4.2e6),
    ("2.50 USD/h", PRICE, 2.5),
    ("$2.50/h", PRICE, 2.5),
    ("1.4T", COUNT, 1.4e12),
    ("1.4e12", COUNT, 1.4e12),
    ("15 T tokens", COUNT, 15e12),
    ("70B", COUNT, 70e9),
    ("8 Ki", COUNT, 8192.0),
    ("8 %", SHARE, 0.08),
    ("0.08", SHARE, 0.08),
    ("12000 tokens/s", TOKEN_RATE, 12000.0),
]

REFUSED = [
    ("80 GB", RATE, "wrong_unit", "'80 GB' is a size; this field wants a rate such as '400 Gbit/s'."),
    ("400 Gbit/s", SIZE, "wrong_unit", "'400 Gbit/s' is a rate; this field wants a size such as '80 GB'."),
    (
        "989 TFLOPs",
        SPEED,
        "wrong_unit",
        "'989 TFLOPs' is an amount of arithmetic; this field wants a speed of arithmetic such as '989 TFLOP/s'.",
    ),
    ("80", SIZE, "no_unit", "'80' has no unit."),
    ("80 gb", SIZE, "unknown_unit", "'gb' in '80 gb' is not a unit of size."),
    ("5 foo", DURATION, "unknown_unit", "'foo' in '5 foo' is not a unit of duration."),
    ("eighty GB", SIZE, "not_a_quantity", "'eighty GB' is not a size."),
    ("", SIZE, "not_a_quantity", "'' is not a size."),
    ("9" * 200 + " GB", SIZE, "not_a_quantity", f"'{'9' * 40}' is not a size."),
    ("-5 s", DURATION, "negative", "'-5 s' is negative."),
    (-5.0, DURATION, "negative", "'-5' is negative."),
    ("0 GB", SIZE, "zero", "'0 GB' is zero; this field wants more than that."),
    ("NaN", SIZE, "not_finite", "'NaN' is not a quantity."),
    (".inf", SIZE, "not_finite", "'.inf' is not a quantity."),
    (math.nan, SIZE, "not_finite", "'nan' is not a finite number."),
    (math.inf, DURATION, "not_finite", "'inf' is not a finite number."),
    ("1e400 s", DURATION, "not_finite", "'1e400 s' is not a finite number."),
    (10**400, SIZE, "too_large", "The number is too large."),
    (1e31, SIZE, "too_large", "'1e+31' is too large. This is more than we accept."),
    ("8", SHARE, "too_large", "'8' is too large. A share is at most 1 (100 %)."),
    (True, SIZE, "wrong_type", "This field wants a size, as text or a number."),
    (None, SIZE, "wrong_type", "This field wants a size, as text or a number."),
    (["80 GB"], SIZE, "wrong_type", "This field wants a size, as text or a number."),
]

SHOWN = [
    (80e9, SIZE, "80 GB"),
    (80 * 2.0**30, SIZE, "85.9 GB"),
    (999.7e6, SIZE, "1.00 GB"),
    (0.0, DURATION, "0 s"),
    (0.0123, DURATION, "12.3 ms"),
    (102.4, DURATION, "102 s"),
    (179.0, DURATION, "179 s"),
    (300.0, DURATION, "5 min"),
    (86400.0 * 31.7, DURATION, "31.7 days"),
    (9.89e14, SPEED, "989 TFLOP/s"),
    (3e21, WORK, "3e21 FLOP"),
    (1.234e22, WORK, "1.23e22 FLOP"),
    (5e15, WORK, "5 PFLOP"),
    (0.4213, SHARE, "42.1 %"),
    (61440.0, TOKEN_RATE, "61.4k tokens/s"),
    (812.0, TOKEN_RATE, "812 tokens/s"),
    (1.4e12, COUNT, "1.40T"),
    (512.0, COUNT, "512"),
    (0.0213, MONEY, "$0.0213"),
    (2.5, MONEY, "$2.50"),
    (971_234.0, MONEY, "$971k"),
    (1_040_000.0, MONEY, "$1.04M"),
    (2.5, PRICE, "$2.50/h"),
    (14.2, PRICE, "$14.20/h"),
    (10_200.0, POWER, "10.2 kW"),
]

NAMED = {
    "step_time_s": DURATION,
    "run_time_s": DURATION,
    "tokens_per_s": TOKEN_RATE,
    "tokens_per_s_per_gpu": TOKEN_RATE,
    "mfu": SHARE,
    "hfu": SHARE,
    "peak_memory_bytes": SIZE,
    "cost_usd_per_step": MONEY,
    "cost_usd": MONEY,
    "cost_usd_per_gpu_hour": PRICE,
    "link_bytes_per_s": RATE,
    "flops_per_s": SPEED,
    "energy_j": ENERGY,
    "power_w": POWER,
    "memory_headroom": SHARE,
    "candidates": COUNT,
}


@pytest.mark.parametrize(("text", "quantity", "value"), WRITTEN)
def test_what_people_write_becomes_si(text: str, quantity: Quantity, value: float) -> None:
    assert units.parse(text, quantity) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(("value", "quantity", "code", "message"), REFUSED)
def test_nonsense_is_refused_with_a_reason_and_a_way_to_write_it(
    value: Any, quantity: Quantity, code: str, message: str
) -> None:
    with pytest.raises(SpecError) as caught:
        units.parse(value, quantity)

    (problem,) = caught.value.problems
    assert (problem.code, problem.message, problem.at) == (code, message, "")
    assert problem.hint


def test_a_unit_in_the_wrong_case_offers_both_readings() -> None:
    with pytest.raises(SpecError) as caught:
        units.parse("80 gb", SIZE)

    assert caught.value.problems[0].hint == "Did you mean GB or Gb?"


@pytest.mark.parametrize(("value", "quantity", "text"), SHOWN)
def test_what_people_read_has_three_digits_and_a_fitting_unit(value: float, quantity: Quantity, text: str) -> None:
    assert units.show(value, quantity) == text


@pytest.mark.parametrize(("name", "quantity"), NAMED.items())
def test_an_estimate_is_shown_by_the_unit_in_its_name(name: str, quantity: Quantity) -> None:
    assert units.quantity_of(name) is quantity


def test_ends_that_lie_far_from_a_value_are_shown_in_units_of_their_own() -> None:
    assert units.show_interval(197e3, 133.0, 262e6, COUNT) == "197k (133 to 262M)"
    assert units.show_interval(3e21, 1e21, 5e21, WORK) == "3e21 FLOP (1e21 FLOP to 5e21 FLOP)"


def test_an_interval_is_shown_in_the_unit_of_its_value() -> None:
    assert units.show_named("step_time_s", 102.4, 99.12, 110.0) == "102 s (99.1 to 110)"
    assert units.show_named("step_time_s", 102.4) == "102 s"
    assert units.show_named("gpu_hours", 6970.0) == "6,970 GPU-hours"


def test_a_count_has_every_digit() -> None:
    assert units.count(41208) == "41,208"


class Example(BaseModel):
    memory: units.Bytes
    latency: units.Seconds | None = None


def test_a_field_parses_once_and_serialises_as_si() -> None:
    example = Example.model_validate({"memory": "80 GB", "latency": "250 ms"})

    assert example.model_dump(mode="json") == {"memory": 80e9, "latency": 0.25}
    assert Example.model_validate(example.model_dump()) == example


def test_a_field_keeps_the_place_of_its_problem() -> None:
    with pytest.raises(ValidationError) as caught:
        Example.model_validate({"memory": "80"})

    (error,) = caught.value.errors()
    assert error["loc"] == ("memory",)
    assert error["ctx"]["error"].problems[0].code == "no_unit"


def test_the_schema_of_a_field_makes_a_form() -> None:
    assert Example.model_json_schema()["properties"]["memory"] == {
        "anyOf": [{"type": "string", "minLength": 1, "maxLength": 64}, {"type": "number", "exclusiveMinimum": 0}],
        "description": "A size, such as 80 GB.",
        "examples": ["80 GB", "192 GiB"],
        "title": "Memory",
        "x-quantity": "a size",
    }


@given(
    value=st.floats(min_value=1e-9, max_value=1e18, allow_nan=False),
    quantity=st.sampled_from([SIZE, RATE, DURATION, WORK, SPEED, POWER, ENERGY, MONEY, PRICE, COUNT, TOKEN_RATE]),
)
def test_what_is_shown_can_be_read_back(value: float, quantity: Quantity) -> None:
    shown = units.show(value, quantity).replace(",", "")

    assert units.parse(shown, quantity) == pytest.approx(value, rel=0.006)


@given(value=st.floats(min_value=1e-6, max_value=1.0))
def test_a_share_can_be_read_back(value: float) -> None:
    assert units.parse(units.show(value, SHARE), SHARE) == pytest.approx(value, rel=0.006)


@given(
    number=st.floats(min_value=1e-3, max_value=1e4),
    quantity=st.sampled_from([*units.QUANTITIES, COUNT]),
    data=st.data(),
)
def test_every_unit_is_read_as_it_is_defined(number: float, quantity: Quantity, data: st.DataObject) -> None:
    unit = data.draw(st.sampled_from(sorted(quantity.units)))
    if quantity is SHARE:
        number = number / 1e4
    text = f"${number!r}{unit[1:]}" if unit.startswith("$") else f"{number!r} {unit}"

    assert units.parse(text, quantity) == pytest.approx(number * quantity.units[unit], rel=1e-12)


@given(text=st.text(max_size=40), quantity=st.sampled_from([*units.QUANTITIES, COUNT]))
def test_no_text_does_more_than_raise_a_spec_error(text: str, quantity: Quantity) -> None:
    try:
        value = units.parse(text, quantity)
    except SpecError:
        return

    assert 0 <= value < math.inf
