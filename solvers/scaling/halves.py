"""Half of an interval of the loss as a share of its middle: what the width of an interval is told as."""

from math import sinh

from solvers.documents import Document

# Two digits of a share as large as this would be written with an exponent.
WHOLE = 0.995


def half(estimate: Document) -> float:
    """Of {value, low, high}."""
    return float((estimate["high"] - estimate["low"]) / (2.0 * estimate["value"]))


def of_log(width: float) -> float:
    """Of the half-width of ln loss: (e^w - e^-w) / 2."""
    return sinh(width)


def around(value: float, share: float) -> Document:
    """{value, low, high} with this half on either side."""
    return {"value": value, "low": value - share * value, "high": value + share * value}


def said(share: float) -> str:
    """In two digits: `1.9 %`."""
    return f"{100.0 * share:#.2g}".rstrip(".") + " %" if share < WHOLE else f"{100.0 * share:.0f} %"
