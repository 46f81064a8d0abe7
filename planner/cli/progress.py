"""Progress on stderr: one live line on a terminal, a line at each new stage elsewhere."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from planner.cli.exits import printable

if TYPE_CHECKING:
    from solvers.base import Progress


@contextmanager
def watch(*, quiet: bool) -> Iterator["Progress"]:
    """A progress that shows itself while the block runs."""
    if quiet:
        yield _silent
    elif sys.stderr.isatty():
        with _live() as progress:
            yield progress
    else:
        yield _Lines()


def line(*, stage: str, fraction: float, candidates: int, best: Mapping[str, Any] | None = None) -> str:
    """`evaluating 40 %, 12,000 candidates, best 12.3 s (TP8 PP8)`."""
    parts = [f"{stage} {100 * fraction:.0f} %", f"{candidates:,} candidates"]
    if best:
        parts.append(f"best {_best(best)}")
    return printable(", ".join(parts))


def arguments(document: Mapping[str, Any]) -> dict[str, Any]:
    """A progress document from the server as the arguments of a progress; what is unknown is left out."""
    return {
        "stage": str(document.get("stage", "")),
        "fraction": float(document.get("fraction", 0.0)),
        "candidates": int(document.get("candidates", 0)),
        "best": document.get("best"),
    }


def _best(best: Mapping[str, Any]) -> str:
    from solvers import units  # noqa: PLC0415 -- pydantic is slow to import

    label = str(best.get("label", ""))
    numbers = [units.show_named(name, value) for name, value in best.items() if isinstance(value, float)]
    return " ".join([*numbers[:1], f"({label})" if label else ""]).strip()


def _silent(**_progress: Any) -> None:
    """The progress of a caller who does not watch."""


class _Lines:
    """One line for each new stage, for logs."""

    def __init__(self) -> None:
        self.stage = ""

    def __call__(self, *, stage: str, fraction: float, candidates: int, best: Mapping[str, Any] | None = None) -> None:
        if stage != self.stage:
            self.stage = stage
            said = line(stage=stage, fraction=fraction, candidates=candidates, best=best)
            print(said, file=sys.stderr)  # noqa: T201 -- what this class is for


@contextmanager
def _live() -> Iterator["Progress"]:
    from rich.console import Console  # noqa: PLC0415 -- slow import
    from rich.text import Text  # noqa: PLC0415 -- slow import

    console = Console(stderr=True)
    with console.status("starting") as status:

        def progress(*, stage: str, fraction: float, candidates: int, best: Mapping[str, Any] | None = None) -> None:
            status.update(Text(line(stage=stage, fraction=fraction, candidates=candidates, best=best)))

        yield progress
