import math

import pytest

from solvers.laws.errors import BadRuns
from solvers.laws.units import COUNTS, LOSS_UNITS, Shape, Text, convert_loss, convert_params

# Llama-3-8B: 128,256 tokens, hidden 4,096, untied; 8.03e9 parameters in all, of which 2 x 525e6 are tables.
LLAMA = Shape(vocabulary=128_256, hidden=4096, active=0.25)


@pytest.mark.parametrize(
    ("to", "params"),
    [("total", 8.03e9), ("with-head", 7.504663e9), ("non-embedding", 6.979327e9), ("active", 1.744832e9)],
)
def test_parameters_are_counted_in_every_convention(to: str, params: float) -> None:
    assert convert_params(8.03e9, counts="total", to=to, shape=LLAMA).item() == pytest.approx(params, rel=1e-6)


@pytest.mark.parametrize("counts", COUNTS)
@pytest.mark.parametrize("to", COUNTS)
def test_there_and_back_is_the_same_count(counts: str, to: str) -> None:
    there = convert_params(5e9, counts=counts, to=to, shape=LLAMA)

    assert convert_params(there, counts=to, to=counts, shape=LLAMA).item() == pytest.approx(5e9, rel=1e-12)


def test_tied_tables_count_once() -> None:
    tied = Shape(vocabulary=32_000, hidden=1024, tied=True)

    assert convert_params(1e8, counts="non-embedding", to="total", shape=tied).item() == 1e8 + 32_000 * 1024


def test_what_a_count_needs_is_named() -> None:
    with pytest.raises(BadRuns) as caught:
        convert_params(1e9, counts="total", to="non-embedding", shape=Shape(hidden=1024))

    (problem,) = caught.value.problems
    assert problem.message == "N cannot be turned from total into non-embedding parameters without: vocabulary."
    assert problem.hint == "Give the model's vocabulary."


def test_a_model_smaller_than_its_tables_is_refused() -> None:
    with pytest.raises(BadRuns, match=r"has embeddings of 5.253e\+08"):
        convert_params(1e8, counts="total", to="non-embedding", shape=LLAMA)


def test_a_loss_of_nats_per_token_in_bits() -> None:
    text = Text(bytes_per_token=4.0, chars_per_token=3.9)

    assert convert_loss(2.0, unit="nats/token", to="bits/byte", text=text).item() == pytest.approx(0.5 / math.log(2))
    assert convert_loss(2.0, unit="nats/token", to="bits/char", text=text).item() == pytest.approx(
        2.0 / 3.9 / math.log(2)
    )
    assert convert_loss(1.0, unit="bits/byte", to="nats/byte", text=Text()).item() == pytest.approx(math.log(2))


@pytest.mark.parametrize("unit", LOSS_UNITS)
@pytest.mark.parametrize("to", LOSS_UNITS)
def test_there_and_back_is_the_same_loss(unit: str, to: str) -> None:
    text = Text(bytes_per_token=4.2, chars_per_token=4.0)

    there = convert_loss(2.0, unit=unit, to=to, text=text)

    assert convert_loss(there, unit=to, to=unit, text=text).item() == pytest.approx(2.0, rel=1e-12)


def test_what_a_loss_needs_is_named() -> None:
    with pytest.raises(BadRuns, match="between bits/char and nats/token without chars per token"):
        convert_loss(2.0, unit="nats/token", to="bits/char", text=Text(bytes_per_token=4.0))
