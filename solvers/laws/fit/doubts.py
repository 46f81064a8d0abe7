"""What a fit does not know, said in words before anybody trusts a number of it."""

from dataclasses import dataclass

import numpy as np

from solvers.laws.fit.fit import Fitted
from solvers.laws.law import Runs
from solvers.units import many

# Share of the starts that should find the same minimum; what another step may still gain, in standard deviations.
ENOUGH_STARTS, AT_REST = 0.5, 0.05
# A parameter that the runs narrow by less than this share of its prior is the prior's, not theirs.
NARROWED = 0.1
# Compute of a target over that of the largest run beyond which no law was ever tried: the boldest forecast that was
# written down first and came true went 300 times as far (reported of a run of 1e23 FLOP).
BOLD, UNHEARD = 30.0, 1000.0
# Runs for each parameter below which their scatter is hardly known.
RUNS_EACH = 2.0


@dataclass(frozen=True)
class Doubt:
    """A reason not to trust the fit, or not so far."""

    code: str
    message: str


def doubts(fitted: Fitted, runs: Runs, *, target_flops: float | None = None) -> tuple[Doubt, ...]:
    """Everything that speaks against the fit, the gravest first; a target is a compute that it shall speak of."""
    found = (_far(runs, target_flops), _starts(fitted), _moving(fitted), _few(fitted, runs), _unknown(fitted))
    return tuple(one for one in found if one is not None)


def _far(runs: Runs, target_flops: float | None) -> Doubt | None:
    if target_flops is None:
        return None
    times = target_flops / float(runs.flops.max())
    if times <= BOLD:
        return None
    if times <= UNHEARD:
        return Doubt("far_target", f"The target has {times:.0f} times the compute of the largest run: a bold step.")
    message = f"The target has {times:,.0f} times the compute of the largest run. No law was ever tried that far."
    return Doubt("too_far_target", f"{message} Add larger runs before believing any number.")


def _starts(fitted: Fitted) -> Doubt | None:
    if fitted.agree >= ENOUGH_STARTS:
        return None
    message = f"Only {100 * fitted.agree:.0f} % of the starts found this minimum: the runs allow several laws."
    return Doubt("starts_disagree", message)


def _moving(fitted: Fitted) -> Doubt | None:
    if fitted.gradient_norm <= AT_REST:
        return None
    return Doubt("not_at_rest", f"The fit would still move by {fitted.gradient_norm:.2g} standard deviations.")


def _few(fitted: Fitted, runs: Runs) -> Doubt | None:
    if len(runs) >= RUNS_EACH * fitted.law.size:
        return None
    message = f"{many(len(runs), 'run')} for {fitted.law.size} parameters: how much runs scatter is hardly known."
    return Doubt("few_runs", message)


def _unknown(fitted: Fitted) -> Doubt | None:
    """Parameters whose spread after the fit is nearly that of the prior."""
    believed = fitted.prior.precision > 0.0
    shares = np.sqrt(np.diag(fitted.covariance) * fitted.prior.precision)
    names = [
        one.name
        for one, known, share in zip(fitted.law.parameters, believed, shares, strict=True)
        if known and share > 1.0 - NARROWED
    ]
    if not names:
        return None
    return Doubt(
        "prior_only", f"The runs hardly tell its {', '.join(names)}; what other families of runs teach stands there."
    )
