from pathlib import Path

import pytest

from solvers.serving import tables
from tests.solvers.serving.test_accuracy import _rows


def test_without_measurements_the_table_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    tables.main([tmp_path / "none.csv"])

    assert capsys.readouterr().out.endswith(f"Not scored: {tmp_path / 'none.csv'} is not there.\n")


def test_the_peer_is_scored_on_the_rows_that_both_predict() -> None:
    rows = _rows()
    peer = {row["id"]: {"predicted_tpot_ms": row["silicon_tpot_ms"], "predicted_ttft_ms": "1"} for row in rows[:5]}

    lines = tables.table(rows, peer)

    assert len([line for line in lines if line.startswith("|")]) == 2 + len(tables.LINES) - 1
    assert "whole systems: not scored. All rows have the same `system`: nothing is left to calibrate on." in lines
    peers = [line for line in lines if "on the 5 rows that aiconfigurator 0.12.0 predicts" in line]
    assert peers
    assert all("aiconfigurator TPOT MAPE 0.0 %" in line for line in peers)
