"""The doubt that left-out families of runs teach, from a file.

`python -m tests.solvers.laws.write_doubt` makes the file; it holds what was learned, not runs.
"""

import json
from functools import cache
from importlib.resources import files

from solvers.laws.predict.interval import Doubt

FILE = "doubt.json"


@cache
def shipped() -> Doubt:
    """The doubt for runs of a family that is not among those it was learned from."""
    document = json.loads(files("solvers.laws").joinpath("data", FILE).read_text("utf-8"))
    return Doubt(tuple(document["parts"]), float(document["reach"]))
