"""Writes what each given family of runs says of each law: `python -m tests.solvers.laws.write_priors`."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from solvers.laws.fit import fit
from solvers.laws.fit.flags import before_fit, trust
from solvers.laws.fit.hierarchical import Learned, family
from solvers.laws.law import Runs
from solvers.laws.loss import get
from tests.solvers.laws.families import FAMILIES

FILE = Path(__file__).parents[3] / "solvers" / "laws" / "data" / "families.json"
LAWS = ("chinchilla", "skaling", "farseer", "kaplan", "over-training")
DIGITS = 6


def row(name: str, group: str, runs: Runs, law: str) -> dict[str, Any]:
    centre, width = (np.array([getattr(one, what) for one in get(law).parameters]) for what in ("centre", "width"))
    own = Learned(get(law), centre, width, (name,))
    prior = own.prior(level=own.level(runs))
    fitted = fit(get(law), runs, prior=prior, scale=own.scale(runs.inputs), weights=trust(runs, before_fit(runs)))
    found = family(name, fitted, group=group)
    return {"name": name, "group": group, "theta": rounded(found.theta), "information": rounded(found.information)}


def rounded(values: np.ndarray) -> Any:
    return [rounded(one) for one in values] if values.ndim else float(f"{values:.{DIGITS}g}")


def document() -> dict[str, Any]:
    runs = {name: (group, read()) for name, (group, read) in FAMILIES.items()}
    return {
        "made_by": "python -m tests.solvers.laws.write_priors",
        "families": {name: {"group": group, "runs": len(one)} for name, (group, one) in runs.items()},
        "laws": {law: [row(name, group, one, law) for name, (group, one) in runs.items()] for law in LAWS},
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(document(), separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n", "utf-8")
