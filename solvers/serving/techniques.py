"""For each technique: used, does not pay, or cannot tell; by asking again with it forced, or without it.

    gain = GPUs (or by the objective requests a second of each GPU, or the latency that is nearest its limit) of the
           best plan on the other side, over the plan's
The crossover is the first change among the sensitivities, all solved again, under which the verdict turns.
"""

from collections.abc import Callable
from dataclasses import dataclass

from solvers.documents import Document
from solvers.serving.candidate import Candidate
from solvers.serving.moves import layout_key
from solvers.serving.options import Fixed
from solvers.serving.plan import label
from solvers.serving.ranked import Ranked, longer, stretch
from solvers.serving.spec import ServingSpec
from solvers.serving.study import Study
from solvers.units import SHARE, show

Used = Callable[[Candidate], bool]


@dataclass(frozen=True)
class Technique:
    """What people call it, and which plans use it."""

    title: str
    used: Used


def _any(which: Callable[..., bool]) -> Used:
    return lambda candidate: any(which(group.setup) for group in candidate.groups)


TECHNIQUES: dict[str, Technique] = {
    "tp": Technique("Tensor parallelism", _any(lambda setup: setup.layout.tp > 1)),
    "pp": Technique("Pipeline parallelism", _any(lambda setup: setup.layout.pp > 1)),
    "ep": Technique("Expert parallelism", _any(lambda setup: setup.layout.ep > 1)),
    "dp_attention": Technique("Data-parallel attention", _any(lambda setup: setup.layout.dp > 1)),
    "disaggregated": Technique("Prefill and decode apart", lambda candidate: candidate.disaggregated),
    "chunked_prefill": Technique("Chunked prefill", lambda candidate: candidate.groups[0].setup.chunked_prefill),
    "prefix_caching": Technique("Prefix caching", lambda candidate: candidate.groups[0].setup.prefix_caching),
    "low_precision_weights": Technique(
        "Weights below 16 bit", _any(lambda setup: setup.numerics.weights not in ("bf16", "fp16"))
    ),
    "fp8_kv": Technique("KV cache in FP8", _any(lambda setup: setup.numerics.kv == "fp8")),
    "speculative": Technique("Speculative decoding", _any(lambda setup: setup.speculative)),
    "least_work_routing": Technique("Routing by least work", lambda candidate: candidate.routing == "least_work"),
    "prefix_aware_routing": Technique("Routing by prefix", lambda candidate: candidate.routing == "prefix_aware"),
}
SWITCHED = ("chunked_prefill", "prefix_caching", "least_work_routing", "prefix_aware_routing")
LOSSY = {"low_precision_weights": ("weights", "fp8"), "fp8_kv": ("kv", "fp8")}


def uses(candidate: Candidate) -> list[str]:
    """The techniques of a plan."""
    return [name for name, technique in TECHNIQUES.items() if technique.used(candidate)]


def verdicts(study: Study, chosen: Ranked, sensitivity: list[Document]) -> list[Document]:
    """One verdict for each technique."""
    return [_verdict(study, chosen, name, sensitivity) for name in TECHNIQUES]


def _verdict(study: Study, chosen: Ranked, name: str, sensitivity: list[Document]) -> Document:
    technique = TECHNIQUES[name]
    used = technique.used(chosen.candidate)
    document = {"name": name, "title": technique.title, "crossover": None}
    if not used and (inapplicable := _inapplicable(study.spec, name, chosen)):
        return {**document, **inapplicable}
    if used and _fixed(study.spec, name):
        return {**document, "verdict": "used", "message": "The spec fixes it."}
    other = _other(study, name, chosen, used=used)
    told = "without it" if used else "with it"
    verdict = (
        "used" if used else "cannot_tell" if name in LOSSY and _better(other, chosen, study.spec) else "does_not_pay"
    )
    return {
        **document,
        "verdict": verdict,
        "crossover": _crossover(name, sensitivity, used=used),
        "message": _message(chosen, other, told=told, lossy=name in LOSSY and not used, spec=study.spec),
        "other": None if other is None else {"label": label(other.candidate), "gpus": other.candidate.gpus},
    }


def _other(study: Study, name: str, chosen: Ranked, *, used: bool) -> Ranked | None:
    """The best plan on the other side; its goodput where it has as many GPUs."""
    technique, spec, gpus = TECHNIQUES[name], study.spec, chosen.candidate.gpus
    layout = layout_key(chosen.candidate)
    if used and name in SWITCHED:
        asked = _forbidding(spec, name)
        found = study.again(
            asked, keep=lambda one: not technique.used(one) and layout_key(one) == layout, compared=gpus
        )
    elif used:
        found = study.again(keep=lambda candidate: not technique.used(candidate), compared=gpus, near=chosen.candidate)
    elif name in LOSSY:
        field, value = LOSSY[name]
        precision = spec.precision.model_copy(update={field: value})
        found = study.again(spec.model_copy(update={"precision": precision}), compared=gpus, near=chosen.candidate)
    elif name in ("least_work_routing", "prefix_aware_routing"):
        found = study.again(_fixing(spec, routing=name.removesuffix("_routing")), compared=gpus, near=chosen.candidate)
    else:
        found = study.again(keep=technique.used, compared=gpus, near=chosen.candidate)
    return found.ranked[0] if found.ranked else None


def _forbidding(spec: ServingSpec, name: str) -> ServingSpec:
    options = spec.options
    allow = None if options.allow is None else tuple(one for one in options.allow if one != name)
    changed = options.model_copy(update={"forbid": (*options.forbid, name), "allow": allow})
    return spec.model_copy(update={"options": changed})


def _fixing(spec: ServingSpec, **settings: object) -> ServingSpec:
    fix = spec.options.fix.model_copy(update=settings)
    return spec.model_copy(update={"options": spec.options.model_copy(update={"fix": fix})})


def _fixed(spec: ServingSpec, name: str) -> bool:
    """Whether the spec leaves no choice but to use a technique."""
    fix, precision = spec.options.fix, spec.precision
    degrees = {"tp": fix.tp, "pp": fix.pp, "ep": fix.ep, "dp_attention": fix.dp}
    return (
        (degrees.get(name) or 1) > 1
        or (name == "disaggregated" and fix.mode == "disaggregated")
        or (name in SWITCHED and name in (f"{fix.routing}_routing", *_switched_on(fix)))
        or (name == "low_precision_weights" and precision.weights not in ("auto", "bf16", "fp16"))
        or (name == "fp8_kv" and precision.kv == "fp8")
    )


def _switched_on(fix: Fixed) -> tuple[str, ...]:
    return tuple(name for name in ("chunked_prefill", "prefix_caching") if getattr(fix, name))


def _inapplicable(spec: ServingSpec, name: str, chosen: Ranked) -> Document | None:
    """Why a technique that is not used cannot be, or cannot be judged."""
    if spec.options.forbids(name):
        return {"verdict": "cannot_tell", "message": "The spec forbids it."}
    if name == "speculative" and spec.speculation is None:
        message = "It needs a draft and how often its guesses are right on your traffic, under speculation in the spec."
        return {"verdict": "cannot_tell", "message": message}
    gpu, alone = spec.hardware.node.gpu, chosen.candidate.groups[0].replicas == 1
    reasons = (
        (name in ("ep", "dp_attention") and spec.model.moe is None, "The model has no experts."),
        (name in LOSSY and not gpu.has("fp8"), f"{gpu.shown} has no FP8."),
        (name.endswith("_routing") and alone, "There is one replica to send to."),
        (name == "prefix_aware_routing" and not _shares(spec), "No inputs begin alike."),
        (name == "disaggregated" and spec.gpus < 2, "It needs two GPUs."),
    )
    told = next((reason for holds, reason in reasons if holds), None)
    return None if told is None else {"verdict": "does_not_pay", "message": told}


def _shares(spec: ServingSpec) -> bool:
    traffic = spec.traffic
    return traffic.prefix is not None or (traffic.trace is not None and bool((traffic.rows().prefix >= 0).any()))


def _better(other: Ranked | None, chosen: Ranked, spec: ServingSpec) -> bool:
    return other is not None and _worth(other, spec) > _worth(chosen, spec)


def _worth(ranked: Ranked, spec: ServingSpec) -> float:
    """More is better: by the objective."""
    if spec.objective == "cost":
        return -float(ranked.candidate.gpus)
    return _per_gpu(ranked) if spec.objective == "goodput_per_gpu" else -stretch(ranked.trial, spec)


def _denser(chosen: Ranked, other: Ranked) -> str:
    change = _per_gpu(other) / _per_gpu(chosen) - 1.0
    if abs(change) < 0.01:
        return "As much goodput of each GPU"
    return f"{show(abs(change), SHARE)} {'more' if change > 0 else 'less'} goodput of each GPU"


def _per_gpu(ranked: Ranked) -> float:
    return ranked.goodput_per_s / ranked.candidate.gpus


def _message(chosen: Ranked, other: Ranked | None, *, told: str, lossy: bool, spec: ServingSpec) -> str:
    if other is None:
        return f"Nothing carries the traffic {told}."
    name, more = label(other.candidate), other.candidate.gpus - chosen.candidate.gpus
    tail = " It changes what the model computes: measure its answers." if lossy else ""
    if spec.objective != "cost":
        dense = spec.objective == "goodput_per_gpu"
        change = _denser(chosen, other) if dense else longer(chosen, other, spec)
        return f"{change} {told} ({name}).{tail}"
    if more:
        word = "more" if more > 0 else "fewer"
        plural = "" if abs(more) == 1 else "s"
        return f"{abs(more)} GPU{plural} {word} {told} ({name}).{tail}"
    gain = other.goodput_per_s / chosen.goodput_per_s - 1.0 if chosen.goodput_per_s else 0.0
    if abs(gain) < 0.01 or other.edge is None or chosen.edge is None:
        return f"As many GPUs {told} ({name}).{tail}"
    word = "more" if gain > 0 else "less"
    return f"As many GPUs and {show(abs(gain), SHARE)} {word} goodput {told} ({name}).{tail}"


def _crossover(name: str, sensitivity: list[Document], *, used: bool) -> str | None:
    """The first change, solved again, that turns the verdict."""
    for change in sensitivity:
        if change["techniques"] is not None and (name in change["techniques"]) != used:
            verb = "no longer pays" if used else "pays"
            return f"It {verb} with {change['change']} ({change['label']})."
    return None
