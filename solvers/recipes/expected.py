"""What a measurement's rows should take by the datasheet, before anything was learned from measurements.

    t = max(arithmetic / (peak x achievable share), bytes moved / (bandwidth x achievable share))
Rows that are neither arithmetic nor memory of one device (links, launches) have no such time.
"""

from solvers.catalogue.hardware import Gpu
from solvers.documents import Document
from solvers.recipes import get
from solvers.recipes.machine import Work


def seconds(document: Document, gpu: Gpu) -> tuple[float | None, ...]:
    """Seconds of each row of a measurement's document on `gpu`; None where its datasheet says nothing about it."""
    recipe = get(document["recipe"], document["version"])
    params = recipe.parse(document["params"])
    return tuple(_seconds(recipe.work(params, key), key, gpu) for key in recipe.keys(params))


def _seconds(work: Work, key: Document, gpu: Gpu) -> float | None:
    if work.link_bytes or not (work.flops or work.moved_bytes):
        return None
    precision = key.get("precision") or ("fp32" if work.single else "bf16")
    arithmetic = work.flops / (gpu.peak(precision) * gpu.achievable_compute)
    return max(arithmetic, work.moved_bytes / (gpu.memory_bytes_per_s * gpu.achievable_memory))
