"""The docs' table of recipes is the registry's."""

from pathlib import Path

from solvers import recipes

DOCS = Path(__file__).parents[3] / "docs" / "recipes.md"


def test_the_table_is_the_registry_s() -> None:
    rows = [line for line in DOCS.read_text("utf-8").splitlines() if line.startswith("| `")]

    assert rows == [f"| `{one.name}` {one.version} | {one.title} | {one.summary} |" for one in recipes.KNOWN.values()]
