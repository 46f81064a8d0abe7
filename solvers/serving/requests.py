"""The requests that a plan is tried on: the same ones for every plan, seed by seed, at whatever rate.

A seed draws lengths, gaps of unit mean, prefixes and priorities, each from a stream of its own; a rate only divides the
arrival times, and more requests only follow the same first ones. So two plans, or two rates, differ by nothing but
themselves (common random numbers).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from solvers.errors import Problem, SpecError
from solvers.serving.traces import Rows
from solvers.serving.traffic import Traffic
from solvers.simulate.serving.arrivals import arrivals
from solvers.simulate.serving.case import Requests

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Traffic of which less than this fits the model is not what the spec means.
LEAST_FITTING = 0.1


@dataclass(frozen=True)
class Sample:
    """n requests of one seed, one a second on average, and the share that was too long to be served."""

    requests: Requests
    refused: float

    def at(self, rate_per_s: float) -> Requests:
        """The same requests, so many a second."""
        unit = self.requests
        return Requests(
            arrival_s=unit.arrival_s / rate_per_s,
            input_tokens=unit.input_tokens,
            output_tokens=unit.output_tokens,
            prefix=unit.prefix,
            prefix_tokens=unit.prefix_tokens,
            priority=unit.priority,
        )


def sample(traffic: Traffic, *, size: int, seed: int, longest: int) -> Sample:
    """`size` requests without those of more than `longest` tokens. SpecError if hardly any is left."""
    rows = (
        _traced(traffic, size=size, seed=seed) if traffic.trace is not None else _drawn(traffic, size=size, seed=seed)
    )
    fits = rows.input_tokens + rows.output_tokens <= longest
    if fits.mean() < LEAST_FITTING:
        raise _too_long(traffic, shortest=int((rows.input_tokens + rows.output_tokens).min()), longest=longest)
    kept = np.flatnonzero(fits)
    requests = Requests(
        arrival_s=rows.arrival_s[kept] * fits.mean(),
        input_tokens=rows.input_tokens[kept],
        output_tokens=rows.output_tokens[kept],
        prefix=rows.prefix[kept],
        prefix_tokens=rows.prefix_tokens[kept],
        priority=_priorities(traffic, stream(seed, "priority").random(rows.size))[kept],
    )
    return Sample(requests, refused=float(1.0 - fits.mean()))


def _too_long(traffic: Traffic, *, shortest: int, longest: int) -> SpecError:
    field = next(name for name in ("trace", "lengths", "sizes", "input") if getattr(traffic, name))
    message = (
        f"Requests take {longest:,} tokens at most, the model's context or `max_model_len`;"
        f" the shortest of these has {shortest:,}."
    )
    return SpecError(
        Problem("too_long", message, f"/traffic/{field}", "Shorten them, or choose a model that reads more.")
    )


def stream(seed: int, name: str) -> np.random.Generator:
    """Random numbers of one seed for one purpose."""
    return np.random.default_rng([seed, *name.encode()])


def _traced(traffic: Traffic, *, size: int, seed: int) -> Rows:
    """So many consecutive requests of the trace, from a place that the seed draws, at one a second of the whole.

    A trace of fewer is repeated, a lap after a lap: a handful of requests would say nothing about a steady load.
    """
    rows = traffic.rows()
    starts = rows.size - size + 1 if rows.size >= size else rows.size
    start = int(stream(seed, "start").integers(0, starts))
    lap, part = np.divmod(start + np.arange(size), rows.size)
    arrival = (rows.arrival_s[part] - rows.arrival_s[start]) * rows.rate_per_s + lap * rows.size
    return Rows(arrival, rows.input_tokens[part], rows.output_tokens[part], rows.prefix[part], rows.prefix_tokens[part])


def _drawn(traffic: Traffic, *, size: int, seed: int) -> Rows:
    moments = arrivals(size, kind=traffic.arrivals, burstiness=traffic.burstiness, rng=stream(seed, "arrivals"))
    inputs, outputs = _lengths(traffic, size=size, seed=seed)
    prefix, tokens = _prefixes(traffic, inputs, seed=seed)
    return Rows(moments, inputs, outputs, prefix, tokens)


def _lengths(traffic: Traffic, *, size: int, seed: int) -> tuple[Ints, Ints]:
    if traffic.lengths is not None:
        rows = traffic.rows()
        drawn = stream(seed, "lengths").integers(0, rows.size, size)
        return rows.input_tokens[drawn], rows.output_tokens[drawn]
    if traffic.sizes:
        drawn = _by_share([one.share for one in traffic.sizes], stream(seed, "sizes").random(size))
        pairs = np.array([(one.input, one.output) for one in traffic.sizes], dtype=np.int64)[drawn]
        return pairs[:, 0], pairs[:, 1]
    if traffic.input is None or traffic.output is None:
        raise ValueError("the traffic has no lengths")
    inputs, outputs = (stream(seed, name).standard_normal(size) for name in ("inputs", "outputs"))
    return traffic.input.draw(inputs), traffic.output.draw(outputs)


def _prefixes(traffic: Traffic, inputs: Ints, *, seed: int) -> tuple[Ints, Ints]:
    shared = traffic.prefix
    if shared is None:
        return np.full(len(inputs), -1, dtype=np.int64), np.zeros(len(inputs), dtype=np.int64)
    begins = stream(seed, "share").random(len(inputs)) < shared.share
    prefix = np.where(begins, stream(seed, "groups").integers(0, shared.groups, len(inputs)), -1)
    tokens = np.where(begins, np.minimum(int(shared.tokens), inputs), 0)
    return prefix.astype(np.int64), tokens.astype(np.int64)


def _priorities(traffic: Traffic, uniform: Floats) -> Ints:
    if not traffic.priorities:
        return np.zeros(len(uniform), dtype=np.int64)
    place = _by_share([one.share for one in traffic.priorities], uniform)
    return np.array([one.priority for one in traffic.priorities], dtype=np.int64)[place]


def _by_share(shares: list[float], uniform: Floats) -> Ints:
    """The place of each number from 0 to 1 among shares that add up to 1."""
    bounds = np.cumsum(shares)
    return np.minimum(np.searchsorted(bounds, uniform, side="right"), len(bounds) - 1)


@dataclass(frozen=True)
class Shape:
    """What the static model knows of the requests: means of their lengths, and of products of them.

    `context` are the tokens that an answer's average step has before it, `pairs` those of queries and keys of a
    prompt, `longest` the tokens of the longest request; `fresh` is the input that no cached prefix spares, `skew` its
    mean over its median, where that is above 1.
    """

    inputs: float
    outputs: float
    fresh: float
    pairs: float
    context: float
    longest: int
    burstiness: float
    skew: float = 1.0


def shape_of(requests: Requests, *, cached: bool) -> Shape:
    """The shape of `requests`; with `cached`, all but the first of equal prefixes are found in the cache."""
    inputs, outputs = requests.input_tokens.astype(float), requests.output_tokens.astype(float)
    spared = _spared(requests) if cached else np.zeros(requests.size)
    fresh = np.maximum(inputs - spared, 1.0)
    gaps = np.diff(requests.arrival_s)
    return Shape(
        inputs=float(inputs.mean()),
        outputs=float(outputs.mean()),
        fresh=float(fresh.mean()),
        pairs=float((fresh * spared + fresh * (fresh + 1.0) / 2.0).mean()),
        context=float((outputs * (inputs + outputs / 2.0)).sum() / outputs.sum()),
        longest=int((inputs + outputs).max()),
        burstiness=float(gaps.std() / gaps.mean()) if len(gaps) > 1 and gaps.mean() > 0 else 1.0,
        skew=max(float(fresh.mean() / np.median(fresh)), 1.0),
    )


def _spared(requests: Requests) -> Floats:
    """Tokens of each input that an endless cache would hold: the prefix as long as it was seen before."""
    spared = np.zeros(requests.size)
    seen: dict[int, int] = {}
    pairs = zip(requests.prefix.tolist(), requests.prefix_tokens.tolist(), strict=True)
    for place, (prefix, tokens) in enumerate(pairs):
        if prefix >= 0:
            spared[place] = min(seen.get(prefix, 0), tokens)
            seen[prefix] = max(seen.get(prefix, 0), tokens)
    return spared
