"""Records for tests."""

from solvers.scaling.runs.records import Record


def record(line: int = 2, **said: float | str) -> Record:
    """A run of 100M parameters, 2B tokens and a loss of 3, but for what is said."""
    whole = {"params": 1e8, "tokens": 2e9, "loss": 3.0, **said}
    numbers = {name: value for name, value in whole.items() if not isinstance(value, str)}
    return Record(line, numbers, {name: value for name, value in whole.items() if isinstance(value, str)})
