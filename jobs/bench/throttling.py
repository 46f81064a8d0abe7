"""Whether a device slowed down while it was measured."""

from solvers.documents import Document

# A clock at the end below this share of that after the first row, and rows whose last third of repeats took this many
# times the first.
CLOCK_SHARE, SLOWED = 0.9, 1.25
# NVML's words for a GPU that is held back; a power cap under load is how it is built.
HELD_BACK = {"hardware_slowdown", "software_thermal", "hardware_thermal", "power_brake"}


def flags(environment: Document, *, slowed: list[float], spreads: list[float]) -> Document:
    """What speaks against the measurement. Most rows must have slowed: one of many does by chance."""
    before, after = environment["clocks_before"], environment["clocks_after"]
    many = sum(one > SLOWED for one in slowed) > len(slowed) / 2
    return {"throttled": many or _held_back(before, after), "spread": max(spreads)}


def _held_back(before: Document | None, after: Document | None) -> bool:
    if before is None or after is None:
        return False
    dropped = after["sm_clock_hz"] < CLOCK_SHARE * before["sm_clock_hz"]
    return dropped or bool(HELD_BACK & {*before["reasons"], *after["reasons"]})
