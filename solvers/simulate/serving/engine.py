"""Serving, simulated step by step in compiled code: the same requests, blocks and steps as the plain oracle's.

Compiled once for a machine and kept in numba's cache beside the module, or in the user's where that cannot be written;
where neither can be, it is compiled again in each process. The cache knows the text of all modules that are compiled
into it, so a change of any of them is a new entry.
"""

import hashlib
import math
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numba import njit

from solvers.cost.serving.tables import StepCost, constant
from solvers.simulate.serving import loop
from solvers.simulate.serving.case import Deployment, Engine, Outcome, Pool, Requests
from solvers.simulate.serving.columns import FAILED, State
from solvers.simulate.serving.oracle_check import refuse_what_never_fits
from solvers.simulate.serving.outcome import outcome_of
from solvers.simulate.serving.packing import Room, first_room, packed

COMPILED = (
    "jit",
    "columns",
    "blocks",
    "queues",
    "calendars",
    "cohort",
    "scheduler",
    "launch",
    "draws",
    "routing",
    "ending",
    "loop",
)


def simulate(
    deployment: Deployment,
    requests: Requests,
    *,
    seed: int = 0,
    trace_of: int | None = None,
    horizon_s: float = math.inf,
) -> Outcome:
    """What becomes of each request until `horizon_s`; `trace_of` names the replica whose steps are told.

    Raises SpecError for a request that could never run.
    """
    refuse_what_never_fits(deployment, requests)
    room = first_room(deployment, requests)
    while True:
        state = packed(deployment, requests, seed=seed, trace_of=trace_of, horizon_s=horizon_s, room=room)
        _run()(state)
        if not state.numbers[FAILED]:
            return outcome_of(state)
        room = Room(8 * room.cells, 8 * room.trace)


@cache
def _run() -> Callable[[State], Any]:
    """The compiled loop."""
    text = hashlib.sha256()
    for name in COMPILED:
        text.update((files("solvers.simulate.serving") / f"{name}.py").read_bytes())
    run = loop.run_of(text.hexdigest())
    try:
        return njit(cache=True)(run)
    except RuntimeError:  # nowhere to keep it
        return njit(run)


def prepare() -> None:
    """Load the compiled engine, or compile it: once a process."""
    nothing = constant(0.0, most=1)
    cost = StepCost(*(nothing,) * 8, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, overlapped=False)
    engine = Engine(max_num_seqs=1, max_num_batched_tokens=1, blocks=2)
    one = np.ones(1, dtype=np.int64)
    requests = Requests(np.zeros(1), one, one, -one, one, one)
    simulate(Deployment((Pool("both", 1, engine, cost),)), requests)
