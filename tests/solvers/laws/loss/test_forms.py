"""Each law's loss is the formula of its paper, written here once more in plain letters."""

import numpy as np
import pytest

from solvers.laws.law import loss_at
from solvers.laws.loss import get

N, D = 1.3e9, 4e10


def test_kaplan() -> None:
    of = get("kaplan").published[1].coefficients

    found = loss_at(get("kaplan"), of, params=N, tokens=D).item()

    by_hand = ((of["N_c"] / N) ** (of["alpha_N"] / of["alpha_D"]) + of["D_c"] / D) ** of["alpha_D"]
    assert found == pytest.approx(by_hand, rel=1e-12)


def test_minicpm() -> None:
    of = {"C_N": 3.0, "C_D": 5.0, "L0": 0.25, "alpha": 0.29, "beta": 0.23}

    found = loss_at(get("minicpm"), of, params=N, tokens=D).item()

    assert found == pytest.approx(3.0 / N**0.29 + 5.0 / D**0.23 + 0.25, rel=1e-12)


def test_what_minicpm_says_of_tokens_a_parameter_depends_on_the_unit() -> None:
    in_billions, plain = (1e21 / 6 / unit**2 for unit in (1e9, 1.0))

    ratios = [1 / (0.01 * product**-0.10) for product in (in_billions, plain)]

    assert ratios == pytest.approx([167, 10_500], rel=0.01)


def test_over_training() -> None:
    of = {"E": 1.6, "a": 107.0, "b": 212.0, "eta": 0.12}
    tokens_per_parameter, flops = D / N, 6.0 * N * D

    found = loss_at(get("over-training"), of, params=N, tokens=D).item()

    by_hand = 1.6 + (107.0 * tokens_per_parameter**0.12 + 212.0 * tokens_per_parameter**-0.12) * flops**-0.12
    assert found == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize("unique", [1e9, 4e10, 9e10])
def test_data_constrained(unique: float) -> None:
    of = get("data-constrained").published[0].coefficients

    found = loss_at(get("data-constrained"), of, params=N, tokens=D, unique_tokens=unique).item()

    seen = min(unique, D)
    tokens = seen * (1 + of["R_D"] * (1 - np.exp(-(D / seen - 1) / of["R_D"])))
    useful = min(N, (of["alpha"] * of["A"] / of["beta"] / of["B"] * seen ** of["beta"]) ** (1 / of["alpha"]))
    params = useful * (1 + of["R_N"] * (1 - np.exp(-(N / useful - 1) / of["R_N"])))
    by_hand = of["E"] + of["A"] / params ** of["alpha"] + of["B"] / tokens ** of["beta"]
    assert found == pytest.approx(by_hand, rel=1e-12)


def test_without_repetition_and_excess_it_is_chinchilla() -> None:
    of = get("data-constrained").published[0].coefficients

    found = loss_at(get("data-constrained"), of, params=1e8, tokens=D, unique_tokens=D)

    assert found == pytest.approx(loss_at(get("chinchilla"), of, params=1e8, tokens=D), rel=1e-12)


@pytest.mark.parametrize("experts", [1.0, 8.0, 512.0])
def test_mixture_of_experts(experts: float) -> None:
    of = get("moe").published[0].coefficients

    found = loss_at(get("moe"), of, params=N, experts=experts).item()

    worth = 1 / (1 / (experts - 1 + 1 / (1 / of["E_start"] - 1 / of["E_max"])) + 1 / of["E_max"])
    log_n, log_e = np.log10([N, worth])
    assert found == pytest.approx(
        10 ** (of["a"] * log_n + of["b"] * log_e + of["c"] * log_n * log_e + of["d"]), rel=1e-12
    )


@pytest.mark.parametrize("name", ["parscale", "parscale-by-size"])
def test_parallel_streams(name: str) -> None:
    of = {**get("parscale").published[0].coefficients, "tau": 0.2 if name == "parscale-by-size" else 0.0}

    found = loss_at(get(name), of, params=N, streams=[1.0, 8.0])

    by_hand = [
        of["E"] + (of["A"] / (N * (of["k"] * (N / 1e9) ** of["tau"] * np.log(p) + 1))) ** of["alpha"] for p in (1, 8)
    ]
    assert found == pytest.approx(np.array(by_hand), rel=1e-12)


def test_replicas() -> None:
    of = get("diloco").published[0].coefficients

    found = loss_at(get("diloco"), of, params=N, replicas=4.0).item()

    assert found == pytest.approx(19.226 * N**-0.0985 * 4.0**0.0116, rel=1e-12)


@pytest.mark.parametrize(
    ("replicas", "level", "exponent"),
    [(1, 18.363, 0.0961), (2, 18.768, 0.0969), (4, 19.762, 0.0992), (8, 21.051, 0.1018)],
)
def test_the_joint_law_of_replicas_agrees_with_the_fits_of_each_number(
    replicas: int, level: float, exponent: float
) -> None:
    """Tables 7 and 10 [charles2025communication], from 35M to 2.4B parameters."""
    params = np.array([3.5e7, 2.4e9])

    found = loss_at(get("diloco"), get("diloco").published[0].coefficients, params=params, replicas=[replicas] * 2)

    assert found == pytest.approx(level * params**-exponent, rel=0.01)
