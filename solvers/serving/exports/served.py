"""What a serving result fixes, as the export formats read it: the model, the engine, its pools."""

from dataclasses import dataclass
from typing import Any

from solvers.catalogue import Model
from solvers.documents import Document
from solvers.errors import CannotExpress, Problem
from solvers.exports.naming import called, published_as
from solvers.serving.spec import ServingSpec

LAYOUT = ("tp", "pp", "dp", "ep")
ENGINE = (
    "max_num_seqs", "max_num_batched_tokens", "chunked_prefill", "prefix_caching", "block_size",
    "gpu_memory_utilization", "max_model_len", "policy", "speculation",
)  # fmt: skip
# What the engine finds out for itself, and the plan only foretells.
FORETOLD = ("kv_blocks",)
NEUTRAL: tuple[Any, ...] = (None, False, 0, 1, "", [], {})


@dataclass(frozen=True)
class Replicas:
    """Equal replicas that do the same work. `at` is where they stand in the result.

    `kv_of_free` is the KV cache's share of what the weights and the runtime leave free, `static` that of weights and KV
    cache in the whole memory: engines ask for one or the other.
    """

    at: str
    role: str
    replicas: int
    gpus: int
    tp: int
    pp: int
    dp: int
    ep: int
    max_num_seqs: int
    max_num_batched_tokens: int
    chunked_prefill: bool
    prefix_caching: bool
    block_size: int
    gpu_memory_utilization: float
    max_model_len: int
    policy: str
    speculation: Document | None
    weights: str
    kv: str
    kv_of_free: float
    static: float

    @property
    def name(self) -> str:
        """`prefill`, `decode`, or `serve` where a replica does both."""
        return "serve" if self.role == "both" else self.role

    def nodes(self, gpus_per_node: int) -> int:
        """Nodes of one replica."""
        return -(-self.gpus // gpus_per_node)


@dataclass(frozen=True)
class Served:
    """One plan and what it is a plan for."""

    label: str
    model: Model
    engine: str
    version: str
    gpu: str
    vendor: str
    gpus_per_node: int
    gpus: int
    rate_per_s: float
    routing: str
    pools: tuple[Replicas, ...]
    adapters: Document | None
    spec: ServingSpec
    name: str

    @property
    def title(self) -> str:
        """The model as people call it."""
        return called(self.model)

    @property
    def published_as(self) -> str:
        """The model's name on the Hugging Face hub; empty where the catalogue knows none."""
        return published_as(self.model)

    @property
    def apart(self) -> bool:
        """Whether prompts and answers run on GPUs of their own."""
        return len(self.pools) > 1

    @property
    def replicas(self) -> int:
        """Replicas of all pools."""
        return sum(pool.replicas for pool in self.pools)

    @property
    def resource(self) -> str:
        """What a container asks Kubernetes for."""
        return "amd.com/gpu" if self.vendor.upper() == "AMD" else "nvidia.com/gpu"


def served(result: Document) -> Served:
    """The plan of a result. CannotExpress where there is none, or where it holds what no format here knows."""
    if result["status"] != "solved":
        raise CannotExpress(
            Problem("no_plan", "The result holds no plan to export.", "/status", "json, yaml, md and csv say why.")
        )
    if "spec" not in result:
        hint = "Solve the spec again: results of this version hold their question."
        raise CannotExpress(Problem("no_spec", "The result does not hold the spec it answers.", "/spec", hint))
    plan, spec = result["plan"], ServingSpec.model_validate(result["spec"])
    node = spec.hardware.node
    return Served(
        label=plan["label"],
        model=spec.model,
        engine=plan["engine"]["name"],
        version=plan["engine"].get("version") or "",
        gpu=node.gpu.shown,
        vendor=node.gpu.vendor,
        gpus_per_node=node.gpus,
        gpus=plan["gpus"],
        rate_per_s=plan["rate_per_s"],
        routing=plan["routing"],
        pools=tuple(pool_of(pool, f"/plan/pools/{index}") for index, pool in enumerate(plan["pools"])),
        adapters=plan.get("adapters"),
        spec=spec,
        name=f"isoflop-{result['spec_hash'][:8]}",
    )


def pool_of(pool: Document, at: str) -> Replicas:
    """A pool of a plan; `at` is where it stands. CannotExpress where it holds what no format here knows."""
    layout, engine, memory = pool["layout"], pool["engine"], pool["memory"]
    _nothing_else(layout, known=LAYOUT, at=f"{at}/layout")
    _nothing_else(engine, known=(*ENGINE, *FORETOLD), at=f"{at}/engine")
    free = memory["capacity_bytes"] - memory["total_bytes"] + memory["kv_bytes"]
    return Replicas(
        at=at,
        role=pool["role"],
        replicas=pool["replicas"],
        gpus=pool["gpus_per_replica"],
        **{name: layout[name] for name in LAYOUT},
        **{name: engine[name] for name in ENGINE},
        weights=pool["precision"]["weights"],
        kv=pool["precision"]["kv"],
        kv_of_free=min(0.99, memory["kv_bytes"] / free),
        static=min(0.99, (memory["weights_bytes"] + memory["kv_bytes"]) / memory["capacity_bytes"]),
    )


def _nothing_else(given: Document, *, known: tuple[str, ...], at: str) -> None:
    """A file that leaves out part of a plan would be another plan."""
    for name, value in given.items():
        neutral = value in NEUTRAL and value is not True  # True equals 1
        if name not in known and not neutral:
            message = f"No serving format here can say `{name}: {value}`."
            hint = "json and yaml hold the whole plan; or plan again without it."
            raise CannotExpress(Problem("cannot_express", message, f"{at}/{name}", hint))
