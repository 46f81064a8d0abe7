"""What the published rules say of a size, side by side, with what their sources contradict."""

from dataclasses import dataclass, replace

import numpy as np

from solvers.documents import Document
from solvers.errors import SpecError
from solvers.laws.hyperparameters import deepseek, porian, step_law
from solvers.laws.hyperparameters.rule import NON_EMBEDDING, Rule, Setting, Term, Tuned, suggested
from solvers.laws.hyperparameters.rules import RULES
from solvers.laws.hyperparameters.target import Target, choice
from solvers.scaling.tuning.basis import Tuning, at_size, in_rule_counts

# Rules that give both outright for plain AdamW: how far they are from Step Law is a measure of its doubt.
OUTRIGHT = (deepseek.RULE, porian.RULE)


@dataclass(frozen=True)
class Said:
    """What one rule says at a size; None where it says nothing, `caveats` tell why or what to doubt."""

    rule: Rule
    learning_rate: float | None
    batch_tokens: float | None
    caveats: tuple[str, ...]

    def document(self) -> Document:
        """The rule as the plan shows it."""
        return {
            "name": self.rule.name,
            "title": self.rule.title,
            "form": self.rule.form,
            "learning_rate": self.learning_rate,
            "batch_tokens": self.batch_tokens,
            "caveats": list(self.caveats),
            "source": ", ".join(self.rule.sources),
        }


def beside(tuning: Tuning, *, params: float, tokens: float, loss: float | None = None) -> list[Said]:
    """All rules at a size, Step Law first; `loss` in nats a token is what rules that go by it are told."""
    tuned = _tuned(tuning)
    return [_said(rule, tuning, params, tokens, loss, tuned) for rule in RULES.values()]


def apart(tuning: Tuning, at: Target) -> tuple[float, float]:
    """Root mean square of how far outright rules are from Step Law at a size, in ln learning rate and ln batch."""
    plain = replace(tuning, counts=NON_EMBEDDING, counted=None, surface=None)
    said = [_said(rule, plain, at.params, at.tokens, None, None) for rule in (step_law.RULE, *OUTRIGHT)]
    logs = np.log(np.array([[one.learning_rate, one.batch_tokens] for one in said], dtype=np.float64))
    rate, batch = np.sqrt(((logs[1:] - logs[0]) ** 2).mean(axis=0))
    return float(rate), float(batch)


def _said(rule: Rule, tuning: Tuning, params: float, tokens: float, loss: float | None, tuned: Tuned | None) -> Said:
    size, said = in_rule_counts(tuning, params, rule.counts)
    setting = Setting(size, tokens, rule.counts or tuning.counts, loss or 0.0, tuned)
    rate, no_rate = _value(rule.learning_rate, setting)
    batch, no_batch = _value(rule.batch_tokens, setting)
    warnings = suggested(rule, setting).warnings if not (no_rate or no_batch) else ()
    why = dict.fromkeys((*no_rate, *no_batch, *said, *warnings, *rule.caveats))
    return Said(rule, rate, batch, tuple(why))


def _value(term: Term | None, setting: Setting) -> tuple[float | None, tuple[str, ...]]:
    if term is None:
        return None, ()
    try:
        return term(setting), ()
    except SpecError as error:
        return None, tuple(problem.message for problem in error.problems)


def _tuned(tuning: Tuning) -> Tuned | None:
    """The largest size of the runs with the best that their surface knows for it: what some rules carry on."""
    if tuning.surface is None or tuning.source != "surface" or tuning.swept is None:
        return None
    sweep = tuning.swept.sweep
    place = int((sweep.params * sweep.tokens).argmax())
    params, tokens = float(sweep.params[place]), float(sweep.tokens[place])
    best = choice(at_size(tuning, params=params, tokens=tokens))
    return Tuned(params, tokens, best.learning_rate.value, best.batch_tokens.value)
