"""Priors learned from the known families of runs, from a file of what each family says of each law.

`python -m tests.solvers.laws.write_priors` makes the file from the data sets; it holds fits, not runs.
"""

import json
from collections.abc import Collection
from functools import cache
from importlib.resources import files

import numpy as np

from solvers.laws.fit.hierarchical import Family, Learned, learn
from solvers.laws.loss import get

FILE = "families.json"


def learned(law: str, *, leave: Collection[str] = ()) -> Learned:
    """The prior of the law called `law`, without the families or groups in `leave`."""
    return _learned(law, tuple(sorted(leave)))


@cache
def _learned(law: str, leave: tuple[str, ...]) -> Learned:
    return learn(get(law), families(law), leave=leave)


@cache
def families(law: str) -> tuple[Family, ...]:
    """What each known family says of the law; none for laws that no family speaks for."""
    text = files("solvers.laws").joinpath("data", FILE).read_text("utf-8")
    rows = json.loads(text)["laws"].get(law, [])
    return tuple(
        Family(row["name"], row["group"], np.array(row["theta"]), np.array(row["information"])) for row in rows
    )
