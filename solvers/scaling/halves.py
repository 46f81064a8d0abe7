"""Half of an interval of the loss as a share of its middle: what the width of an interval is told as."""

from solvers.documents import Document

# Two digits of a share as large as this would be written with an exponent.
WHOLE = 0.995


def half(estimate: Document) -> float:
    """Of {value, low, high}."""
    return float((estimate["high"] - estimate["low"]) / (2.0 * estimate["value"]))


def around(value: float, share: float) -> Document:
    """{value, low, high} with this half on either side."""
    return {"value": value, "low": value - share * value, "high": value + share * value}


def said(share: float) -> str:
    """In two digits: `1.9 %`."""
    return f"{100.0 * share:#.2g}".rstrip(".") + " %" if share < WHOLE else f"{100.0 * share:.0f} %"
