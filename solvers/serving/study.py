"""Everything that one question needs while it is answered: requests, costs, trials; and how it is asked again."""

from dataclasses import dataclass, replace
from functools import cached_property

from solvers.serving.candidate import Candidate
from solvers.serving.ceiling import Ceilings, work_of
from solvers.serving.evidence.features import load_of
from solvers.serving.options import Options
from solvers.serving.ranked import Found
from solvers.serving.requests import Sample, Shape, sample, shape_of
from solvers.serving.screen import Screened, screen
from solvers.serving.search import Effort, Keep, Search, Seen, nothing_seen
from solvers.serving.setup import Shop
from solvers.serving.spec import ServingSpec
from solvers.serving.trial import Trials

# Requests that the static model takes its means from.
SHAPED = 20_000
# A model that states no context takes any length.
ENDLESS = 1 << 30
# How far a question that is asked again is searched.
AGAIN = Effort(layouts=6, finalists=1, polished=0, edge_gpus=0, swept=False)


@dataclass(frozen=True)
class Study:
    """One question with its requests' shape; `longest` tokens is the longest request that is served."""

    spec: ServingSpec
    shop: Shop
    trials: Trials
    ceilings: Ceilings
    shape: Shape
    longest: int
    refused: float

    @property
    def most_gpus(self) -> int:
        """GPUs that the hardware and the budget allow."""
        price, budget = self.spec.hardware.usd_per_gpu_hour, self.spec.constraints.budget_per_hour
        if not price or budget is None:
            return self.spec.gpus
        return min(self.spec.gpus, int(budget / price + 1e-9))

    def screened(self, spec: ServingSpec | None = None) -> Screened:
        """All plans for a question with the same requests, by the static model."""
        return self._own if spec is None or spec is self.spec else self._screened(spec)

    @cached_property
    def _own(self) -> Screened:
        return self._screened(self.spec)

    def _screened(self, asked: ServingSpec) -> Screened:
        return screen(asked, self.shop, self.shape, asked.traffic.rate_per_s, longest=self.shape.longest)

    def search(self, screened: Screened, seen: Seen) -> tuple[Search, Found]:
        """The whole search."""
        search = Search(self.spec, self.trials, screened, most_gpus=self.most_gpus, ceilings=self.ceilings)
        return search, search.run(anything, seen)

    def again(
        self,
        spec: ServingSpec | None = None,
        *,
        keep: Keep | None = None,
        compared: int = 0,
        near: Candidate | None = None,
    ) -> Found:
        """The question with a change, or with plans of one sort only, searched less widely.

        Plans on `compared` GPUs are told apart by their goodput. The setups of `near` are looked at first.
        """
        asked = spec or self.spec
        dense = compared and asked.objective != "cost"
        setups = () if near is None else near.setups
        effort = replace(AGAIN, edge_gpus=None if dense else compared, edge_seeds=1, near=setups)
        screened = self.screened(asked)
        search = Search(asked, self.trials, screened, most_gpus=self.most_gpus, ceilings=self.ceilings, effort=effort)
        return search.run(keep or anything, nothing_seen)


def anything(candidate: Candidate) -> bool:
    """Every plan."""
    del candidate
    return True


def study(spec: ServingSpec) -> Study:
    """The question, ready to be answered."""
    longest = longest_of(spec)
    drawn = sample(spec.traffic, size=SHAPED, seed=spec.seed * 1009, longest=longest)
    return study_of(spec, drawn, shape_of(drawn.requests, cached=cached(spec.options)), longest=longest)


def longest_of(spec: ServingSpec) -> int:
    """Tokens of the longest request that the model, or the spec, lets in."""
    return min(spec.model.context or ENDLESS, spec.constraints.max_model_len or ENDLESS)


def cached(options: Options) -> bool:
    """Whether equal beginnings of inputs are kept."""
    return options.fix.prefix_caching is not False and not options.forbids("prefix_caching")


def study_of(spec: ServingSpec, drawn: Sample, shape: Shape, *, longest: int) -> Study:
    """The same with the requests that it takes its means from, whose `shape` that is."""
    load = load_of(inputs=shape.inputs, outputs=shape.outputs)
    shop = Shop(spec, longest=shape.longest, context=shape.context, load=load)
    trials = Trials(spec, shop, longest=min(longest, shape.longest))
    ceilings = Ceilings(shop, work_of(drawn.requests, shape))
    return Study(spec, shop, trials, ceilings, shape, longest, drawn.refused)


def with_rate(spec: ServingSpec, factor: float) -> ServingSpec:
    """The same question with so many times the requests."""
    traffic = spec.traffic.model_copy(update={"rate_scale": spec.traffic.rate_scale * factor})
    return spec.model_copy(update={"traffic": traffic})


def with_limit(spec: ServingSpec, name: str, factor: float) -> ServingSpec:
    """The same question with one latency so many times as long."""
    slo = spec.slo.model_copy(update={name: spec.slo.limits[name] * factor})
    return spec.model_copy(update={"slo": slo})
