"""Learning rate and batch of a family's runs and of its target: the three calls that other parts make."""

from solvers.scaling.runs.read import Imported
from solvers.scaling.tuning.asked import Asked
from solvers.scaling.tuning.basis import Counted, Tuning, basis
from solvers.scaling.tuning.told import told
from solvers.scaling.tuning.tuned import tuned

__all__ = ["Asked", "Counted", "Tuning", "told", "tuned", "tuning"]

# Tokens of a sequence where nobody says: that of the runs behind most rules, twice over (estimate).
SEQUENCE_LENGTH = 4096


def tuning(
    imported: Imported | None,
    *,
    counts: str,
    counted: Counted | None = None,
    sequence_length: int = SEQUENCE_LENGTH,
    options: Asked | None = None,
) -> Tuning:
    """What the tuning rests on: the runs' surface where they are enough, else Step Law.

    `counts` is what N means in the table and in every later question; `counted` turns it into another convention.
    """
    return basis(imported, counts=counts, counted=counted, sequence_length=sequence_length, options=options or Asked())
