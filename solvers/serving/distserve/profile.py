"""DistServe's profile of OPT on A100-80GB: seconds of a step from its coefficients, tokens that fit.

With L the tokens of a prompt, C the context of a decode, n the decodes of a step and p pipeline stages, a stage takes
    prefill   (a + b sum L + c sum L^2) / p + p                      milliseconds
    decode    (a + b sum C + c n) / p                                with two sets of coefficients, split at n = 95
and the first stage 2 ms + 1e-4 ms a token on top (simdistserve/base/worker.py of the paper's artifact, 82831f1).

The profile has OPT-13B at TP 1, 2, 4 and OPT-66B at TP 2, 3, 4, 8. Elsewhere a law that is fitted to these seven by
relative least squares stands in, with P billions of parameters, l layers, h the hidden size and t the TP degree:
    prefill   a = x P/t + y l          b = x P/t + y l h (t-1)/t       c = x l h/t
    decode    a = x P/t + y l + z l[t>1]    b = x l h/t                c = as a
A GPU holds `usable` bytes, of which `spent` go once for the weights: the two are fitted to the published tokens, which
they meet to a block of 16.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from solvers.cost.serving.tables import StepCost, constant

Floats = npt.NDArray[np.float64]
System = Literal["distserve", "vllm"]
Phase = Literal["prefill", "decoding_smallbs", "decoding_largebs"]

MS = 1e-3
OVERHEAD_MS, OVERHEAD_MS_A_TOKEN = 2.0, 1e-4
SPLIT = 95
BLOCK = 16


@dataclass(frozen=True)
class Opt:
    """One model of the family; sizes of table 1 of the OPT paper, as in the catalogue."""

    name: str
    billions: float
    layers: int
    hidden: int
    heads: int

    @property
    def kv_bytes_a_token(self) -> float:
        """Keys and values of all layers in FP16."""
        return 2.0 * 2.0 * self.layers * self.hidden


MODELS = {
    model.name: model
    for model in (
        Opt("opt-13b", 12.853, 40, 5120, 40),
        Opt("opt-66b", 65.717, 64, 9216, 72),
        Opt("opt-175b", 174.604, 96, 12288, 96),
    )
}


@dataclass(frozen=True)
class Coefficients:
    """a, b and c in milliseconds of a step that is not split over stages."""

    a: float
    b: float
    c: float


def published() -> dict[tuple[str, str, int, str], Coefficients]:
    """The profile, by system, model, TP degree and phase."""
    return {
        (row["engine"], row["model"].removeprefix("facebook/"), int(row["tp"]), row["phase"]): Coefficients(
            float(row["a_ms"]), float(row["b_ms"]), float(row["c_ms"])
        )
        for row in _rows("coefficients.csv")
    }


@cache
def coefficients(system: System, model: Opt, tp: int, phase: Phase) -> Coefficients:
    """Those of the profile, or what the law says where it has none."""
    known = published().get((system, model.name, tp, phase))
    return known or extended(system, model, tp, phase)


@cache
def extended(system: System, model: Opt, tp: int, phase: Phase) -> Coefficients:
    """What the law says, whether or not the profile has it."""
    values = [
        float(max(np.dot(weights, _features(model, tp, phase, letter)), 0.0))
        for letter, weights in zip("abc", _law(system, phase), strict=True)
    ]
    return Coefficients(*values)


@cache
def _law(system: System, phase: Phase) -> tuple[Floats, ...]:
    rows = [
        (MODELS[name], tp, known) for (of, name, tp, at), known in published().items() if (of, at) == (system, phase)
    ]
    return tuple(_fitted(rows, phase, letter) for letter in "abc")


def _fitted(rows: list[tuple[Opt, int, Coefficients]], phase: Phase, letter: str) -> Floats:
    values = np.array([getattr(known, letter) for _, _, known in rows])
    features = np.array([_features(model, tp, phase, letter) for model, tp, _ in rows])
    weight = 1.0 / np.abs(values)
    found: Floats = nnls(features * weight[:, None], values * weight)[0]
    return found


def _features(model: Opt, tp: int, phase: Phase, letter: str) -> list[float]:
    share, width = model.billions / tp, model.layers * model.hidden / 1e6
    if (phase, letter) == ("prefill", "a"):
        return [share, model.layers]
    if (phase, letter) == ("prefill", "b"):
        return [share, width * (tp - 1) / tp]
    if letter == "b" or phase == "prefill":
        return [width / tp]
    return [share, model.layers, model.layers * (tp > 1)]


def step_cost(system: System, model: Opt, *, tp: int, pp: int, most_tokens: int, most_seqs: int) -> StepCost:
    """Tables of the whole step, of which each of `pp` stages takes its share; one phase or the other runs, never both.

    A squared prompt is twice its pairs less its tokens. The first stage's overhead for a token is spread over the
    stages, so a request's latency is DistServe's and the busiest stage's time a little less.
    """
    prefill = coefficients(system, model, tp, "prefill")
    small, large = (coefficients(system, model, tp, phase) for phase in ("decoding_smallbs", "decoding_largebs"))
    tokens, decodes = np.arange(most_tokens + 1.0), np.arange(most_seqs + 1.0)
    few = decodes < SPLIT
    mixed = prefill.a + pp * pp + (prefill.b - prefill.c + OVERHEAD_MS_A_TOKEN) * tokens
    base = np.where(few, small.a + small.c * decodes, large.a + large.c * decodes)
    none = constant(0.0, most=max(most_tokens, most_seqs))
    return StepCost(
        decode_tokens=constant(0.0, most=most_tokens),
        mixed_tokens=mixed * MS,
        shared_tokens=np.zeros(1),
        sampled=none,
        decode_base=base * MS * (decodes > 0),
        decode_context=(np.where(few, small.b, large.b) + OVERHEAD_MS_A_TOKEN) * MS,
        decode_window=constant(0.0, most=most_seqs),
        hop=constant(0.0, most=most_tokens),
        chunk=0.0,
        pair=2.0 * prefill.c * MS,
        pair_window=0.0,
        context=0.0,
        host=OVERHEAD_MS * MS,
        host_sequence=0.0,
        window=0,
        overlapped=False,
    )


@cache
def tokens_that_fit(model: Opt, *, gpus: int) -> int:
    """Tokens of one replica over `gpus` GPUs: negative where the weights alone do not fit."""
    usable, spent = _memory(model)
    return int((gpus * usable - spent) / model.kv_bytes_a_token) // BLOCK * BLOCK


@cache
def _memory(model: Opt) -> tuple[float, float]:
    rows = [row for row in _rows("max_num_tokens.csv") if row["model"].removeprefix("facebook/") == model.name]
    gpus = np.array([float(row["tp"]) * float(row["pp"]) for row in rows])
    held = np.array([float(row["max_num_tokens"]) for row in rows]) * model.kv_bytes_a_token
    usable, less = np.polyfit(gpus, held, 1)
    return float(usable), -float(less)


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("solvers.serving.distserve") / "data" / name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))
