"""No plan: a loss that no compute reaches by any law, with how near the largest compute comes."""

import numpy as np

from solvers.base import Infeasible
from solvers.scaling.forecast.best import best
from solvers.scaling.forecast.known import Known, foretold
from solvers.scaling.forecast.others import plan_of
from solvers.scaling.forecast.parts import of_interval
from solvers.scaling.forecast.place import MOST
from solvers.scaling.spec import ScalingSpec
from solvers.scaling.words import loss as said


def out_of_reach(spec: ScalingSpec, known: Known) -> Infeasible:
    """Why the loss is not reached, the least loss that any compute has, and the loss to ask for instead."""
    asked, unit = spec.target, known.runs.loss_unit
    most = np.array([float(known.runs.flops.max()) * MOST])
    found = best(known, most, served=asked.served_tokens or 0.0, unique=asked.unique_tokens)
    loss = of_interval(foretold(known, found.params, found.tokens, unique=asked.unique_tokens))
    wanted = float(asked.loss or 0.0)
    least = float(loss["value"])
    limited = asked.unique_tokens is not None
    reason = f"No compute reaches a loss of {said(wanted, unit)}: by these runs the least is {said(least, unit)}" + (
        " with the tokens that there are." if limited else "."
    )
    return Infeasible(
        reason=reason,
        binding=("/target/loss", *(("/target/unique_tokens",) if limited else ())),
        nearest={
            "plan": plan_of(float(found.params[0]), float(found.tokens[0])),
            "estimates": {"loss": loss},
            "needs": [{"constraint": "loss", "message": f"{said(least, unit)} against {said(wanted, unit)}"}],
        },
        smallest_change={"message": f"Ask for a loss above {said(least, unit)}.", "at": "/target/loss", "value": least},
        search={"candidates": len(known.imported.runs), "feasible": 0, "rejected": {}},
    )
