"""Cells of a row of measurements: numbers, names, and what a blank means."""

from collections.abc import Mapping

Row = Mapping[str, str]
OLD_STACKS = ("Megatron-LM", "Megatron-DeepSpeed")


class NotExpressible(Exception):
    """The row says something that the model has no word for; the message says what."""


def number(row: Row, name: str) -> float | None:
    """The cell as a number; None where it is blank or says something else."""
    text = (row.get(name) or "").strip()
    try:
        return float(text) if text else None
    except ValueError:
        return None


def whole(row: Row, name: str) -> int:
    """A number of at least 1; NotExpressible without one."""
    value = number(row, name)
    if not value or value < 1:
        raise NotExpressible(f"no {name}")
    return int(value)


def is_old(row: Row) -> bool:
    """Whether Megatron before 2023 ran it."""
    return row.get("stack", "") in OLD_STACKS


def is_core(row: Row) -> bool:
    """Whether plain Megatron-Core ran it."""
    return row.get("stack", "").startswith("Megatron-Core")


def is_nemo(row: Row) -> bool:
    """Whether NVIDIA's NeMo ran it: Launcher, NeMo, Megatron-Bridge, and the MLPerf submissions made with it."""
    return row.get("stack", "").startswith("NeMo") or row.get("source", "").startswith("MLPerf")


def precision_of(row: Row) -> str:
    """The narrowest type of the products, as the catalogue calls it; a footnote's choice of FP8 scaling is FP8."""
    text = row.get("precision", "").lower()
    if "fp4" in text:
        return "fp4"
    return "fp8" if "fp8" in text or "granularity" in text else "fp16" if "fp16" in text else "bf16"


def scaling_of(row: Row) -> str:
    """What one scale of FP8 stands for; MXFP8 and the granularities of Bridge's footnotes are blocks."""
    text = row.get("precision", "").lower()
    if "mx" in text or text.startswith("granularity"):
        return "block"
    return "row" if "rowwise" in text else "tensor"
