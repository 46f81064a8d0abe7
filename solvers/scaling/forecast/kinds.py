"""Experts, streams and replicas of runs and target: what the target has, and which laws can see what runs differ in."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from solvers.laws.kinds import KINDS
from solvers.laws.law import Runs
from solvers.laws.loss import get
from solvers.laws.predict.kinds import varied
from solvers.laws.predict.mixture import Mixture
from solvers.scaling.target import Target

Setting = Mapping[str, float]


def setting_of(runs: Runs, target: Target) -> dict[str, float]:
    """How many experts, streams and replicas the target has: as it says, else as the largest run, the best of those."""
    largest = int(np.lexsort((runs.loss, -runs.flops))[0])
    said = {name: getattr(target, name) for name in KINDS}
    of_runs = {name: float(runs.inputs[name][largest]) for name in KINDS if name in runs.inputs}
    return {**of_runs, **{name: float(value) for name, value in said.items() if value is not None}}


def with_kinds(runs: Runs, setting: Setting) -> tuple[Runs, tuple[str, ...]]:
    """The runs with every number that the target says, one where they say none, and the kinds that laws must see.

    Those are what runs differ in, and where the target is of another number than all of them.
    """
    inputs = {**{name: np.ones(len(runs)) for name in setting}, **runs.inputs}
    unlike = tuple(name for name in KINDS if name in setting and np.any(inputs[name] != setting[name]))
    return replace(runs, inputs=inputs), unlike


def blind(runs: Runs) -> bool:
    """Whether all runs saw as many tokens, so that no law of tokens can be fitted to them."""
    return bool(np.ptp(runs.inputs["tokens"]) == 0.0)


def seen_by(laws: Sequence[str], runs: Runs) -> tuple[str, ...]:
    """The laws that are asked, or those of what the runs differ in, where all runs are of one length and none knows."""
    if not blind(runs) or not all(of_tokens(name) for name in laws):
        return tuple(laws)
    return tuple(dict.fromkeys(law for name in varied(runs) for law in KINDS[name].laws)) or tuple(laws)


def of_tokens(law: str) -> bool:
    """Whether the law says what more tokens do."""
    return any(one.name == "tokens" for one in get(law).inputs)


def of_one_length(mix: Mixture) -> bool:
    """Whether no law of the mixture says what more tokens do."""
    return not any(of_tokens(one.fitted.law.name) for one in mix.experts)
