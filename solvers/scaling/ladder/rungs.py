"""The rungs of a ladder as the answer shows them: what each is, costs, tells, and how it is trained.

Runs of one size share a trunk where the schedule is stable and then decays: the trunk has the peak learning rate and
the batch of its longest run, and each run decays over its own last steps. A rung's cost is what it adds to the tree
when the rungs are run in this order.
"""

from collections.abc import Callable
from dataclasses import dataclass

from solvers.documents import Document
from solvers.laws.design.candidates import more
from solvers.laws.design.choose import Question
from solvers.scaling.halves import of_log
from solvers.scaling.ladder.family import Family, shaped
from solvers.scaling.ladder.grid import Grid
from solvers.scaling.tuning.schedule import course
from solvers.units import COUNT, show

Tune = Callable[[float, float], Document]


@dataclass(frozen=True)
class Run:
    """A size and a length."""

    params: float
    tokens: float


@dataclass(frozen=True, eq=False)
class Ladder:
    """Runs in their order, and what is known of them."""

    of: Family
    counts: str
    grid: Grid
    question: Question
    order: tuple[int, ...]
    tune: Tune

    @property
    def costs(self) -> list[float]:
        """What each run adds, in the budget's unit."""
        made = [list(self.order[:n]) for n in range(len(self.order))]
        return [float(more(self.grid.candidates, before)[k]) for before, k in zip(made, self.order, strict=True)]

    @property
    def widths(self) -> list[float]:
        """Half-widths before the first run and after each, as shares of the loss."""
        return [
            of_log(self.question.after(self.order[:n]) if n else self.question.half_width)
            for n in range(len(self.order) + 1)
        ]


def rungs(ladder: Ladder) -> list[Document]:
    """All rungs in the order to run them."""
    widths, names = ladder.widths, names_of(ladder)
    found = []
    for place, (k, cost) in enumerate(zip(ladder.order, ladder.costs, strict=True)):
        alone = of_log(ladder.question.after((k,)))
        told = _priced(ladder, k, share=cost / float(ladder.grid.candidates.cost[k]))
        widest = {"before": widths[place], "after": widths[place + 1], "alone_after": alone}
        found.append({"name": names[k], **told, "trunk": _trunk(ladder, k, names), **widest, **_made(ladder, k)})
    return found


def names_of(ladder: Ladder) -> dict[int, str]:
    """A name for each run, of its size and tokens."""
    params, tokens = (ladder.grid.candidates.inputs[name] for name in ("params", "tokens"))
    return {k: f"{_short(float(params[k]))}-{_short(float(tokens[k]))}" for k in ladder.order}


def _short(value: float) -> str:
    return show(value, COUNT).replace(" ", "").replace(",", "").lower()


def _priced(ladder: Ladder, k: int, *, share: float) -> Document:
    """Size, FLOP and GPU-hours; `share` of the run's own cost is what it adds to the tree."""
    pace, tokens = ladder.grid.paces[k], float(ladder.grid.candidates.inputs["tokens"][k])
    hours, rate = pace.gpu_hours(tokens), pace.tokens_per_s
    return {
        "params": pace.params,
        "tokens": tokens,
        "flops": pace.flops(tokens),
        "flops_priced": share * pace.flops(tokens),
        "gpus": pace.gpus,
        "gpu_hours": share * hours.value if hours else None,
        "gpu_hours_low": share * hours.low if hours else None,
        "gpu_hours_high": share * hours.high if hours else None,
        "gpu_hours_alone": hours.value if hours else None,
        "tokens_per_s": rate.value if rate else None,
        "mfu": pace.mfu,
    }


def _siblings(ladder: Ladder, k: int) -> list[int]:
    """Runs of the same trunk, from the shortest to the longest."""
    candidates = ladder.grid.candidates
    same = [one for one in ladder.order if candidates.trunk[one] == candidates.trunk[k]]
    return sorted(same, key=lambda one: float(candidates.inputs["tokens"][one]))


def _trunk(ladder: Ladder, k: int, names: dict[int, str]) -> str | None:
    """The longest run of a size that has several, where runs share a trunk."""
    same = _siblings(ladder, k)
    if ladder.grid.candidates.decay_share is None or len(same) < 2:
        return None
    return names[same[-1]]


def _made(ladder: Ladder, k: int) -> Document:
    """The architecture and how it is trained."""
    inputs, pace = ladder.grid.candidates.inputs, ladder.grid.paces[k]
    tokens, branched = float(inputs["tokens"][k]), ladder.grid.candidates.decay_share is not None
    shared = _siblings(ladder, k) if branched else [k]
    tuned = ladder.tune(pace.params, float(inputs["tokens"][shared[-1]]))
    shortest = float(inputs["tokens"][shared[0]])
    fitted = in_steps(tuned, Run(pace.params, tokens), gpus=pace.gpus or 1, shortest=shortest)
    if k != shared[-1]:
        words = "It leaves the trunk of a longer run, whose learning rate and batch it has."
        fitted["warnings"] = [*fitted["warnings"], words]
    return {"model": shaped(ladder.of, pace.params, ladder.counts).document(), "training": fitted}


def in_steps(tuned: Document, run: Run, *, gpus: int, shortest: float) -> Document:
    """Values tuned for the longest run of a trunk, in whole steps of this run with a batch that the GPUs share.

    The warm-up is the trunk's: that of its `shortest` run.
    """
    batch = int(tuned["batch_sequences"])
    if batch >= gpus:
        batch = max(1, round(batch / gpus)) * gpus
    step = batch * int(tuned["sequence_length"])
    low, high = (pick(float(tuned["batch_tokens"][end]), float(step)) for pick, end in ((min, "low"), (max, "high")))
    around = {"value": float(step), "low": low, "high": high}
    own, first = (
        course(tuned["schedule"], params=run.params, tokens=tokens, batch_tokens=step)
        for tokens in (run.tokens, shortest)
    )
    decay = own.decay_steps if own.kind == "wsd" else own.steps - first.warmup_steps
    in_whole = {"steps": own.steps, "warmup_steps": first.warmup_steps, "decay_steps": decay}
    return {**tuned, "batch_sequences": batch, "batch_tokens": around, **in_whole, "warnings": list(tuned["warnings"])}


def saving(ladder: Ladder) -> float:
    """Share of the cost of separate runs that trunks save."""
    alone = sum(float(ladder.grid.candidates.cost[k]) for k in ladder.order)
    return max(0.0, 1.0 - sum(ladder.costs) / alone)
