"""What runs differ in besides size and length, as the page tells it."""

import pytest

from frontend.figures.scaling import kinds, panels, residuals, words
from solvers.documents import Document
from tests.frontend.figures.scaling.sample import solved as sample

STREAMS = {
    "name": "streams", "title": "Parallel streams P", "form": "N' = N (k ln P + 1)", "least": 1.0, "most": 4.0,
    "target": 8.0, "loss_change": {"value": -0.031, "low": -0.041, "high": -0.021}, "source": "chen2025parallel",
}  # fmt: skip
REPEATS = {
    "rate": {"value": 12.0, "low": 8.0, "high": 18.0}, "published": 15.4, "runs": 20, "form": "D' = ...",
    "source": "muennighoff2023scaling",
}  # fmt: skip


@pytest.fixture
def solved() -> Document:
    found = sample()
    found["plan"] |= {"kinds": [STREAMS], "repeats": REPEATS}
    for run in found["plan"]["runs"]:
        run["kind"] = {"streams": 2.0}
    return found


def test_each_kind_is_told_with_what_it_does_at_the_target(solved: Document) -> None:
    found = kinds.panel(solved)

    assert found is not None
    assert found.table.rows == (
        ("Parallel streams P", "1 to 4", "8", "loss −3.1 % against one (−4.1 % to −2.1 %)", "N' = N (k ln P + 1)",
         "chen2025parallel"),
        ("Repeated tokens", "20 runs saw tokens again", "each seen once", "R* 12 epochs (8 to 18); published 15.4",
         "D' = ...", "muennighoff2023scaling"),
    )  # fmt: skip
    assert found.notes == (kinds.REPEATS,)
    assert [panel.name for panel in panels.panels(solved)][1] == "kinds"


def test_a_rate_that_no_run_told_is_as_published(solved: Document) -> None:
    solved["plan"] |= {"kinds": [], "repeats": {**REPEATS, "runs": 0}}

    found = kinds.panel(solved)

    assert found is not None
    assert found.table.rows[0][1:4] == (
        "none saw tokens again",
        "each seen once",
        "R* 12 epochs (8 to 18), as published",
    )


def test_runs_say_of_which_kind_they_are(solved: Document) -> None:
    table = residuals.table(solved)

    place = table.columns.index("Kind")
    assert {row[place] for row in table.rows} == {"2 streams"}
    assert kinds.words({"kind": {"experts": 1.0, "replicas": 4.0}}) == "1 expert, 4 replicas"
    assert ("Parallel streams P", "8") in words.big_run(solved)


def test_answers_without_kinds_say_nothing_of_them() -> None:
    assert kinds.panel(sample()) is None
    assert "Kind" not in residuals.table(sample()).columns
