"""Small questions about fleets, answered without a simulation, as if it confirmed the static model or the table."""

from typing import Any

import numpy as np

from solvers.fleet.asked import programme_of
from solvers.fleet.programme.solve import solve
from solvers.fleet.proof.case import Attained, Proof, Unproven
from solvers.fleet.proof.holding import Holding
from solvers.fleet.proof.pools import Pools
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.supplies import supplies
from solvers.fleet.why.answered import Answered

TABLE = """gpu,input,output,requests_per_s
a10g,25,100,2
a10g,25,250,1
a10g,250,100,5
a10g,250,250,2
a100-80,25,100,20
a100-80,25,250,20
a100-80,250,100,40
a100-80,250,250,20
"""
SIZES = [
    {"input": 25, "output": 100, "share": 0.2},
    {"input": 25, "output": 250, "share": 0.1},
    {"input": 250, "output": 100, "share": 0.5},
    {"input": 250, "output": 250, "share": 0.2},
]
MODEL = {"name": "small-1b", "layers": 16, "hidden": 2048, "ffn": 8192, "heads": 32, "kv_heads": 8, "vocab": 32000}


def melange(**change: Any) -> FleetSpec:
    """The published example, by its table: 12 A10G, 2 A100 or one of each."""
    service = {
        "name": "example",
        "router": "input_and_output",
        "traffic": {"rate": 30, "sizes": SIZES},
        "slo": {"ttft": "1 s"},
        "capacities": {"csv": TABLE},
    }
    plain = {
        "services": [service],
        "market": [{"gpu": "a10g", "price": "1.01 USD/h"}, {"gpu": "a100-80", "price": "3.67 USD/h"}],
    }
    return FleetSpec.model_validate({**plain, **change})


def small(*, service: dict[str, Any] | None = None, **change: Any) -> FleetSpec:
    """A model of a billion parameters on two types."""
    plain = {
        "name": "small",
        "model": MODEL,
        "traffic": {"rate": 20, "input": {"mean": 300, "cv": 0.5}, "output": 16},
        "slo": {"ttft": "500 ms", "tpot": "40 ms"},
        **(service or {}),
    }
    market = [{"gpu": "l4", "price": "0.70 USD/h"}, {"gpu": "h100-sxm", "price": "7.50 USD/h"}]
    return FleetSpec.model_validate({"services": [plain], "market": market, **change})


def answered(spec: FleetSpec) -> Answered:
    """The cheapest mix, as if simulation had confirmed every capacity."""
    known = supplies(spec)
    factors = np.ones(len(known.ready))
    programme = programme_of(spec, known, factors)
    mix = solve(programme)
    assert mix is not None
    attained = tuple(
        Attained(place, 0.95, 0.93, 0.97, (0.94, 0.96), 0, one.slo.attainment)
        for place, one in enumerate(spec.services)
    )
    return Answered(
        spec,
        known,
        Proof(
            mix=mix,
            programme=programme,
            factors=factors,
            loads=tuple(np.ones(spec.hours) for _ in spec.services),
            attained=attained,
            rounds=1,
            tightening_seeds=(1, 2),
            judging_seeds=(101, 102),
            requests=0,
            first=Unproven(mix, tuple(1.0 for _ in spec.services)),
            ends={},
            holding=Holding(Pools(spec, known)),
            simulated=frozenset(range(len(known.ready))),
        ),
    )
