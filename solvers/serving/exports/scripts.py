"""Shell scripts that start one replica: the same frame for every engine."""

from collections.abc import Iterable

from solvers.exports.shell import Argument, Need, Raw, arguments, needs, script
from solvers.serving.exports.served import Replicas, Served

PORT = 8000
MASTER: list[Need] = [
    ("MASTER_ADDR", "name or address of the first node of this replica"),
    ("NODE_RANK", "number of this node within the replica, from 0"),
]


def named(stem: str, pool: Replicas) -> str:
    """`vllm.sh`, or `vllm-decode.sh` where there are two pools."""
    return f"{stem}.sh" if pool.role == "both" else f"{stem}-{pool.role}.sh"


def head(served: Served, pool: Replicas, *, engine: str) -> list[str]:
    """What the script is and how often it is to run."""
    nodes = pool.nodes(served.gpus_per_node)
    work = {"both": "prompts and answers", "prefill": "prompts", "decode": "answers"}[pool.role]
    which = "the one replica" if pool.replicas == 1 else f"one of {pool.replicas} replicas"
    gpus = "1 GPU" if pool.gpus == 1 else f"{pool.gpus} GPUs"
    how = f" on {nodes} nodes; run it on each of them." if nodes > 1 else "; each has its own FIRST_GPU and PORT."
    found = [
        f"{engine}: {served.title}, {served.label}, for {served.rate_per_s:g} requests/s on {served.gpu}.",
        f"Starts {which} for {work}: {gpus}{how if served.replicas > 1 or nodes > 1 else '.'}",
    ]
    routed = {
        "round_robin": "in turn",
        "least_work": "to the least busy replica",
        "prefix_aware": "to the replica with their prefix",
    }
    if served.replicas > 1 and not served.apart:
        found.append(f"Requests go {routed[served.routing]}; what sends them there stands before the replicas.")
    return found


def replica(
    served: Served,
    pool: Replicas,
    *,
    engine: str,
    start: str,
    given: Iterable[Argument],
    wanted: Iterable[Need],
    model: str,
    before: str = "",
) -> str:
    """The script; `start` runs with `ARGUMENTS` behind it, `MODEL` is `model` unless the reader names another."""
    several = pool.nodes(served.gpus_per_node) > 1
    asked = [*wanted, *(MASTER if several else [])]
    chosen = [f'MODEL="${{MODEL:-{model}}}"'] if model else []
    return script(
        head(served, pool, engine=engine),
        needs(asked) if asked else "",
        "\n".join([*chosen, f'PORT="${{PORT:-{PORT}}}"']),
        "" if several or pool.gpus == served.gpus_per_node else _gpus(pool, vendor=served.vendor),
        before,
        arguments("ARGUMENTS", given),
        f'exec {start} "${{ARGUMENTS[@]}}" "$@"',
    )


def variable(name: str) -> Raw:
    """The variable as one word."""
    return Raw(f'"${{{name}}}"')


def _gpus(pool: Replicas, *, vendor: str) -> str:
    """The replica's own GPUs among those of the node."""
    visible = "HIP_VISIBLE_DEVICES" if vendor.upper() == "AMD" else "CUDA_VISIBLE_DEVICES"
    return "\n".join(
        [
            'FIRST_GPU="${FIRST_GPU:-0}"',
            f'{visible}="${{{visible}:-$(seq -s, "${{FIRST_GPU}}" "$((FIRST_GPU + {pool.gpus - 1}))")}}"',
            f"export {visible}",
        ]
    )
