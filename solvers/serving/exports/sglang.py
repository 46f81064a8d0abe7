"""SGLang: a script for each pool that starts one replica, and its router where there are several."""

from solvers.documents import Document
from solvers.exports.refuse import check
from solvers.exports.shell import Argument, Need, Raw, needs, script
from solvers.serving.exports import sglang_arguments, vllm_arguments, weights
from solvers.serving.exports.scripts import named, replica, variable
from solvers.serving.exports.served import Replicas, Served, served

ENGINE = "SGLang"
ROUTER = "router.sh"
INIT_PORT = 20000


def write(result: Document) -> dict[str, str]:
    """The scripts. CannotExpress where SGLang has no words for a part of the plan."""
    plan = served(result)
    check(sglang_arguments.rules(plan))
    router = {ROUTER: _router(plan)} if plan.replicas > 1 else {}
    return {**{named("sglang", pool): _script(plan, pool) for pool in plan.pools}, **router}


def wanted(plan: Served) -> list[Need]:
    """What the reader has to name."""
    draft = [("DRAFT_MODEL", "name or folder of the draft model")] if vllm_arguments.draft_model(plan) else []
    return [*weights.wanted(plan, online=sglang_arguments.ONLINE), *draft]


def _script(plan: Served, pool: Replicas) -> str:
    given: list[Argument] = [("--model-path", variable("MODEL")), *sglang_arguments.arguments(plan, pool)]
    return replica(
        plan,
        pool,
        engine=ENGINE,
        start="python3 -m sglang.launch_server",
        given=[*given, *_place(plan, pool)],
        wanted=wanted(plan),
        model=weights.default(plan, online=sglang_arguments.ONLINE),
    )


def _place(plan: Served, pool: Replicas) -> list[Argument]:
    found: list[Argument] = [("--host", "0.0.0.0"), ("--port", variable("PORT"))]  # noqa: S104 -- a server, in a script
    nodes = pool.nodes(plan.gpus_per_node)
    if nodes == 1:
        return found
    return [
        *found,
        ("--nnodes", str(nodes)),
        ("--node-rank", variable("NODE_RANK")),
        ("--dist-init-addr", Raw(f'"${{MASTER_ADDR}}:{INIT_PORT}"')),
    ]


def _router(plan: Served) -> str:
    """The router's script: the addresses of the replicas are the reader's, as many as the plan has."""
    names = [pool.name.upper() + "_URLS" for pool in plan.pools]
    asked = [
        (name, f"addresses of the {pool.replicas} replicas, with spaces between, such as http://host-a:8000")
        for name, pool in zip(names, plan.pools, strict=True)
    ]
    counts = "\n".join(
        f'read -r -a {name} <<< "${{{name}}}"\n'
        f'[ "${{#{name}[@]}}" -eq {pool.replicas} ] || {{ echo "{name} holds ${{#{name}[@]}} addresses, the plan has'
        f' {pool.replicas} replicas" >&2; exit 2; }}'
        for name, pool in zip(names, plan.pools, strict=True)
    )
    return script(
        [f"SGLang's router before the {plan.replicas} replicas of {plan.label}."],
        needs(asked),
        counts,
        _addresses(plan),
        'exec python3 -m sglang_router.launch_router "${ARGUMENTS[@]}" --port "${PORT:-8080}" "$@"',
    )


def _addresses(plan: Served) -> str:
    policy = sglang_arguments.POLICIES[plan.routing]
    if not plan.apart:
        return f'ARGUMENTS=(--worker-urls "${{SERVE_URLS[@]}}" --policy {policy})'
    decode = "round_robin" if policy == "round_robin" else "power_of_two"
    return "\n".join(
        [
            f"ARGUMENTS=(--pd-disaggregation --prefill-policy {policy} --decode-policy {decode})",
            'for url in "${PREFILL_URLS[@]}"; do',
            f'  ARGUMENTS+=(--prefill "${{url}}" {sglang_arguments.BOOTSTRAP_PORT})',
            "done",
            'for url in "${DECODE_URLS[@]}"; do',
            '  ARGUMENTS+=(--decode "${url}")',
            "done",
        ]
    )
