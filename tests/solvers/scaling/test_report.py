from pathlib import Path

import pytest

from tests.solvers.laws import points
from tests.solvers.scaling.report import SECTIONS, Row, rows


def test_a_figure_whose_data_set_is_absent_is_said_to_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(points, "SHARED", tmp_path)

    found = list(rows(("chinchilla", "streams")))

    message = "The data set {} is not beside this checkout."
    assert found == [
        Row("chinchilla", "absent", "", message.format("chinchilla_epoch_svg")),
        Row("streams", "absent", "", message.format("scalebench_parallel_train")),
    ]


def test_farseers_figure_is_of_a_family_left_out_and_beats_the_three_forms() -> None:
    error, covers = SECTIONS["farseer"]()

    alone = [float(part.split()[1]) for part in error.beside.split(", ")]
    assert error.what.endswith("(130 -> 81), family left out")
    assert float(error.found.split()[0]) <= min(*alone, 1.0)
    assert float(covers.found.split()[0]) >= 85.0
