"""Charts whose rows have their names above them: long names of offers then fit on a narrow page."""

from html import escape
from typing import Any

from frontend.figures.theme import Theme

ROW, FRAME = 50, 62
SPACE = 0.62
"""The share of a row that its name takes."""
LONGEST = 46


def names(texts: list[str], theme: Theme, *, rise: int = 10) -> list[dict[str, Any]]:
    """An annotation above each row, from the left; `rise` is half of what is drawn in the row, in pixels."""
    place = {"x": 0, "xref": "paper", "xanchor": "left", "yanchor": "bottom", "showarrow": False}
    font = {"color": theme["ink-2"], "size": 12}
    return [
        {"text": escape(_cut(text)), "y": row, "yshift": rise, "font": font, **place} for row, text in enumerate(texts)
    ]


def axis(count: int) -> dict[str, Any]:
    """The hidden axis of so many rows, the first on top, with room above it for its name."""
    return {"visible": False, "fixedrange": True, "range": [count - 0.5, -0.8]}


def height(count: int) -> int:
    """Pixels of a chart with so many rows."""
    return FRAME + ROW * count


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
