"""What every published rule for the learning rate or the batch has in common: data, a function, and where it holds.

A rule gives the peak learning rate, the batch in tokens, or both, at a setting. Some give them outright, some only
carry a tuned run's values to another size ("transfer"). Rules contradict one another: all are priors, none an answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

from solvers.errors import Problem, SpecError
from solvers.laws.law import FLOPS_PER_PARAMETER_TOKEN
from solvers.laws.units import COUNTS, known
from solvers.units import COUNT, show

# Conventions of N (solvers.laws.units); of a mixture of experts "non-embedding" is all experts together.
NON_EMBEDDING, WITH_HEAD = "non-embedding", "with-head"
# What a rule's range is of, in words.
NOUNS = {"params": "parameters", "tokens": "tokens", "flops": "FLOP"}


@dataclass(frozen=True)
class Tuned:
    """A run whose learning rate and batch were tuned."""

    params: float
    tokens: float
    learning_rate: float
    batch_tokens: float


@dataclass(frozen=True)
class Setting:
    """What is to be trained: N, D in tokens, how N is counted, the loss to reach (nats per token; 0 is unknown)."""

    params: float
    tokens: float
    counts: str = NON_EMBEDDING
    loss: float = 0.0
    tuned: Tuned | None = None


@dataclass(frozen=True)
class Power:
    """scale N^params D^tokens."""

    scale: float
    params: float
    tokens: float

    def at(self, params: float, tokens: float) -> float:
        """The value at N parameters and D tokens."""
        return float(self.scale * params**self.params * tokens**self.tokens)

    def __call__(self, setting: Setting) -> float:
        return self.at(setting.params, setting.tokens)


@dataclass(frozen=True)
class Carried:
    """The `field` of the tuned run times (N / N of it)^params (D / D of it)^tokens."""

    field: str
    params: float
    tokens: float

    def __call__(self, setting: Setting) -> float:
        tuned = setting.tuned
        if tuned is None:
            message = "This rule carries a tuned run's values to another size, and there is no tuned run."
            raise SpecError(Problem("no_tuned_run", message, "/tuned", "Give its params, tokens and tuned values."))
        ratio = Power(1.0, self.params, self.tokens).at(setting.params / tuned.params, setting.tokens / tuned.tokens)
        return float(getattr(tuned, self.field)) * ratio


Term = Callable[[Setting], float]


@dataclass(frozen=True)
class Rule:
    """A published rule. `valid` holds least and largest of `params`, `tokens` or `flops` of the runs behind it."""

    name: str
    title: str
    form: str
    counts: str
    recipe: str
    sources: tuple[str, ...]
    learning_rate: Term | None = None
    batch_tokens: Term | None = None
    valid: Mapping[str, tuple[float, float]] | None = None
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suggestion:
    """What a rule says at a setting; None where it says nothing. `warnings` tell why to doubt it there."""

    rule: str
    learning_rate: float | None
    batch_tokens: float | None
    warnings: tuple[str, ...]


def suggested(rule: Rule, setting: Setting) -> Suggestion:
    """The rule's values. SpecError where the setting is no size, or N is counted differently."""
    _sized(setting)
    known("convention of N", setting.counts, COUNTS)
    if rule.counts and setting.counts != rule.counts:
        message = f"{rule.title} counts {rule.counts} parameters, and N is given as {setting.counts}."
        raise SpecError(Problem("mixed_units", message, "/counts", "Convert N first: solvers.laws.units."))
    rate = rule.learning_rate(setting) if rule.learning_rate else None
    batch = rule.batch_tokens(setting) if rule.batch_tokens else None
    return Suggestion(rule.name, rate, batch, _beyond(rule, setting))


def _sized(setting: Setting) -> None:
    for one in fields(setting)[:2]:
        value = getattr(setting, one.name)
        if not 0.0 < value < float("inf"):
            message = f"A run has a positive number of {one.name}, not {value:g}."
            raise SpecError(Problem("out_of_range", message, f"/{one.name}", "Write it as a plain number."))


def _beyond(rule: Rule, setting: Setting) -> tuple[str, ...]:
    """A sentence for each range that the setting leaves."""
    flops = FLOPS_PER_PARAMETER_TOKEN * setting.params * setting.tokens
    sizes = {"params": setting.params, "tokens": setting.tokens, "flops": flops}
    said = []
    for name, (low, high) in (rule.valid or {}).items():
        if not low <= sizes[name] <= high:
            ends = f"{_written(name, low)} to {_written(name, high)} {NOUNS[name]}"
            said.append(f"{rule.title} rests on {ends}; this is {_written(name, sizes[name])}.")
    return tuple(said)


def _written(name: str, value: float) -> str:
    return f"{value:.3g}".replace("e+", "e") if name == "flops" else show(value, COUNT)
