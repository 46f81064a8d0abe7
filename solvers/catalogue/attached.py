"""The hardware of an attached node, from what the node says of itself; and whether a GPU of the catalogue is that one.

A CPU becomes a node of one slow "GPU" that is reached by no link. Its peak and its bandwidth are estimates that the
first measurements replace:
    peak       cores x clock x FLOPs a cycle of the widest instructions that it has
    bandwidth  what two channels of DDR4 deliver
"""

from solvers.catalogue.entry import key
from solvers.catalogue.hardware import Gpu
from solvers.documents import Document

# Two pipes of fused multiply-adds on 32-bit lanes: 2 x 16 x 2 of 512 bits, 2 x 8 x 2 of 256, 2 x 4 x 2 of 128; dot
# products of bf16 twice the former; a tile product of 16 x 16 x 32 takes 16 cycles.
FLOPS_A_CYCLE = (("amx_bf16", 1024.0), ("avx512_bf16", 128.0), ("avx512f", 64.0), ("avx2", 32.0), ("asimd", 16.0))
LEAST_FLOPS_A_CYCLE = 8.0
# Clock of a server core under wide instructions, and the bandwidth of a small virtual machine's share: estimates.
CLOCK_HZ, BANDWIDTH = 2.5e9, 20e9
LINES = ("nvidia", "nvidiageforce", "tesla", "amdinstinct")
# Links that a lone CPU does not use: its own memory.
LINK = {"name": "own-memory", "bandwidth": "20 GB/s", "latency": "1 us", "achievable": 0.8}


def is_same(gpu: Gpu, name: str) -> bool:
    """Whether a machine's own name of its device (`NVIDIA H100 80GB HBM3`, `AMD EPYC`) is this GPU's.

    Drivers put the vendor and the product line before the name; records do so or not.
    """
    known = {key(one) for one in (gpu.name, gpu.title, *gpu.aliases) if one}
    said = key(name)
    return any(said.removeprefix(line) in known for line in ("", *LINES))


def gpu_node(gpu: Gpu) -> Document:
    """A record of the section `nodes` with this GPU alone: of what one GPU does, links say nothing."""
    record = gpu.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {"name": gpu.name, "gpus": 1, "gpu": record, "link": LINK, "source": record["source"]}


def cpu_node(capability: Document, *, name: str) -> Document:
    """A record of the section `nodes` for a node without GPUs; `name` is what people call it."""
    cpu = capability["cpu"]
    cycle = next((flops for word, flops in FLOPS_A_CYCLE if word in cpu["features"]), LEAST_FLOPS_A_CYCLE)
    peak = f"{cpu['cores'] * CLOCK_HZ * cycle / 1e9:.4g} GFLOP/s"
    title = f"{cpu['model']}, {cpu['cores']} cores"
    said = "what the node says of itself; peak and bandwidth are estimates until it has measured them"
    return {
        "name": name,
        "title": f"{title} ({name})",
        "gpus": 1,
        "gpu": {
            "name": name if name.endswith("-cpu") else f"{name}-cpu",
            "title": title,
            "processor": "cpu",
            "aliases": [cpu["model"]],
            "memory": f"{cpu['memory_bytes'] / 2**30:.4g} GiB",
            "memory_bandwidth": f"{BANDWIDTH / 1e9:g} GB/s",
            "peak": {"fp32": peak, "bf16": peak, "fp16": peak},
            "source": [{"title": said}],
            "trust": "estimated",
        },
        "link": LINK,
        "source": [{"title": said}],
        "trust": "estimated",
    }
