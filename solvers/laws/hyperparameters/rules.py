"""All published rules by name."""

from solvers.errors import unknown
from solvers.laws.hyperparameters import deepseek, kaplan, minicpm, porian, power_lines, step_law, token_horizon
from solvers.laws.hyperparameters.rule import Rule

_MODULES = (step_law, deepseek, minicpm, porian, power_lines, token_horizon, kaplan)
RULES: dict[str, Rule] = {module.RULE.name: module.RULE for module in _MODULES}


def rule(name: str) -> Rule:
    """The rule called `name`. UnknownName, with the nearest, where there is none."""
    if name not in RULES:
        raise unknown("rule of learning rate and batch", name, tuple(RULES))
    return RULES[name]
