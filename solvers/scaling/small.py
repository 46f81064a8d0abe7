"""The small runs to make, and how the big one is trained: the parts of the plan that follow from the case."""

from functools import cache

from solvers.documents import Document
from solvers.laws.design.aim import of_optimum
from solvers.laws.design.candidates import Target, target
from solvers.laws.predict.interval import NORMAL
from solvers.laws.predict.kinds import of_repeats
from solvers.laws.predict.repeats import worth
from solvers.laws.predict.shipped import shipped
from solvers.scaling.case import Case
from solvers.scaling.forecast.believed import believed
from solvers.scaling.forecast.kinds import of_one_length
from solvers.scaling.ladder.answer import Aim, Budget, Unpaid, ladder
from solvers.scaling.ladder.family import shaped
from solvers.scaling.ladder.limits import limits
from solvers.scaling.ladder.price import Price, priced
from solvers.scaling.ladder.speed import Work
from solvers.scaling.tuning.answer import told
from solvers.scaling.tuning.schedule import DECAY

NONE: Document = {"ladder": None, "next": None, "curve": [], "stop": None}


def small_runs(case: Case) -> Document | Unpaid:
    """`ladder`, `next`, `curve` and `stop`; nothing where no budget is given, or laws know one length."""
    budget = case.spec.budget
    if budget is None or (case.known is not None and of_one_length(case.known.mix)):
        return NONE
    aim = _aim(case)
    return ladder(
        budget=Budget(budget.gpu_hours or budget.flops or 0.0, budget.goal, budget.most_runs),
        mix=case.known.mix if case.known is not None else None,
        aim=Aim(aim, shipped(), case.place.unique),
        price=_price(case, aim),
        tune=case.tune,
        of=case.of,
        counts=case.counts,
        decay_share=DECAY if case.spec.options.schedule == "wsd" else None,
    )


def big_run(case: Case, *, loss: float | None, sizes: list[tuple[float, float]]) -> Document:
    """`model`, `training` and `tuning` of the target."""
    place = case.place
    nats = loss if case.loss_unit == "nats/token" else None
    return {
        "model": shaped(case.of, place.params, case.counts).document(),
        "training": case.tune(place.params, place.tokens),
        "tuning": told(
            case.tuning,
            params=place.params,
            tokens=place.tokens,
            schedule=case.spec.options.schedule,
            loss=nats,
            sizes=sizes,
        ),
    }


def _aim(case: Case) -> Target:
    """What small runs are to foretell: the target, with tokens that repeat as what they are worth.

    No run of a ladder repeats tokens, so what is not known of their worth lasts.
    """
    place = case.place
    found = target(params=place.params, tokens=place.tokens) if place.found is None else of_optimum(place.found)
    if place.unique is None:
        return found
    mix = case.known.mix if case.known is not None else believed(place.flops, case.spec.options.laws)
    params, tokens = found.inputs["params"], found.inputs["tokens"]
    inputs = {"params": params, "tokens": worth(tokens, place.unique, rate=mix.repeats.rate)}
    return Target(inputs, found.share, lasting=NORMAL * of_repeats(mix, params, tokens, place.unique))


def _price(case: Case, aim: Target) -> Price:
    spec = case.spec
    if spec.hardware is None or spec.budget is None:
        return Price(in_gpu_hours=False)
    known = case.known.mix.runs if case.known is not None else None
    within, place = limits(aim, case.place.unique, known), case.place

    @cache
    def batch(params: float) -> int:
        return int(case.tune(params, place.tokens / place.params * params)["batch_sequences"])

    return priced(
        case.of,
        spec.hardware,
        Work(spec.options.sequence_length, spec.options.precision),
        within,
        counts=case.counts,
        gpu_hours=spec.budget.gpu_hours,
        batch=batch,
    )
