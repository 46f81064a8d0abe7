"""The report's own rows, read."""

from datetime import date

import pytest

from tests.accuracy.parts import ROOT
from tests.accuracy.scaling import document, read
from tests.solvers.scaling.report import Row

SHARED = ROOT.parent / "shared" / "data"
REPORT = """| figure | here | bar | beside it |
|---|---|---|---|
| Farseer runs, 10x the compute (130 -> 81), family left out | 0.50 % | <= 1.0 % | Skaling 0.55 %, Farseer 0.64 %, Chinchilla 2.18 % |
| its 90 % interval covers | 100.00 % |  |  |
| - comma, 28 runs -> 38 | 0.98 % |  | Skaling 1.12 %, Farseer 1.79 %, Chinchilla 1.92 % |
| - comma, 40 runs -> 15 | 1.12 % |  | Skaling 0.89 %, Farseer 1.33 %, Chinchilla 2.06 % |
| - gadre, 11 runs -> 18 | 1.10 % |  | Skaling 3.45 %, Farseer 11.88 %, Chinchilla 9.20 % |
| left-out families, 3 cuts, mean error | 1.07 % | <= 1.0 % | Skaling 1.82 %, Farseer 5.0 %, Chinchilla 4.39 % |
| median | 1.10 % |  |  |
| 90 % interval covers | 94.31 % | 85-95 % | Chinchilla 40 %, Skaling 71 % |
| advice in 100 cases: shrink promised against found | 5.01 % off, 94% within 30 % | within 30 % |  |
"""  # noqa: E501


def test_a_printed_report_has_the_rows_that_were_printed():
    rows = read(REPORT)

    assert len(rows) == 9
    assert rows[1] == Row("its 90 % interval covers", "100.00 %")


def test_families_are_lines_groups_and_worst_cases():
    if not SHARED.exists():
        pytest.skip("the runs are not beside the checkout")

    found = document(SHARED, at=date(2026, 11, 22), command="c", found=read(REPORT))

    first = found.lines[0]
    assert (first.held_out, first.rows) == ("the family: 2 families, 3 cuts", 71)
    assert (first.mean, first.median, first.worst, first.baseline) == (0.0107, 0.011, 0.0112, 0.0439)
    assert (first.peer.error, first.coverage) == (0.0182, 0.9431)
    assert [(one.name, one.rows, one.error, one.baseline) for one in found.groups[0].groups] == [
        ("comma", 53, 0.0105, 0.0199),
        ("gadre", 18, 0.011, 0.092),
    ]
    assert [one.name for one in found.worst] == ["comma, from 40 runs", "gadre, from 11 runs", "comma, from 28 runs"]
    assert [one.what for one in found.figures] == [
        "90 % interval covers",
        "advice in 100 cases: shrink promised against found",
    ]
    assert found.figures[1].found == "5.01 % off, 94 % within 30 %"
