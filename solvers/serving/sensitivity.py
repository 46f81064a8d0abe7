"""What would change the answer: the same question with one thing changed, solved again."""

from dataclasses import dataclass

from solvers.documents import Document
from solvers.serving.plan import label, usd_per_hour
from solvers.serving.ranked import Ranked
from solvers.serving.spec import ServingSpec
from solvers.serving.study import Study, with_limit, with_rate
from solvers.serving.techniques import uses

NAMES = {"ttft": "time to first token", "tpot": "time per output token", "e2e": "time to last token"}


@dataclass(frozen=True)
class Change:
    """A changed question, in words."""

    name: str
    spec: ServingSpec


def changes(spec: ServingSpec) -> list[Change]:
    """What is asked again: the traffic a fifth less and more, each limit halved and doubled."""
    found = [
        Change("20 % less traffic", with_rate(spec, 0.8)),
        Change("20 % more traffic", with_rate(spec, 1.2)),
    ]
    for name in spec.slo.limits:
        found += [
            Change(f"half the {NAMES[name]}", with_limit(spec, name, 0.5)),
            Change(f"twice the {NAMES[name]}", with_limit(spec, name, 2.0)),
        ]
    return found


def sensitivity(study: Study, chosen: Ranked) -> list[Document]:
    """Each change with its best plan."""
    return [_answered(study, change, chosen) for change in changes(study.spec)]


def _answered(study: Study, change: Change, chosen: Ranked) -> Document:
    found = study.again(change.spec, near=chosen.candidate)
    if not found.ranked:
        outcome = f"Nothing on {study.most_gpus:,} GPUs carries it."
        return {"change": change.name, "outcome": outcome, "gpus": None, "label": None, "techniques": None}
    best = found.ranked[0].candidate
    more = best.gpus - chosen.candidate.gpus
    count = f"{best.gpus:,} GPU{'' if best.gpus == 1 else 's'}"
    size = count if not more else f"{count} ({'+' if more > 0 else '−'}{abs(more)})"
    same = label(best) == label(chosen.candidate)
    return {
        "change": change.name,
        "outcome": f"{size}, {'the same plan' if same else label(best)}.",
        "gpus": best.gpus,
        "usd_per_hour": usd_per_hour(best, study.shop),
        "label": label(best),
        "techniques": uses(best),
    }
