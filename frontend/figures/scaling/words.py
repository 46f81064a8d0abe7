"""A scaling answer in words: the big run, its conventions, what binds, and the nearest where nothing is possible."""

from frontend.figures.base import Nearest
from frontend.figures.scaling import asked, kinds, ladder, residuals, said
from solvers import units
from solvers.documents import Document
from solvers.laws.units import COUNTS, LOSS_UNITS

BINDING = {
    "target": "The target",
    "params": "The parameters asked for",
    "tokens": "The tokens asked for",
    "flops": "The compute asked for",
    "gpu_hours": "The GPU-hours asked for",
    "loss": "The loss asked for",
    "unique_tokens": "The data that there is",
    "served_tokens": "The tokens to serve",
    "streams": "The parallel streams",
    "budget": "The budget for small runs",
    "goal": "The interval asked for",
    "most_runs": "The number of small runs",
    "hardware": "The hardware",
    "runs": "The runs",
    "laws": "The laws asked for",
    "floor": "The floor of the loss, which no size reaches",
    "memory": "The memory of a GPU",
}
ORIGINS = {"surface": "your runs", "mup": "the narrow model that was tuned, by muP"}
"""Where learning rate and batch come from, other than a rule."""


def reason(name: str) -> str:
    """A reason for rejection as the end of `812 ...`."""
    return residuals.FLAGS.get(name, name.replace("_", " "))


def binding(name: str) -> str:
    """What binds, as a line of its own: a pointer into the spec, or a word."""
    last = name.rpartition("/")[2]
    words = last.replace("_", " ")
    return BINDING.get(last, words[:1].upper() + words[1:])


def nearest(document: Document) -> Nearest:
    """The plan that comes nearest, and what it lacks."""
    facts = tuple((binding(need["constraint"]), need["message"]) for need in document.get("needs", ()))
    return Nearest(str(document["plan"].get("label", "")), facts)


def proof(_: float) -> str:
    """Nothing: laws are fitted, not searched."""
    return ""


def conventions(result: Document) -> tuple[tuple[str, str], ...]:
    """What N, the loss and compute count here."""
    target = asked.target(result)
    runs = asked.fitted(result)
    return (
        ("Parameters (N)", f"{target['counts']}: {COUNTS.get(target['counts'], '')}"),
        ("Loss", LOSS_UNITS.get(target["loss_unit"], str(target["loss_unit"]))),
        ("Compute", "6 × parameters × tokens"),
        *((("Runs fitted to", units.count(runs)),) if runs else ()),
    )


def big_run(result: Document) -> tuple[tuple[str, str], ...]:
    """The run that the answer recommends: its model, its cost, its data."""
    target, model = asked.target(result), asked.part(result, "model")
    facts = [("Compute", said.flops(target["flops"]))]
    if target.get("gpu_hours") is not None:
        gpus = f" on {units.count(target['gpus'])} GPUs" if target.get("gpus") else ""
        facts.append(("Time", f"{said.hours(target['gpu_hours'])}{gpus}"))
    if model:
        heads = f"{model['heads']} heads of {model['head_size']}, {model['kv_heads']} of keys and values"
        facts += [
            ("Model", f"{ladder.shape(model)}, FFN {units.count(model['ffn'])}, {heads}"),
            ("Parameters in all", f"{said.size(model['params_total'])}, vocabulary {units.count(model['vocabulary'])}"),
        ]
    if target.get("unique_tokens"):
        epochs = said.number(target.get("epochs") or 1)
        facts.append(("Data", f"{said.size(target['unique_tokens'])} tokens, each seen {epochs} times"))
    facts += list(kinds.facts(result))
    if target.get("served_tokens"):
        facts.append(("Will serve", f"{said.size(target['served_tokens'])} tokens"))
    return tuple(facts)


def training(result: Document) -> tuple[tuple[str, str], ...]:
    """Its hyperparameters, where they come from, and what to mind."""
    chosen = asked.part(result, "training")
    if not chosen:
        return ()
    rate, batch = chosen["learning_rate"], chosen["batch_tokens"]
    sequences = f"{units.count(chosen['batch_sequences'])} sequences of {units.count(chosen['sequence_length'])}"
    rules = {
        f"rule:{one['name']}".replace("_", "-"): one["title"] for one in asked.part(result, "tuning").get("rules") or []
    }
    source = rules.get(chosen["source"], str(chosen["source"]).removeprefix("rule:"))
    facts = (
        ("Learning rate", f"{said.rate(rate['value'])} ({said.rate(rate['low'])} – {said.rate(rate['high'])})"),
        (
            "Batch",
            f"{said.size(batch['value'])} tokens ({said.size(batch['low'])} – {said.size(batch['high'])}): {sequences}",
        ),
        ("Schedule", _schedule(chosen)),
        (
            "AdamW",
            f"weight decay {chosen['weight_decay']:g}, β₁ {chosen['beta1']:g}, β₂ {chosen['beta2']:g}",
        ),
        *_carried(chosen),
        ("These come from", ORIGINS.get(chosen["source"], f"the rule {source}")),
    )
    notes = " ".join(str(text) for text in chosen["warnings"])
    return (*facts, ("Mind", notes)) if notes else facts


def _carried(training: Document) -> tuple[tuple[str, str], ...]:
    """By what muP multiplies the learning rate and the first values of each kind of weight."""
    mup = training.get("mup")
    if not mup:
        return ()
    of = {"input weights": "input", "hidden matrices": "hidden", "the output": "output"}
    rates = ", ".join(f"{said.number(mup[f'{name}_rate'])} for {what}" for what, name in of.items())
    spreads = ", ".join(said.number(mup[f"{name}_spread"]) for name in of.values())
    told = f"learning rate times {rates}; standard deviation of their first values times {spreads}"
    return ((f"muP, from a width of {units.count(mup['tuned_width'])}", told),)


def _schedule(training: Document) -> str:
    name = said.SCHEDULES.get(training["schedule"], training["schedule"])
    return (
        f"{name}: {said.steps(training['steps'])}, {units.count(training['warmup_steps'])} to warm up, "
        f"{units.count(training['decay_steps'])} to decay to {said.whole(training['final_rate_share'])}"
    )
