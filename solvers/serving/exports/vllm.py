"""vLLM: a script for each pool that starts one replica with `vllm serve`."""

from solvers.documents import Document
from solvers.exports.refuse import check
from solvers.exports.shell import Argument, Need, Raw
from solvers.serving.exports import vllm_arguments, weights
from solvers.serving.exports.scripts import named, replica, variable
from solvers.serving.exports.served import Replicas, Served, served

ENGINE = "vLLM"
# Nodes after the first answer no requests.
FOLLOWS = 'FOLLOWS=()\n[ "${NODE_RANK}" = 0 ] || FOLLOWS=(--headless)'


def write(result: Document) -> dict[str, str]:
    """The scripts. CannotExpress where vLLM has no words for a part of the plan."""
    plan = served(result)
    check(vllm_arguments.rules(plan))
    return {named("vllm", pool): _script(plan, pool) for pool in plan.pools}


def wanted(plan: Served) -> list[Need]:
    """What the reader has to name."""
    draft = [("DRAFT_MODEL", "name or folder of the draft model")] if vllm_arguments.draft_model(plan) else []
    return [*weights.wanted(plan, online=vllm_arguments.ONLINE), *draft]


def _script(plan: Served, pool: Replicas) -> str:
    return replica(
        plan,
        pool,
        engine=ENGINE,
        start="vllm serve",
        given=[(variable("MODEL"),), *vllm_arguments.arguments(plan, pool), *_place(plan, pool)],
        wanted=wanted(plan),
        model=weights.default(plan, online=vllm_arguments.ONLINE),
        before=FOLLOWS if pool.nodes(plan.gpus_per_node) > 1 else "",
    )


def _place(plan: Served, pool: Replicas) -> list[Argument]:
    """The address, and the place of this node in a replica of several."""
    found: list[Argument] = [("--port", variable("PORT"))]
    nodes = pool.nodes(plan.gpus_per_node)
    if nodes == 1:
        return found
    return [
        *found,
        (Raw('"${FOLLOWS[@]}"'),),
        ("--nnodes", str(nodes)),
        ("--node-rank", variable("NODE_RANK")),
        ("--master-addr", variable("MASTER_ADDR")),
    ]
