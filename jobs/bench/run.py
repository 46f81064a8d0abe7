"""One recipe, measured: parameters in, the document that `solvers.recipes` checks out.

With several processes each calls `measure` under torchrun's environment, and all of them get the same document.
"""

import gc
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from jobs.bench.throttling import flags
from solvers.documents import Document
from solvers.errors import Problem, SolveError
from solvers.recipes.recipe import Params, Recipe

Say = Callable[[str, float], None]

# How torch's allocators say that there is no more, on a GPU and on a CPU.
NO_MEMORY = ("out of memory", "can't allocate memory")


def measure(recipe: Recipe[Any], params: Params, say: Say) -> Document:
    """The measurement's document. `say` hears stages and the share that is done. SolveError: it cannot be done here."""
    from jobs.bench import environment  # noqa: PLC0415 -- torch, seconds to import

    started = time.perf_counter()
    say("preparing", 0.0)
    with _processes(recipe.processes(params), params.device) as device:
        bench = _bench(params, device)
        rows, states = [], []
        keys = recipe.keys(params)
        for place, key in enumerate(keys):
            rows.append(_row(recipe, params, key, bench))
            if place in (0, len(keys) - 1):
                states.append(environment.state(device))
            say(_words(key), (place + 1) / len(keys))
        where = {
            **environment.environment(device),
            **{f"{name}_before": value for name, value in zip(("clocks", "load"), states[0], strict=True)},
            **{f"{name}_after": value for name, value in zip(("clocks", "load"), states[-1], strict=True)},
        }
        document = {
            "recipe": recipe.name,
            "version": recipe.version,
            "params": params.model_dump(mode="json"),
            "rows": rows,
            "environment": where,
            "flags": flags(where, slowed=bench.slowed, spreads=bench.spreads),
            "seconds_total": time.perf_counter() - started,
        }
        return _same(document)


def _row(recipe: Recipe[Any], params: Params, key: Document, bench: Any) -> Document:
    module = import_module(f"jobs.bench.{recipe.name}")
    try:
        measured: Document = module.row(params, key, bench)
    except RuntimeError as error:
        if not any(words in str(error) for words in NO_MEMORY):
            raise
        said = f"Memory ran out at {_words(key)}."
        raise SolveError(Problem("out_of_memory", said, "", "Ask for smaller shapes.")) from None
    return {**key, **measured, "rates": recipe.rates(params, key, measured["seconds"]["median"])}


def _bench(params: Params, device: Any) -> Any:
    import torch  # noqa: PLC0415 -- seconds to import

    from jobs.bench.timing import Bench  # noqa: PLC0415 -- torch

    if params.threads:
        torch.set_num_threads(params.threads)
    torch.manual_seed(0)
    warmup, repeats = params.samples()
    return Bench(device=device, warmup=warmup, repeats=repeats)


@contextmanager
def _processes(number: int, kind: str) -> Iterator[Any]:
    """This process's device, joined with its peers where there are several. SolveError: they are not there."""
    import torch  # noqa: PLC0415 -- seconds to import
    import torch.distributed as dist  # noqa: PLC0415 -- torch

    world, local = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("LOCAL_RANK", "0"))
    if world != number:
        raise SolveError(Problem("processes", f"This takes {number} processes; {world} were started.", ""))
    if kind == "cuda" and torch.cuda.device_count() <= local:
        said = f"This takes a GPU for each process; torch sees {torch.cuda.device_count()}."
        raise SolveError(Problem("no_gpu", said, "", "Is this torch built with CUDA, and does nvidia-smi answer?"))
    device = torch.device(kind, local) if kind == "cuda" else torch.device(kind)
    if kind == "cuda":
        torch.cuda.set_device(device)
    if number == 1:
        yield device
        return
    dist.init_process_group("nccl" if kind == "cuda" else "gloo", device_id=device if kind == "cuda" else None)
    try:
        yield device
    finally:
        # Models hold their groups in cycles; a group whose threads run on when Python ends aborts the process.
        gc.collect()
        dist.destroy_process_group()


def _same(document: Document) -> Document:
    """The first process's document, in all of them."""
    import torch.distributed as dist  # noqa: PLC0415 -- torch

    if not dist.is_initialized():
        return document
    box = [document]
    dist.broadcast_object_list(box)
    return box[0]


def _words(key: Document) -> str:
    return ", ".join(f"{name} {value}" for name, value in key.items())
