"""The document that micro-benchmarks alone make, before any step has its say: the same for every kind."""

from typing import TypeVar

from solvers.calibration.own.document import Aside, Taught
from solvers.calibration.own.fit import Fitted
from solvers.calibration.own.measured import Measured
from solvers.catalogue import Node

T = TypeVar("T", bound=Taught)


def draft_of(
    document: type[T], measured: Measured, micro: Fitted, *, kind: str, base: str, node: Node, like: bool
) -> T:
    """The calibration of what was measured, without steps. `like`: published runs were on devices about as fast."""
    return document.model_validate(
        {
            "format": "isoflop-calibration",
            "version": 1,
            "kind": kind,
            "name": node.gpu.name,
            "device": measured.device,
            "stack": measured.stack,
            "base": base,
            "node": node,
            "coefficients": micro.coefficients,
            "correlation": micro.correlation,
            "like_published": like,
            "steps": (),
            "measurements": tuple(sorted({row.measurement for row in measured.rows})),
        }
    )


def odd_rows(micro: Fitted) -> list[Aside]:
    """Rows of micro-benchmarks that hardly counted: reweighting left them so little."""
    return [
        row.aside(f"It lies {missed:+.1f} standard deviations from what fits the others, and counts little.")
        for row, missed in micro.odd
    ]
