"""The tuning of the target for people: what is lost around the best, where the runs lie, what to run next, rules."""

from collections.abc import Sequence
from dataclasses import asdict

from solvers.base import Estimate
from solvers.documents import Document
from solvers.laws.hyperparameters import step_law
from solvers.scaling.tuning.basis import RULE_SCHEDULE, Tuning
from solvers.scaling.tuning.beside import Said, beside
from solvers.scaling.tuning.best import best_at, ratio_of, surface_at
from solvers.scaling.tuning.chart import Chart, grid, observed, thinned
from solvers.scaling.tuning.next import Size, advice_of, next_document
from solvers.scaling.tuning.schedule import peak_ratio


def told(
    tuning: Tuning,
    *,
    params: float,
    tokens: float,
    schedule: str = RULE_SCHEDULE,
    loss: float | None = None,
    sizes: Sequence[Size] = (),
) -> Document:
    """`plan.tuning` of a target whose N counts as the family's; `loss` in nats a token for rules that go by it.

    Learning rates are peaks of `schedule`; only what rules say, and what is to be run next, is as it was published and
    as the runs were. `sizes` (N, D) may be run too, beside those of the runs, to learn more of the optimum.
    """
    at = surface_at(tuning, params=params, tokens=tokens)
    chart, best = Chart(at, ratio_of(tuning, schedule)), best_at(tuning, at)
    advice = advice_of(tuning, params=params, tokens=tokens, sizes=sizes)
    return {
        "source": tuning.source,
        "groups": len(tuning.surface.groups) if tuning.surface else 0,
        "runs": len(tuning.swept.sweep) if tuning.swept else 0,
        "told": tuning.told,
        "params": params,
        "tokens": tokens,
        "schedule": schedule,
        "best": {
            "learning_rate": _scaled(best.learning_rate, chart.ratio),
            "batch_tokens": asdict(best.batch_tokens),
        },
        **grid(chart),
        "observed": observed(tuning, chart),
        **next_document(advice, chart),
        "rules": [_rule(one, schedule) for one in beside(tuning, params=params, tokens=tokens, loss=loss)],
        "warnings": [*at.warnings, *(problem.message for problem in tuning.warnings), *thinned(tuning)],
    }


def _scaled(one: Estimate, ratio: float) -> Document:
    return {name: value * ratio for name, value in asdict(one).items()}


def _rule(one: Said, schedule: str) -> Document:
    """A rule as published, and the learning rate where the chart shows it: Step Law's in the schedule asked."""
    rate = one.learning_rate
    if one.rule is step_law.RULE and rate is not None:
        rate *= peak_ratio(schedule, of=RULE_SCHEDULE)
    return {**one.document(), "chart_learning_rate": rate}
