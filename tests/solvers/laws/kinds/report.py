"""How well runs of some kind foretell larger ones, or more of the kind, beside laws that do not see it."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from solvers.laws.law import Runs
from solvers.laws.predict.interval import interval
from solvers.laws.predict.kinds import mixture_of_kinds, of_repeats, varied, widened
from solvers.laws.predict.mixture import mixture, tell
from solvers.laws.predict.repeats import PUBLISHED, Repeats, effective
from solvers.laws.predict.shipped import shipped
from tests.solvers.laws.kinds.given import best_routed, experts, repeated, streams

Line = tuple[str, str, str, str]
# The family of runs of which those on repeated tokens are part: priors may not be learned from it.
LEFT = ("datablations",)
# Experts of the fitted runs; the others have more.
FEW = 64
# Compute at which runs on repeated tokens are parted.
PARTS = (2e20, 5e20)


def lines() -> Iterator[Line]:
    """Of experts, streams and repetition."""
    yield from _of_experts(best_routed(), "best routing")
    yield from _of_experts(experts(), "three routings in one")
    for text in ("stack", "pile"):
        yield from _of_streams(streams(text), text)
    for name in ("datablations_runs_with_seeds", "scalebench_data_constrained_train"):
        yield from _of_repeated(repeated(name), name.split("_runs")[0].removesuffix("_train"))


def _of_experts(runs: Runs, name: str) -> Iterator[Line]:
    size, count = runs.inputs["params"], runs.inputs["experts"]
    parts = {"4 dense sizes -> the largest": size < size.max(), f"1 to {FEW} -> more": count <= FEW}
    for what, known in parts.items():
        yield _line(f"experts, {name}: {what}", runs.take(known), runs.take(~known), {"moe": 0.5, "size": 0.5})


def _of_streams(runs: Runs, text: str) -> Iterator[Line]:
    size, count = runs.inputs["params"], runs.inputs["streams"]
    laws = {"parscale-by-size": 0.5, "parscale": 0.5}
    largest = size > np.sort(size)[-4]
    yield _line(f"streams, {text}: 5 sizes -> the largest", runs.take(~largest), runs.take(largest), laws)
    yield _line(f"streams, {text}: 1 and 2 -> 4", runs.take(count <= 2), runs.take(count == 4), laws)


def _line(what: str, known: Runs, asked: Runs, laws: Mapping[str, float]) -> Line:
    """The product's laws of one length, beside a power of N that does not see the kind."""
    found = interval(tell(mixture_of_kinds(known, laws=laws, kinds=varied(known, asked)), asked.inputs), shipped())
    inside = np.mean((found.low <= asked.loss) & (asked.loss <= found.high))
    slope, level = np.polyfit(np.log(known.inputs["params"]), np.log(known.loss), 1)
    plain = np.exp(level + slope * np.log(asked.inputs["params"]))
    beside = f"a power of N alone {_error(plain, asked)}; the 90 % interval holds {inside:.0%}"
    return f"{what} ({len(known)} runs -> {len(asked)})", _error(found.value, asked), "", beside


def _of_repeated(runs: Runs, name: str) -> Iterator[Line]:
    again = runs.inputs["tokens"] > runs.inputs["unique_tokens"]
    for cut in PARTS:
        known, asked = runs.take(runs.flops < cut), runs.take((runs.flops >= cut) & again)
        mix = mixture_of_kinds(known, leave=LEFT)
        told = interval(tell(mix, effective(asked, rate=mix.repeats.rate).inputs), shipped())
        params, tokens, unique = (asked.inputs[name] for name in ("params", "tokens", "unique_tokens"))
        found = widened(told, of_repeats(mix, params, tokens, unique))
        inside = np.mean((found.low <= asked.loss) & (asked.loss <= found.high))
        published, fresh = (_error(_at(known, asked, one), asked) for one in (PUBLISHED, FRESH))
        what = f"repetition, {name}: under {cut:.0e} FLOP -> repeated above ({len(known)} runs -> {len(asked)})"
        rate = f"R* {mix.repeats.rate:.1f} epochs; as published {published}; as if tokens were new {fresh}"
        yield what, _error(found.value, asked), "", f"{rate}; the 90 % interval holds {inside:.0%}"


# Tokens that never lose their worth.
FRESH = Repeats(1e9, 0.0)


def _at(known: Runs, asked: Runs, repeats: Repeats) -> np.ndarray:
    """Losses by laws of N and D with R* given."""
    mix = mixture(effective(known, rate=repeats.rate), leave=LEFT)
    return np.exp(tell(mix, effective(asked, rate=repeats.rate).inputs).log_loss)


def _error(value: Sequence[float] | np.ndarray, asked: Runs) -> str:
    return f"{100 * float(np.abs(value / asked.loss - 1.0).mean()):.2f} %"
