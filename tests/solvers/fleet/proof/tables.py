"""Fleets that are known by tables alone: small enough to reckon with on paper, and quick to simulate.

Melange's example (`melange/solver.py` of its repository, in figures): 30 requests a second of two inputs and two
outputs, an A10G at 1.01 and an A100-80GB at 3.67 dollars an hour.
"""

import numpy as np

from solvers.fleet.programme.solve import balanced, mix_of
from solvers.fleet.spec import FleetSpec

SHARES = {(100, 100): 0.2, (100, 1000): 0.1, (1000, 100): 0.5, (1000, 1000): 0.2}
CAPACITIES = """gpu,input,output,requests_per_s
a10g,100,100,2
a10g,100,1000,1
a10g,1000,100,5
a10g,1000,1000,2
a100-80,100,100,20
a100-80,100,1000,20
a100-80,1000,100,40
a100-80,1000,1000,20
"""


def melange_spec(rate=30.0, demand=(), constraints=None, market=None, attainment=0.9, ttft="1 s"):
    """One service whose capacities are measured."""
    traffic = {
        "rate": rate,
        "sizes": [{"input": a, "output": b, "share": share} for (a, b), share in SHARES.items()],
    }
    service = {
        "name": "example",
        "capacities": {"csv": CAPACITIES},
        "router": "input_and_output",
        "traffic": traffic,
        "slo": {"ttft": ttft, "attainment": attainment},
        "demand": demand,
    }
    return FleetSpec.model_validate(
        {
            "kind": "fleet",
            "services": [service],
            "market": market or [{"gpu": "a10g", "price": 1.01}, {"gpu": "a100-80", "price": 3.67}],
            "constraints": constraints or {},
        }
    )


def mix_with(programme, *replicas):
    """So many replicas of each configuration in every hour, each on its own offer, with balanced shares."""
    counts = np.tile(np.array(replicas)[:, None], (1, programme.hours))
    return balanced(programme, mix_of(programme, counts, counts, 0.0, {}))
