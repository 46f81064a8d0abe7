import numpy as np
import pytest

from solvers.errors import SpecError
from solvers.laws.hyperparameters.sweep import Sweep, diverged, groups_of
from tests.solvers.laws.hyperparameters.sweeps import sweep_of

ROWS = [
    {"N": "1e8", "D": "2e9", "lr": "1e-3", "bs": "64", "loss": "3.0"},
    {"N": "1e8", "D": "2e9", "lr": "4e-3", "bs": "64", "loss": "4.4"},
    {"N": "1e8", "D": "2e9", "lr": "8e-3", "bs": "64", "loss": "4.6"},
    {"N": "1e8", "D": "2e9", "lr": "9e-3", "bs": "64", "loss": "nan"},
    {"N": "1e8", "D": "1e9", "lr": "9e-3", "bs": "64", "loss": "inf"},
]
COLUMNS = {"params": "N", "tokens": "D", "learning_rate": "lr", "batch_tokens": "bs", "loss": "loss"}


def sweep() -> Sweep:
    return sweep_of(ROWS, columns=COLUMNS, batch_unit=2048)


def test_groups_are_runs_of_one_size() -> None:
    groups = groups_of(sweep())

    assert (groups.params.tolist(), groups.tokens.tolist()) == ([1e8, 1e8], [1e9, 2e9])
    assert groups.of_run.tolist() == [1, 1, 1, 1, 0]
    assert (groups.place(1e8, 2e9), groups.place(1e8, 3e9)) == (1, None)


def test_a_run_half_as_lossy_again_as_the_best_of_its_group_diverged() -> None:
    found = diverged(sweep(), groups_of(sweep()))

    assert found.tolist() == [False, False, True, True, True]


@pytest.mark.parametrize(("name", "value"), [("params", 0.0), ("learning_rate", np.nan), ("loss", -1.0)])
def test_what_cannot_be_a_run_is_refused_at_its_place(name: str, value: float) -> None:
    columns = {key: np.array([1.0, 2.0]) for key in COLUMNS}
    columns[name] = np.array([1.0, value])

    with pytest.raises(SpecError) as caught:
        Sweep(**columns)

    assert caught.value.problems[0].at == f"/1/{name}"


def test_every_run_has_every_column() -> None:
    columns = {key: np.ones(2) for key in COLUMNS} | {"tokens": np.ones(3)}

    with pytest.raises(SpecError) as caught:
        Sweep(**columns)

    assert caught.value.problems[0].code == "lengths_differ"


def test_n_is_counted_in_a_known_way() -> None:
    with pytest.raises(SpecError):
        Sweep(**{key: np.ones(2) for key in COLUMNS}, counts="all")
