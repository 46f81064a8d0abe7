"""A ladder's runs, and the big one, as plans that the training kind's frameworks say: model, layout and tuning.

The layout of a run is that of the size nearest above it that the training planner was asked for on as many GPUs, with
data parallelism and micro-batches for the run's own batch.
"""

from dataclasses import dataclass
from typing import Any

from solvers.catalogue import Model
from solvers.catalogue.equal_nodes import Hardware
from solvers.cost.pipeline import layers_per_stage
from solvers.documents import Document
from solvers.errors import CannotExpress, Problem
from solvers.scaling.exports import mup
from solvers.scaling.exports.pieces import Piece, pieces
from solvers.scaling.exports.rungs import Ladder
from solvers.scaling.ladder.family import family
from solvers.training.exports.planned import KNOWN, Planned, nothing_else, rare_of
from solvers.training.exports.tuned import Schedule, Start, Tuned
from solvers.training.plan import label
from solvers.training.staging import plain_parts

BIG = "big-run"
# A run's sizes by the catalogue's name for them.
SIZES = {
    "layers": "layers", "hidden": "hidden", "ffn": "ffn", "heads": "heads", "kv_heads": "kv_heads",
    "head_dim": "head_size", "vocab": "vocabulary",
}  # fmt: skip


@dataclass(frozen=True)
class Launch:
    """A run to start: its name, the plan that frameworks say, and the run that has to be done before."""

    name: str
    plan: Planned
    before: str


def launches(ladder: Ladder) -> tuple[Launch, ...]:
    """The pieces of the ladder in an order in which they can be made.

    CannotExpress where GPUs are not planned, or learning rates are muP's.
    """
    mup.refuse(ladder)
    hardware = _hardware(ladder)
    return tuple(Launch(one.name, _planned(ladder, hardware, one), one.before) for one in pieces(ladder))


def big(ladder: Ladder) -> Launch | None:
    """The big run; None where the plan does not say its model or GPUs."""
    plan, target = ladder.plan, ladder.plan["target"]
    if not plan.get("model") or not plan.get("training") or not target.get("gpus"):
        return None
    tuned = plan["training"]
    run = Planned(
        **_layout(ladder, _hardware(ladder), plan, target, title="the big run"),
        steps=int(tuned["steps"]),
        save_every=None,
        tuned=_tuned(tuned, folder=BIG, end=int(tuned["steps"]), decays=True, start=None),
    )
    return Launch(BIG, run, "")


def _hardware(ladder: Ladder) -> Hardware:
    given = ladder.spec.get("hardware")
    if given is None:
        hint = "Give `hardware`, as a training plan has it; the other formats say no GPUs."
        raise CannotExpress(Problem("cannot_express", "The plan is for no hardware.", "/spec/hardware", hint))
    return Hardware.model_validate(given)


def _planned(ladder: Ladder, hardware: Hardware, piece: Piece) -> Planned:
    rung = piece.rung
    steps = rung.steps
    start = Start(piece.before, piece.start) if piece.before else None
    return Planned(
        **_layout(ladder, hardware, rung.planned, rung.planned, title=piece.name),
        steps=piece.end,
        save_every=piece.end - piece.start,
        tuned=_tuned(rung.tuned, folder=piece.name, end=steps, decays=piece.decays, start=start),
    )


def _tuned(tuned: Document, *, folder: str, end: int, decays: bool, start: Start | None) -> Tuned:
    schedule: Schedule = tuned["schedule"] if decays else "constant"
    return Tuned(
        learning_rate=float(f"{tuned['learning_rate']['value']:.6g}"),
        schedule=schedule,
        end=end,
        warmup_steps=int(tuned["warmup_steps"]),
        decay_steps=int(tuned["decay_steps"]),
        decay=tuned.get("decay", "linear"),
        final_share=tuned["final_rate_share"],
        weight_decay=tuned["weight_decay"],
        beta1=tuned["beta1"],
        beta2=tuned["beta2"],
        folder=folder,
        start=start,
    )


def _layout(ladder: Ladder, hardware: Hardware, run: Document, size: Document, *, title: str) -> dict[str, Any]:
    """All of a plan that a run's model and batch, and the parameters and GPUs of `size`, fix."""
    tuned, gpus = run["training"], int(size["gpus"])
    layout = _fitted(_nearest(ladder, size["params"], gpus), gpus, int(tuned["batch_sequences"]))
    model = _model(ladder.spec, run["model"], title=title)
    chunks = layout["pp"] * layout["vpp"]
    return {
        "label": label(layout),
        "model": model,
        "gpu": hardware.node.gpu,
        "gpus_per_node": min(gpus, hardware.node.gpus),
        "nodes": -(-gpus // hardware.node.gpus),
        "gpus": gpus,
        "sequence_length": int(tuned["sequence_length"]),
        "global_batch": int(tuned["batch_sequences"]),
        "precision": (ladder.spec.get("options") or {}).get("precision") or "bf16",
        "attention": "flash",
        "dropout": False,
        "overlap": True,
        "gradient_bytes": 4,
        "layers_per_stage": layers_per_stage(model.layers, layout["pp"]),
        "layers_per_chunk": plain_parts(model.layers, layout["pp"], chunks),
        **{name: layout[name] for name in KNOWN},
        "rare": rare_of(layout),
    }


def _nearest(ladder: Ladder, params: float, gpus: int) -> Document:
    """The layout of the smallest size that was planned on as many GPUs and is not smaller; else of the largest."""
    asked = [one for one in ladder.planned.get("throughput") or () if one["gpus"] == gpus and one.get("layout")]
    if not asked:
        message = f"No layout was planned on {gpus} GPUs."
        raise CannotExpress(Problem("cannot_express", message, "/plan/ladder/throughput"))
    above = [one for one in asked if one["params"] >= params * (1.0 - 1e-9)]
    best = min(above, key=_params) if above else max(asked, key=_params)
    found: Document = best["layout"]
    nothing_else(found)
    return found


def _params(one: Document) -> float:
    return float(one["params"])


def _fitted(layout: Document, gpus: int, batch: int) -> Document:
    """The layout with micro-batches that make up this batch, none larger than was planned."""
    ranks = gpus // (layout["tp"] * layout["pp"] * layout["cp"])
    each, over = divmod(batch, ranks)
    if over:
        message = f"A batch of {batch} sequences does not go evenly over {ranks} data-parallel ranks."
        hint = f"Fix a batch that {ranks} divides, or let the run have fewer GPUs."
        raise CannotExpress(Problem("cannot_express", message, "/plan/ladder/rungs", hint))
    micro = max(size for size in range(1, min(each, layout["micro_batch"]) + 1) if each % size == 0)
    return {**layout, "dp": ranks, "micro_batch": micro, "micro_batches": each // micro}


def _model(spec: Document, sizes: Document, *, title: str) -> Model:
    """The family's model with a run's sizes."""
    given = spec.get("model")
    base = family(Model.model_validate(given) if given else None).base
    own = {name: int(sizes[size]) for name, size in SIZES.items()}
    update: dict[str, Any] = {"name": "own", "title": title, "aliases": (), "context": 0, **own}
    return base.model_copy(update=update)
