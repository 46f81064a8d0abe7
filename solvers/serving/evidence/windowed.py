"""What a sliding window leaves of causal attention, for compiled loops: `steps.windowed_pairs` of two numbers."""

from numba import njit


@njit(cache=True)
def windowed(new: float, before: float, window: float) -> float:  # pragma: no cover -- compiled
    """Pairs of `new` tokens after `before` others with what they see in a window; 0 without a window."""
    if window <= 0.0:
        return 0.0
    growing = min(max(window - before, 0.0), new)
    start = min(before, window)
    return growing * start + growing * (growing + 1.0) / 2.0 + (new - growing) * window
