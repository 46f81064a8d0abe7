"""Choose a plan: the best of the static model are simulated, the best of those longer, the best of those polished.

    cost              fewest GPUs (all cost the same) that carry the traffic, then the most goodput
    goodput_per_gpu   most goodput of each GPU among plans that carry the traffic
    latency           smallest of the largest ratio of a latency to its limit, on all GPUs
Every comparison is made on the same requests. Nothing is decided by the clock: what is tried depends on counts alone.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from solvers.serving.candidate import Candidate
from solvers.serving.ceiling import Ceilings
from solvers.serving.goodput import Edge, edge
from solvers.serving.moves import cut, fewer_replicas, given, layout_key, more_replicas, neighbours
from solvers.serving.ranked import Found, Ranked, distinct, stretch
from solvers.serving.screen import Scored, Screened
from solvers.serving.setup import Setup
from solvers.serving.spec import ServingSpec
from solvers.serving.sweep import fewer_gpus
from solvers.serving.trial import Trials, share, size_for

# Layouts that are simulated, settings of each, layouts whose goodput is compared, steps of the polish.
LAYOUTS, SETTINGS, FINALISTS, POLISHED = 20, 2, 8, 8
# Beyond the static model's ceiling by this much more work comes in than can be done: not simulated.
OVERLOAD = 1.25
# Seeds and shares of the full size of a first look, and of a decision.
QUICK_SEEDS, SURE_SEEDS, QUICK_SIZE = 1, 3, 0.5
# Static estimates above the best by more than this are not simulated: none was found so wrong (estimate).
TOO_FAR = 1.7
COARSE = 0.06

Keep = Callable[[Candidate], bool]
Seen = Callable[[int, int, Candidate | None], None]


@dataclass(frozen=True)
class Effort:
    """How far a search goes: layouts that are simulated, plans that are compared, settings tried around the best.

    `sure_seeds` decide whether a plan holds, `edge_seeds` measure its goodput: of plans on `edge_gpus` GPUs, if given.
    With `swept` nothing that could do with fewer GPUs is left undecided. Setups that are `near` the answer come first.
    """

    layouts: int = LAYOUTS
    finalists: int = FINALISTS
    polished: int = POLISHED
    sure_seeds: int = SURE_SEEDS
    edge_seeds: int = 2
    swept: bool = True
    near: tuple[Setup, ...] = ()
    edge_gpus: int | None = None


class Search:
    """One search: what it tries is remembered by `trials`."""

    def __init__(
        self, spec: ServingSpec, trials: Trials, screened: Screened, *, most_gpus: int, ceilings: Ceilings,
        effort: Effort | None = None,
    ) -> None:  # fmt: skip
        self.spec, self.trials, self.most_gpus, self.ceilings = spec, trials, most_gpus, ceilings
        self.effort = effort or Effort()
        self.undecided = 0
        self.scored = screened.scored
        self.rate = spec.traffic.rate_per_s
        self.target = spec.slo.attainment
        self.given = given(spec)

    def size(self, residence_s: float) -> int:
        """Requests of one seed for a decision."""
        return size_for(self.rate, residence_s, self.spec.slo)

    def quick(self, scored: Scored, candidate: Candidate) -> Ranked:
        """A first look at a candidate."""
        size = max(int(QUICK_SIZE * self.size(scored.residence_s)), 300)
        return self._tried(scored, candidate, size=size, seeds=QUICK_SEEDS)

    def sure(self, scored: Scored, candidate: Candidate) -> Ranked:
        """A look that decides."""
        if self.effort.sure_seeds == QUICK_SEEDS:
            return self.quick(scored, candidate)
        return self._tried(scored, candidate, size=self.size(scored.residence_s), seeds=self.effort.sure_seeds)

    def glance(self, scored: Scored, candidate: Candidate, *, size: int) -> Ranked:
        """A look that only what misses by far needs."""
        return self._tried(scored, candidate, size=min(size, self.size(scored.residence_s)), seeds=QUICK_SEEDS)

    def _tried(self, scored: Scored, candidate: Candidate, *, size: int, seeds: int) -> Ranked:
        trial = self.trials.trial(candidate, self.rate, size=size, seeds=seeds)
        capacity = scored.capacity_per_s * candidate.replicas / scored.candidate.replicas
        return Ranked(candidate, capacity, trial, share(trial, self.spec))

    def edge(self, scored: Scored, candidate: Candidate) -> Edge | None:
        """The goodput of a candidate, to a share of COARSE; None where nobody compares it."""
        if self.effort.edge_gpus not in (None, candidate.gpus):
            return None
        capacity = scored.capacity_per_s * candidate.gpus / scored.candidate.gpus
        most = self.ceilings.of(candidate, self.spec.slo)
        size = size_for(1.2 * max(self.rate, capacity), scored.residence_s, self.spec.slo)

        def shares(rate: float) -> tuple[float, ...]:
            trial = self.trials.trial(candidate, rate, size=size, seeds=self.effort.edge_seeds)
            return trial.shares(self.spec.slo)

        return edge(
            shares, target=self.target, guess=max(self.rate, 0.8 * capacity), floor=min(capacity, self.rate) / 50.0,
            ceiling=most, close=COARSE,
        )  # fmt: skip

    def shortlist(self, keep: Keep, *, by: Callable[[Scored], object]) -> list[Scored]:
        """The best settings of the best layouts, by the static model."""
        counts: dict[object, int] = {}
        found: list[Scored] = []
        near = self.effort.near
        some = (one for one in self.scored if keep(one.candidate) and self._room(one.candidate))
        kept = sorted(some, key=by)  # type: ignore[arg-type]
        for one in sorted(kept, key=lambda one: one.candidate.setups != near) if near else kept:
            layout = layout_key(one.candidate)
            if counts.get(layout, 0) < SETTINGS and (layout in counts or len(counts) < self.effort.layouts):
                counts[layout] = counts.get(layout, 0) + 1
                found.append(one)
        return found

    def _room(self, candidate: Candidate) -> bool:
        """Whether there are GPUs for one replica of each group, or for as many as are given."""
        return cut(candidate, self.most_gpus, but=self.given) is not None

    def run(self, keep: Keep, seen: Seen) -> Found:
        """The plans that carry the traffic, best first."""
        ranked, missed = {"cost": self._fewest, "goodput_per_gpu": self._densest, "latency": self._quickest}[
            self.spec.objective
        ](keep, seen)
        return Found(tuple(distinct(ranked)), tuple(missed))

    def survey(self, found: Found, keep: Keep, *, most: int) -> tuple[Ranked, ...]:
        """Plans of other layouts that carry the traffic with more GPUs, for the choice between cost and latency."""
        known = {layout_key(one.candidate) for one in found.ranked}
        held: list[Ranked] = []
        for scored in self.shortlist(keep, by=lambda one: one.needed_gpus):
            key = layout_key(scored.candidate)
            if key in known or scored.candidate.gpus > self.most_gpus or self._overloaded(scored, scored.candidate):
                continue
            known.add(key)
            tried = self.quick(scored, scored.candidate)
            if tried.share >= self.target:
                held.append(tried)
            if len(held) == most:
                break
        return tuple(sorted(held, key=lambda one: one.candidate.gpus))

    def _fewest(self, keep: Keep, seen: Seen) -> tuple[list[Ranked], list[Ranked]]:
        listed = self.shortlist(keep, by=lambda one: (one.candidate.gpus, one.needed_gpus))
        best = self.most_gpus
        holding: list[tuple[Scored, Ranked]] = []
        missed: list[Ranked] = []
        for place, scored in enumerate(listed):
            seen(place, len(listed), holding[0][1].candidate if holding else None)
            if holding and scored.needed_gpus > TOO_FAR * best:
                continue
            held = self._least(scored, most=best, missed=missed)
            if held is not None:
                holding.append((scored, held))
                holding.sort(key=lambda pair: (pair[1].candidate.gpus, -pair[1].share))
                best = holding[0][1].candidate.gpus
        ranked, missed = self._settled(holding, missed)
        return (self._swept(ranked, missed, keep), missed) if self.effort.swept else (ranked, missed)

    def _swept(self, ranked: list[Ranked], missed: list[Ranked], keep: Keep) -> list[Ranked]:
        """With what needs even fewer GPUs and was not on the shortlist, its best polished."""
        most = ranked[0].candidate.gpus - 1 if ranked else self.most_gpus
        found = fewer_gpus(self, keep, most_gpus=most)
        self.undecided = found.undecided
        missed += found.missed
        held = [(scored, replace(one, edge=self.edge(scored, one.candidate)))
                for scored, one in found.held[: self.effort.finalists]]  # fmt: skip
        if not held:
            return ranked
        held.sort(key=lambda pair: -pair[1].goodput_per_s)
        held[0] = self._polished(*held[0])
        return [one for _, one in held] + ranked

    def _least(self, scored: Scored, *, most: int, missed: list[Ranked]) -> Ranked | None:
        """The candidate with the fewest replicas that hold at a first look, within `most` GPUs."""
        held: Ranked | None = None
        for candidate in self._downward(scored, most=most):
            if self._overloaded(scored, candidate):
                break
            tried = self.quick(scored, candidate)
            if tried.share < self.target:
                missed.append(tried)
                break
            held = tried
        if held is not None:
            return held
        for candidate in self._upward(scored, most=most):
            if self._overloaded(scored, candidate):
                continue
            tried = self.quick(scored, candidate)
            if tried.share >= self.target:
                return tried
            missed.append(tried)
        return None

    def _overloaded(self, scored: Scored, candidate: Candidate) -> bool:
        """Whether more work comes in than can be done: proven, or by the static model and a margin."""
        shrunk = min(
            group.replicas / known.replicas
            for group, known in zip(candidate.groups, scored.candidate.groups, strict=True)
        )
        if self.rate > OVERLOAD * scored.ceiling_per_s * shrunk:
            return True
        return self.rate > self.ceilings.of(candidate, self.spec.slo)

    def _downward(self, scored: Scored, *, most: int) -> Iterator[Candidate]:
        """The candidate as the static model has it, cut to `most` GPUs, and then with ever fewer replicas."""
        candidate = cut(scored.candidate, most, but=self.given)
        while candidate is not None:
            yield candidate
            candidate = fewer_replicas(candidate, but=self.given)

    def _upward(self, scored: Scored, *, most: int) -> Iterator[Candidate]:
        start = cut(scored.candidate, most, but=self.given)
        return iter(()) if start is None else islice(more_replicas(start, most=most, but=self.given), 4)

    def _settled(self, holding: list[tuple[Scored, Ranked]], missed: list[Ranked]) -> tuple[list[Ranked], list[Ranked]]:
        """Those that hold at a first look, looked at longer, with their goodput for the best; the best polished."""
        sure: list[tuple[Scored, Ranked]] = []
        waiting = list(holding)
        while waiting and len(sure) < self.effort.finalists:
            waiting.sort(key=lambda pair: (pair[1].candidate.gpus, -pair[1].capacity_per_s))
            scored, quick = waiting.pop(0)
            if sure and quick.candidate.gpus > sure[0][1].candidate.gpus:
                break
            tried = self.sure(scored, quick.candidate)
            if tried.share >= self.target:
                sure.append((scored, replace(tried, edge=self.edge(scored, tried.candidate))))
                continue
            missed.append(tried)
            more = next(self._upward(replace(scored, candidate=quick.candidate), most=self.most_gpus), None)
            if more is not None:
                waiting.append((scored, self.quick(scored, more)))
        if not sure:
            return [], missed
        sure.sort(key=lambda pair: (pair[1].candidate.gpus, -pair[1].goodput_per_s))
        sure[0] = self._polished(*sure[0])
        rest = [ranked for _, ranked in waiting if ranked.share >= self.target]
        return [ranked for _, ranked in sure] + rest, missed

    def _polished(self, scored: Scored, ranked: Ranked) -> tuple[Scored, Ranked]:
        """Settings around the best, one at a time, kept where they raise its goodput; then fewer replicas."""
        best = ranked
        for candidate in islice(neighbours(best.candidate, self.spec), self.effort.polished):
            edge_ = self.edge(scored, candidate)
            if edge_ is not None and edge_.rate_per_s > best.goodput_per_s * (1.0 + COARSE / 2):
                tried = self.sure(scored, candidate)
                best = replace(tried, edge=edge_) if tried.share >= self.target else best
        fewer = fewer_replicas(best.candidate, but=self.given) if self.spec.objective == "cost" else None
        if fewer is not None and best.goodput_per_s * fewer.gpus / best.candidate.gpus > 0.98 * self.rate:
            tried = self.sure(scored, fewer)
            if tried.share >= self.target:
                best = replace(tried, edge=self.edge(scored, fewer))
        return scored, best

    def _densest(self, keep: Keep, seen: Seen) -> tuple[list[Ranked], list[Ranked]]:
        listed = [
            one
            for one in self.shortlist(keep, by=lambda one: -one.per_gpu)
            if cut(one.candidate, self.most_gpus, but=self.given)
        ]
        ranked: list[tuple[Scored, Ranked]] = []
        missed: list[Ranked] = []
        for place, scored in enumerate(listed):
            seen(place, len(listed), ranked[0][1].candidate if ranked else None)
            held = self._least(scored, most=self.most_gpus, missed=missed)
            if held is None:
                continue
            ranked.append((scored, replace(held, edge=self.edge(scored, held.candidate))))
            ranked.sort(key=lambda pair: -pair[1].goodput_per_s / pair[1].candidate.gpus)
        while ranked:
            scored, first = ranked[0]
            tried = self.sure(scored, first.candidate)
            if tried.share >= self.target:
                ranked[0] = self._polished(scored, replace(tried, edge=first.edge))
                break
            missed.append(tried)
            ranked.pop(0)
        return [one for _, one in ranked], missed

    def _quickest(self, keep: Keep, seen: Seen) -> tuple[list[Ranked], list[Ranked]]:
        listed = self.shortlist(keep, by=lambda one: one.residence_s)
        ranked: list[Ranked] = []
        missed: list[Ranked] = []
        for place, scored in enumerate(listed):
            seen(place, len(listed), ranked[0].candidate if ranked else None)
            for candidate in self._filling(scored):
                tried = self.quick(scored, candidate)
                (ranked if tried.share >= self.target else missed).append(tried)
            ranked.sort(key=lambda one: stretch(one.trial, self.spec))
        return ranked, missed

    def _filling(self, scored: Scored) -> Iterable[Candidate]:
        """The candidate with as many replicas as there are GPUs for."""
        groups = scored.candidate.groups
        numbers = [group.replicas if group.role in self.given else None for group in groups]
        if len(groups) == 1:
            every: list[tuple[int, ...]] = [(numbers[0] or self.most_gpus // groups[0].setup.gpus,)]
        else:
            one, other = (group.setup.gpus for group in groups)
            ahead = [numbers[0]] if numbers[0] else range(1, (self.most_gpus - other) // one + 1)
            every = [(number, numbers[1] or (self.most_gpus - number * one) // other) for number in ahead]
        found = [scored.candidate.with_replicas(*each) for each in every if min(each) >= 1]
        return [candidate for candidate in found if candidate.gpus <= self.most_gpus][:8]


def nothing_seen(done: int, total: int, best: Candidate | None) -> None:
    """For searches that nobody watches."""
    del done, total, best
