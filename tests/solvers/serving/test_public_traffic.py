"""How public traces become those that ship."""

import gzip
from pathlib import Path

import pytest

from solvers.serving.public_traffic import packed, pairs, shared_blocks, spread


def test_a_prefix_is_what_another_request_has_too() -> None:
    requests = [
        {"timestamp": 0, "input_length": 1400, "output_length": 5, "hash_ids": [0, 7, 8]},
        {"timestamp": 500, "input_length": 1900, "output_length": 6, "hash_ids": [0, 7, 8, 9]},
        {"timestamp": 900, "input_length": 900, "output_length": 7, "hash_ids": [0, 3]},
        {"timestamp": 950, "input_length": 900, "output_length": 0, "hash_ids": [4, 5]},
    ]

    assert shared_blocks(requests) == [
        (0.0, 1400, 5, 7, 1400),
        (0.5, 1900, 6, 7, 1536),
        (0.9, 900, 7, 0, 512),
    ]


def test_rows_are_thinned_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("solvers.serving.public_traffic.MOST", 2)

    assert spread([("a",), ("b",), ("c",), ("d",)]) == [(0, "a"), (1, "c")]


def test_requests_without_an_answer_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "lengths.csv"
    path.write_text("a,b\n1,2\n3,0\n")

    assert pairs(path, columns=("a", "b")) == [("1", "2")]
    assert gzip.decompress(packed("a,b", [(1, 2)])) == b"a,b\n1,2\n"
