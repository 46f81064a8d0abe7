"""A model of any size that looks like a given one: the family that a ladder and its target belong to.

With the base's hidden width h, layers L, heads a of one size, KV heads k and feed-forward width f, a member of width h'
    L' ~ L h' / h      a' = a h' / h      k' ~ k a' / a, a divisor of a'      f' = f h' / h, in whole tiles
One ratio of width to depth for all sizes: at equal N the loss hardly depends on it (a factor of 40 costs a few per
cent, section 3.1 [kaplan2020scaling]), and Llama 3 keeps about one from 8 to 405 billion parameters (table 3
[dubey2024llama3]). One size of heads for all widths, as learning rates that carry over widths want [yang2022tensor].
N is what the member has, counted by the catalogue as for every training plan, not what was asked for.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from solvers.catalogue import Model, model
from solvers.catalogue import parameters as count
from solvers.catalogue.limits import MAX_LAYERS, MAX_WIDTH
from solvers.documents import Document
from solvers.errors import Problem, SpecError
from solvers.laws.units import COUNTS, known
from solvers.scaling.ladder.scaled import scaled

# Whose shape a ladder has where the spec names none: the smallest of the Llama 3 family.
USUAL = "llama-3.2-1b"
# What a few layers do is not what many do: four at least (estimate).
FEWEST_LAYERS = 4
# A member may be nearer to N with another ratio of width to depth: an e-fold of the ratio counts as this much of ln N,
# and no ratio is further off than the stretch.
RATIO_COUNTS, STRETCH = 0.25, 3.0
# Widths are tried within this factor of the one that N and the ratio ask for.
AROUND = 1.4
# Heads come in powers of two that are at most this share of them, so that they can be cut over GPUs.
CUT = 0.25


@dataclass(frozen=True)
class Family:
    """The model whose shape all sizes have; `given` by the spec, or the usual one."""

    base: Model
    given: bool

    @property
    def title(self) -> str:
        """Whose shape it is."""
        return self.base.shown

    @property
    def unit(self) -> int:
        """Hidden widths are multiples of this: the size of a head, where that divides the base's width."""
        return int(np.gcd(self.base.hidden, self.base.head_dim))


@dataclass(frozen=True)
class Member:
    """A model of the family."""

    model: Model

    def params(self, counts: str) -> float:
        """N in a convention of solvers.laws.units, exactly."""
        known("convention of N", counts, COUNTS)
        body = float(sum(count.layer_parameters(self.model)) + count.norm(self.model))
        match counts:
            case "with-head":
                return body + float(self.model.vocab * (self.model.embedding_width or self.model.hidden))
            case "total":
                return count.total(self.model)
            case "active":
                return body - (count.total(self.model) - count.active(self.model))
        return body

    def document(self) -> Document:
        """As the answer shows it."""
        found: Document = {
            "layers": self.model.layers,
            "hidden": self.model.hidden,
            "ffn": self.model.ffn,
            "heads": self.model.heads,
            "kv_heads": self.model.kv_heads,
            "head_size": self.model.head_dim,
            "vocabulary": self.model.vocab,
            "params_body": self.params("non-embedding"),
            "params_total": self.params("total"),
        }
        moe = self.model.moe
        return found | ({"experts": moe.experts, "top_k": moe.top_k, "expert_ffn": moe.ffn} if moe else {})


def family(base: Model | None = None) -> Family:
    """The family of a model, the usual one where none is given. SpecError where no other size follows from it."""
    if base is None:
        return Family(model(USUAL), given=False)
    if base.pattern is not None:
        message = f"{base.shown} names each of its layers: no other depth follows from that."
        hint = "Take a model whose layers follow a rule, or leave the model out."
        raise SpecError(Problem("not_scalable", message, "/model", hint))
    return Family(base, given=True)


def shaped(of: Family, params: float, counts: str) -> Member:
    """The member nearest to N = `params`, by ln N and a little by the ratio of width to depth."""
    if not 0.0 < params < np.inf:
        message = f"A model has a positive number of parameters, not {params:g}."
        raise SpecError(Problem("out_of_range", message, "/target/params", "Write it as a plain number."))
    return _shaped(of, float(params), counts)


def counted(of: Family, params: float, counts: str, to: str) -> float:
    """N of one convention in another, by the shape that the family has there."""
    if counts == to:
        return params
    near = shaped(of, params, counts)
    return params * near.params(to) / near.params(counts)


def sizes(of: Family, low: float, high: float, counts: str, *, step: float) -> tuple[float, ...]:
    """The N of members from about `low` to `high` at most, about a factor of `step` apart, rising."""
    number = max(1, round(np.log(high / low) / np.log(step)) + 1) if high > low else 1
    found = {shaped(of, float(one), counts).params(counts) for one in np.geomspace(low, max(low, high), number)}
    return tuple(sorted(one for one in found if one <= high * (1.0 + 1e-9)))


@lru_cache(maxsize=4096)
def _shaped(of: Family, params: float, counts: str) -> Member:
    widths = _widths(of, _width(of, params, counts))
    members = [_with_depth(of, width, params, counts) for width in widths]
    return min(members, key=lambda one: _distance(of, one, params, counts))


def _widths(of: Family, middle: float) -> list[int]:
    """Widths around the middle, in steps of some heads; the base's own if it is among them."""
    step = of.unit * 2 ** int(max(np.log2(max(middle / of.unit * CUT, 1.0)), 0.0))
    most = MAX_WIDTH // step
    low, high = (int(np.clip(round(middle * one / step), 1, most)) for one in (1.0 / AROUND, AROUND))
    found = {number * step for number in range(low, high + 1)}
    if middle / AROUND <= of.base.hidden <= middle * AROUND:
        found.add(of.base.hidden)
    return sorted(found)


def _width(of: Family, params: float, counts: str) -> float:
    """About the width at which the member with the family's ratio has N parameters, by halving ln h.

    The body grows with the third power of the width, the tables with the first.
    """
    base = Member(of.base)
    body = base.params("active" if counts == "active" else "non-embedding")
    tables = max(base.params(counts) - body, 0.0)
    low, high = np.log(of.unit), np.log(MAX_WIDTH)
    for _ in range(30):
        ratio = float(np.exp((low + high) / 2.0)) / of.base.hidden
        less = body * ratio**3 + tables * ratio < params
        low, high = ((low + high) / 2.0, high) if less else (low, (low + high) / 2.0)
    return float(np.exp(low))


def _with_depth(of: Family, width: int, params: float, counts: str) -> Member:
    """The member of a width whose depth brings it nearest to N, within the stretch of the ratio."""
    usual = of.base.layers * width / of.base.hidden
    most = int(np.clip(usual * STRETCH, FEWEST_LAYERS, MAX_LAYERS))
    least = int(np.clip(usual / STRETCH, FEWEST_LAYERS, most))
    begun = Member(scaled(of.base, hidden=width, layers=int(np.clip(round(usual), least, most))))
    body = "active" if counts == "active" else "non-embedding"
    each = begun.params(body) / begun.model.layers
    wanted = begun.model.layers + round((params - begun.params(counts)) / each)
    return Member(scaled(of.base, hidden=width, layers=int(np.clip(wanted, least, most))))


def _distance(of: Family, one: Member, params: float, counts: str) -> tuple[float, int]:
    ratio = (one.model.hidden / one.model.layers) / (of.base.hidden / of.base.layers)
    far = abs(np.log(one.params(counts) / params)) + RATIO_COUNTS * abs(np.log(ratio))
    return round(float(far), 12), one.model.layers
