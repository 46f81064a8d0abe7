import json

import numpy as np
import pytest

from tests.solvers.laws.few import few
from tests.solvers.laws.forecasts import COUNTS, Forecast, Score, forecasts, scores
from tests.solvers.laws.write_doubt import FEW, FILE, document, lines


@pytest.fixture(scope="module")
def taught() -> list[Forecast]:
    return [*forecasts(), *few()]


@pytest.fixture(scope="module")
def scored(taught: list[Forecast]) -> list[Score]:
    return scores(taught, taught)


def test_the_doubt_that_ships_is_what_its_command_makes(taught: list[Forecast]) -> None:
    shipped = json.loads(FILE.read_text("utf-8"))

    found = document(taught)

    assert found["made_by"] == shipped["made_by"]
    assert found["parts"] == pytest.approx(shipped["parts"], abs=2e-3)
    assert found["reach"] == pytest.approx(shipped["reach"], rel=2e-3)


@pytest.mark.parametrize("kind", COUNTS)
def test_intervals_of_left_out_families_hold_what_they_say_from_many_runs_and_from_few(
    scored: list[Score], kind: str
) -> None:
    some = [one for one in scored if one.kind == kind]

    covers, half = (np.mean([getattr(one, what) for one in some]) for what in ("coverage", "half_width"))

    assert 0.85 <= covers <= 0.95
    assert half <= 0.035


@pytest.mark.parametrize(("least", "most"), FEW)
def test_intervals_hold_however_few_the_runs(scored: list[Score], least: int, most: int) -> None:
    few_ = [one for one in scored if one.kind != "many" and least <= one.fitted < most]

    covers = np.mean([one.coverage for one in few_])

    assert len(few_) >= 30
    assert 0.84 <= covers <= 0.965


def test_whole_cuts_have_the_runs_of_a_family_and_others_few(taught: list[Forecast]) -> None:
    sizes = {kind: [len(one.fitted) for one in taught if one.kind == kind] for kind in COUNTS}

    assert len(sizes["many"]) == 25
    assert set(sizes["random"]) == {8, 12, 20}
    assert max(sizes["ladder"]) <= 20
    assert all(one.asked.flops.min() > one.fitted.flops.max() for one in taught)


def test_the_command_tells_every_whole_cut_and_every_kind(scored: list[Score]) -> None:
    found = list(lines(scored))

    assert len(found) == 25 + len(COUNTS) + len(FEW)
    assert found[25].startswith("many, 25: error ")
