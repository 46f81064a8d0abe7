"""Fits to the given data sets: how well each law describes its runs, and what it says of runs it has not seen."""

import numpy as np
import pytest

from solvers.laws.fit import fit
from solvers.laws.law import Runs, loss_at, runs_of
from solvers.laws.loss import get
from tests.solvers.laws.points import column, table


def parallel(text: str) -> Runs:
    rows = [row for row in table("scalebench_parallel_train") if row["group"] == text]
    loss, params, streams = (column(rows, name) for name in ("loss", "num_params", "parallel_size"))
    return runs_of(loss, params=params, streams=streams, counts="non-embedding")


def error_percent(said: np.ndarray, loss: np.ndarray) -> float:
    return float(100 * np.abs(said / loss - 1).mean())


@pytest.mark.parametrize("text", ["stack", "pile"])
def test_one_and_two_streams_tell_four_to_a_quarter_percent(text: str) -> None:
    runs = parallel(text)
    few, four = (runs.take(runs.inputs["streams"] <= 2), runs.take(runs.inputs["streams"] == 4))

    found = fit(get("parscale-by-size"), few)

    assert error_percent(np.exp(found.log_loss(four.inputs)[0]), four.loss) <= 0.25


@pytest.mark.parametrize("text", ["stack", "pile"])
def test_up_to_four_streams_tell_what_all_runs_say_of_eight(text: str) -> None:
    """The printed coefficients were fitted to runs of eight streams too [chen2025parallel]."""
    law, runs = get("parscale"), parallel(text)
    two, four = (runs.inputs["params"][runs.inputs["streams"] == n] for n in (2, 4))
    # The parameters that join the streams grow with their number.
    eight = {"params": four + 2 * (four - two), "streams": np.full(6, 8.0)}
    printed = loss_at(law, law.published[int(text == "pile")].coefficients, **eight)

    said = {name: np.exp(fit(get(name), runs).log_loss(eight)[0]) for name in ("parscale", "parscale-by-size")}

    assert max(error_percent(loss, printed) for loss in said.values()) <= 0.25


def test_the_routed_runs_are_described_like_by_the_papers_own_coefficients() -> None:
    """The runs are of three ways of routing mixed, which the printed rows tell apart and a fit cannot."""
    law, rows = get("moe"), table("scalebench_moe_train")
    inputs = {"params": column(rows, "dense_parameter_count"), "experts": column(rows, "num_experts")}
    loss = column(rows, "loss_validation")

    found = fit(law, runs_of(loss, counts="non-embedding", **inputs))

    printed = [error_percent(loss_at(law, one.coefficients, **inputs), loss) for one in law.published]
    assert error_percent(np.exp(found.log_loss(inputs)[0]), loss) <= min(printed) <= 1.6
    assert found.agree == 1.0


def test_repeated_data_is_described_better_than_by_the_papers_coefficients() -> None:
    law, rows = get("data-constrained"), table("scalebench_data_constrained_train")
    inputs = {name: column(rows, name) for name in ("params", "tokens", "unique_tokens")}
    loss = column(rows, "loss")

    found = fit(law, runs_of(loss, **inputs))

    assert error_percent(loss_at(law, law.published[0].coefficients, **inputs), loss) == pytest.approx(8.47, abs=0.01)
    assert error_percent(np.exp(found.log_loss(inputs)[0]), loss) <= 3.95


def test_over_trained_runs_are_described_by_one_exponent() -> None:
    rows = table("gadre_c4")
    inputs = {"params": column(rows, "params_no_embed"), "tokens": column(rows, "tokens")}

    found = fit(get("over-training"), runs_of(column(rows, "loss_c4_val"), counts="non-embedding", **inputs))

    assert error_percent(np.exp(found.log_loss(inputs)[0]), column(rows, "loss_c4_val")) <= 1.6
    assert found.coefficients["eta"] == pytest.approx(0.121, abs=0.005)
