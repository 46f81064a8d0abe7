"""Ready configurations: a script for each run of the ladder, and for the big one, as a framework takes them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from solvers.documents import Document
from solvers.errors import CannotExpress, Problem
from solvers.exports.refuse import Rule, check
from solvers.scaling.exports.launches import Launch, big, launches
from solvers.scaling.exports.rungs import Ladder, ladder_of
from solvers.training.exports import megatron, torchtitan
from solvers.training.exports.planned import Planned


@dataclass(frozen=True)
class Framework:
    """How a framework says a plan, what it cannot say, the file that starts it on every node.

    `suited` is the plan with what the framework does otherwise and the loss does not depend on.
    """

    title: str
    rules: Callable[[Planned], list[Rule]]
    files: Callable[[Planned], Mapping[str, str]]
    start: str
    suited: Callable[[Planned], Planned]


def _as_planned(plan: Planned) -> Planned:
    return plan


def _sharding_gradients(plan: Planned) -> Planned:
    """With ZeRO-1 as ZeRO-2: torchtitan shards gradients with the optimizer, which changes speed and memory alone."""
    return replace(plan, zero=2, label=plan.label.replace("ZeRO-1", "ZeRO-2")) if plan.zero == 1 else plan


def _script(plan: Planned) -> dict[str, str]:
    return {megatron.FILE: megatron.text(plan)}


MEGATRON = Framework("Megatron-LM", megatron.rules, _script, megatron.FILE, _as_planned)
TORCHTITAN = Framework("torchtitan", torchtitan.rules, torchtitan.files, torchtitan.LAUNCH, _sharding_gradients)
FRAMEWORKS = (MEGATRON, TORCHTITAN)


def megatron_files(result: Document) -> dict[str, str]:
    """A folder with a script for each run."""
    return _all(ladder_of(result), MEGATRON)


def torchtitan_files(result: Document) -> dict[str, str]:
    """A folder with a configuration and a script for each run."""
    return _all(ladder_of(result), TORCHTITAN)


def _all(ladder: Ladder, framework: Framework) -> dict[str, str]:
    whole = big(ladder)
    found = [*launches(ladder), *([whole] if whole else [])]
    return {name: text for one in found for name, text in files(framework, one).items()}


def first_able(found: tuple[Launch, ...]) -> tuple[Framework, dict[str, str]]:
    """The first framework that can say all runs, and its files. CannotExpress, with the first's reasons, where none."""
    refusals: tuple[Problem, ...] = ()
    for framework in FRAMEWORKS:
        try:
            return framework, {name: text for one in found for name, text in files(framework, one).items()}
        except CannotExpress as refused:
            refusals = refusals or refused.problems
    raise CannotExpress(*refusals)


def files(framework: Framework, run: Launch) -> dict[str, str]:
    """The files of one run in a folder of its name. CannotExpress where the framework has no words for it."""
    plan = framework.suited(run.plan)
    check(framework.rules(plan))
    return {f"{run.name}/{name}": text for name, text in framework.files(plan).items()}
