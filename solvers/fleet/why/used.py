"""Which options a mix uses."""

import numpy as np

from solvers.fleet.programme.case import Mix
from solvers.fleet.spec import FleetSpec
from solvers.fleet.supply.case import Supplies


def uses(spec: FleetSpec, supplies: Supplies, mix: Mix) -> list[str]:
    """Names of the options that a mix uses, in the order in which they are told."""
    bought = [o for o in range(len(spec.offers)) if mix.units[o].max(initial=0) > 0]
    running = [supplies.ready[c] for c in np.flatnonzero(mix.replicas.max(axis=1, initial=0) > 0).tolist()]
    offers = [spec.offers[o] for o in bought]
    known = {
        "spot": any(one.term == "spot" for one in offers),
        "reserved": any(one.term == "reserved" for one in offers),
        "elastic": bool((mix.units != mix.units[:, :1]).any()),
        "several_types": len({one.gpu.name for one in offers}) > 1,
        "tp": any(one.setup is not None and one.setup.layout.tp > 1 for one in running),
        "fp8": any(one.setup is not None and one.setup.numerics.weights.startswith("fp8") for one in running),
        "router": any(one.router == "input_and_output" for one in spec.services),
        "survive": bool(spec.constraints.survive),
    }
    return [name for name, used in known.items() if used]
