"""`python -m jobs.bench.own`: calibrate on this machine, and foretell steps that were not measured before.

Micro-benchmarks and some steps are measured and learned from; then steps of other shapes are measured, and
compared with what was foretold without the calibration and with it. All on one thread of the CPU in bf16: small shapes,
so that it takes a few minutes. What else runs on the machine only ever slows: each request is measured in several
rounds, and its quickest counts.

    --kind KIND   whose steps: training (the default) or serving
    --mixtures    foretell steps of mixtures of experts (`own_mixtures.py`) in place of dense ones
    --rounds N    rounds (2)
    --save FILE   the measurements, as JSON
    --read FILE   measurements of before in place of new ones
"""

import argparse
import json
import sys
from functools import partial
from pathlib import Path

from jobs.bench import own_mixtures, own_serving
from jobs.bench.run import measure
from solvers import recipes
from solvers.calibration.own.document import Own
from solvers.catalogue.attached import cpu_node
from solvers.documents import Document
from solvers.serving.own import scores as serving_scores
from solvers.training.own.learn import learn
from solvers.training.own.scores import score
from solvers.training.spec import TrainingSpec

COMMON = {"device": "cpu", "threads": 1}
Request = tuple[str, Document]

PRODUCTS = (
    (512, 256, 256), (256, 768, 256), (512, 512, 512), (512, 1536, 512), (512, 512, 1408), (1024, 1024, 1024),
    (512, 4096, 512), (256, 2048, 256), (2048, 512, 512), (256, 4096, 768),
)  # fmt: skip
ATTENTION = ((2, 256, 8, 64), (1, 512, 8, 64))
MICRO: tuple[Request, ...] = (
    ("gemm", {"precisions": ["bf16"], "shapes": [{"m": m, "n": n, "k": k} for m, n, k in PRODUCTS]}),
    ("memory_copy", {"sizes": [32e6, 128e6]}),
    ("elementwise", {
        "precision": "bf16", "operations": ["add", "rms_norm", "silu_mul", "rotary", "adam"],
        "sizes": [{"rows": 512, "width": 512}, {"rows": 1024, "width": 1024}],
    }),
    ("attention", {
        "precision": "bf16", "repeats": 5, "warmup": 1,
        "cases": [
            {"batch": b, "queries": s, "context": s, "heads": h, "kv_heads": h, "head_dim": d, "backward": backward}
            for b, s, h, d in ATTENTION for backward in (False, True)
        ],
    }),
    ("launch", {}),
)  # fmt: skip


def step(
    hidden: int, layers: int, kv_heads: int, ffn: int, vocabulary: int, length: int, batch: int, times: int
) -> Request:
    """A training step with heads of 64."""
    model = {
        "hidden": hidden, "layers": layers, "heads": hidden // 64, "kv_heads": kv_heads, "ffn": ffn,
        "vocabulary": vocabulary,
    }  # fmt: skip
    asked = {"model": model, "sequence_length": length, "micro_batch": batch, "micro_batches": times}
    return "training_step", {**asked, "precision": "bf16"}


LEARNED = (
    step(256, 4, 4, 688, 2048, 256, 2, 1),
    step(512, 4, 4, 1408, 4096, 256, 2, 1),
    step(512, 6, 4, 1408, 4096, 512, 1, 2),
    step(384, 6, 6, 1024, 8192, 128, 4, 1),
    step(768, 3, 4, 2048, 2048, 256, 1, 2),
    step(256, 8, 2, 1024, 1024, 512, 2, 1),
    step(256, 3, 4, 688, 16384, 256, 2, 1),
)
FORETOLD = (
    step(512, 6, 8, 1408, 4096, 256, 2, 2),
    step(640, 4, 5, 1728, 4096, 256, 2, 1),
    step(384, 4, 3, 1024, 2048, 512, 2, 2),
    step(256, 6, 4, 688, 8192, 256, 4, 1),
    step(768, 4, 12, 2048, 4096, 128, 2, 1),
    step(512, 2, 4, 2048, 2048, 1024, 1, 1),
    step(1024, 2, 4, 2816, 4096, 256, 1, 1),
    step(320, 8, 5, 864, 2048, 256, 2, 2),
)


def main() -> None:
    """Measure, learn, foretell, print."""
    asked = argparse.ArgumentParser(description="Calibrate on this machine, and foretell steps not measured before.")
    asked.add_argument("--kind", choices=("training", "serving"), default="training")
    asked.add_argument("--mixtures", action="store_true")
    asked.add_argument("--rounds", type=int, default=2)
    asked.add_argument("--save", type=Path)
    asked.add_argument("--read", type=Path)
    said = asked.parse_args()
    requests = _with_mixtures(said.kind) if said.mixtures else REQUESTS[said.kind]
    found = json.loads(said.read.read_text()) if said.read else measured(requests, said.rounds)
    if said.save:
        said.save.write_text(json.dumps(found, separators=(",", ":")) + "\n")
    node = node_of(found["learned"][0]["environment"])
    if said.mixtures:
        sys.stdout.write(own_mixtures.table(of_mixtures(said.kind, node, found)))
        return
    if said.kind == "serving":
        sys.stdout.write(own_serving.told(node, found))
        return
    own = Own.model_validate(learn(spec_for(node), found["learned"]))
    show(own, score(own, found["foretold"]))


Requests = dict[str, tuple[Request, ...]]
REQUESTS: dict[str, Requests] = {
    "training": {"learned": (*MICRO, *LEARNED), "foretold": FORETOLD},
    "serving": {"learned": (*own_serving.MICRO, *own_serving.LEARNED), "foretold": own_serving.FORETOLD},
}


def _with_mixtures(kind: str) -> Requests:
    mixtures = own_mixtures.SERVED if kind == "serving" else own_mixtures.TRAINED
    return {"learned": REQUESTS[kind]["learned"], "mixtures": mixtures}


def of_mixtures(kind: str, node: Document, found: Document) -> list[own_mixtures.Step]:
    """Steps of mixtures, as measured and as foretold."""
    if kind == "serving":
        return own_mixtures.foretold(found, learn=partial(own_serving.learned, node), score=serving_scores.score)
    spec = spec_for(node)
    return own_mixtures.foretold(found, learn=lambda some: Own.model_validate(learn(spec, some)), score=score)


def measured(requests: Requests, rounds: int) -> Document:
    """Documents by what they are for; of each request the quickest of its rounds."""
    found: dict[str, list[list[Document]]] = {name: [[] for _ in asked] for name, asked in requests.items()}
    for number in range(rounds):
        for name, asked in requests.items():
            for place, request in enumerate(asked):
                sys.stderr.write(f"round {number + 1} of {rounds}, {name}, {place + 1} of {len(asked)}\n")
                found[name][place].append(_one(*request))
    return {name: [min(several, key=_slowness) for several in all_] for name, all_ in found.items()}


def _one(name: str, params: Document) -> Document:
    recipe = recipes.get(name)
    return measure(recipe, recipe.parse({**COMMON, **params}), lambda _stage, _fraction: None)


def _slowness(document: Document) -> float:
    """Larger where it took longer; the quotients of rounds count alike for all rows."""
    product = 1.0
    for row in document["rows"]:
        product *= row["seconds"]["median"]
    return product


def node_of(environment: Document) -> Document:
    """One process of this machine as a node."""
    cpu = {"model": environment["cpu"], "cores": 1, "memory_bytes": environment["memory_bytes"], "features": FEATURES}
    return cpu_node({"cpu": cpu}, name="this-machine")


def spec_for(node: Document) -> TrainingSpec:
    """A plan for the machine: what is learned from is the same whatever it trains."""
    return TrainingSpec.model_validate(
        {
            "kind": "training",
            "model": "llama-3.2-1b",
            "hardware": {"node": node, "nodes": 1},
            "sequence_length": 256,
            "global_batch": 1,
        }
    )


# An estimate to start from, which measurements replace: as of a core with instructions for bf16.
FEATURES = ["avx512_bf16"]


def show(own: Own, scored: Document) -> None:
    """The coefficients, what was set aside, and the table of errors."""
    out = sys.stdout.write
    out(f"{own.device}, {own.stack}: {own.title}\n\n")
    for one in own.coefficients:
        out(f"{one.name:24}{one.before:12.4g} -> {one.value:10.4g}  spread {one.spread:.2f}  {one.recipe}\n")
    for left in own.aside:
        out(f"set aside: {left.recipe}, row {left.row}: {left.reason}\n")
    names = list(scored["errors"])
    out("\nseconds of a step not learned from, and relative errors\n")
    out(f"{'layers hidden   ffn tokens':28}{'measured':>10}" + "".join(f"{name:>12}" for name in names) + "\n")
    for one in scored["steps"]:
        tokens = one["sequence_length"] * one["micro_batch"] * one["micro_batches"]
        shape = f"{one['layers']:6} {one['hidden']:6} {one['ffn']:5} {tokens:6}"
        errors = "".join(f"{one['foretold'][name] / one['seconds'] - 1.0:+12.1%}" for name in names)
        out(f"{shape:28}{one['seconds']:10.4f}{errors}\n")
    for which in ("mean", "worst"):
        out(f"{which + ' error':38}" + "".join(f"{scored['errors'][name][which]:12.1%}" for name in names) + "\n")
    out(f"80 % interval covers {scored['covered']:.0%}\n")


if __name__ == "__main__":
    main()
