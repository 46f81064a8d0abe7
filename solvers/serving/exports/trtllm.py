"""TensorRT-LLM: the options of a replica as YAML and the script that starts it.

Where prompts and answers run apart there is also the server that goes between.
"""

from solvers.documents import Document, dump_yaml
from solvers.exports.refuse import Rule, check
from solvers.exports.shell import Need, Raw, comment, needs, script
from solvers.serving.exports import trtllm_options, vllm_arguments, weights
from solvers.serving.exports.scripts import head, named, replica, variable
from solvers.serving.exports.served import Replicas, Served, served

ENGINE = "TensorRT-LLM"
BETWEEN, BETWEEN_OPTIONS = "disaggregated.sh", "disaggregated.yaml"
ROUTERS = {"round_robin": "round_robin", "least_work": "load_balancing", "prefix_aware": "kv_cache_aware"}


def write(result: Document) -> dict[str, str]:
    """The options and the scripts. CannotExpress where TensorRT-LLM has no words for a part of the plan."""
    plan = served(result)
    check([*trtllm_options.rules(plan), *_rules(plan)])
    found = {}
    for pool in plan.pools:
        file = named("trtllm", pool).replace(".sh", ".yaml")
        found[file] = f"{comment(head(plan, pool, engine=ENGINE))}\n{dump_yaml(trtllm_options.options(plan, pool))}"
        found[named("trtllm", pool)] = _script(plan, pool, file)
    return {**found, **(_between(plan) if plan.apart else {})}


def wanted(plan: Served) -> list[Need]:
    """What the reader has to name."""
    return weights.wanted(plan, online=trtllm_options.ONLINE)


def _rules(plan: Served) -> list[Rule]:
    """A replica over several nodes wants the cluster's own MPI launcher; YAML cannot ask for a draft model's path."""
    found = [
        Rule(
            pool.nodes(plan.gpus_per_node) > 1,
            f"{pool.at}/gpus_per_replica",
            "trtllm-serve spans nodes through the cluster's MPI launcher, which no script here knows.",
        )
        for pool in plan.pools
    ]
    draft = vllm_arguments.draft_model(plan)
    return [*found, Rule(draft, "/spec/speculation", "The options of TensorRT-LLM want the draft model's folder.")]


def _script(plan: Served, pool: Replicas, file: str) -> str:
    return replica(
        plan,
        pool,
        engine=ENGINE,
        start="trtllm-serve",
        given=[
            (variable("MODEL"),),
            ("--backend", "pytorch"),
            ("--config", Raw(f'"${{HERE}}/{file}"')),
            ("--host", "0.0.0.0"),  # noqa: S104 -- a server, in a script
            ("--port", variable("PORT")),
        ],
        wanted=wanted(plan),
        model=weights.default(plan, online=trtllm_options.ONLINE),
    ).replace('PORT="${PORT:-', 'HERE="$(cd "$(dirname "$0")" && pwd)"\nPORT="${PORT:-')


def _between(plan: Served) -> dict[str, str]:
    """The server that takes requests, and its list of servers with the reader's addresses put in."""
    urls = [[f"{pool.name.upper()}_{number}" for number in range(pool.replicas)] for pool in plan.pools]
    servers = {
        key: {"num_instances": len(names), "urls": names, "router": {"type": ROUTERS[plan.routing]}}
        for key, names in zip(("context_servers", "generation_servers"), urls, strict=True)
    }
    document = {"hostname": "0.0.0.0", "port": 8080, **servers}  # noqa: S104 -- a server, in its configuration
    names = [name for pool in urls for name in pool]
    asked = [(name, "host and port of that replica, such as host-a:8000") for name in names]
    filled = "\n".join(f"OPTIONS=\"${{OPTIONS//- {name}$'\\n'/- ${{{name}}}$'\\n'}}\"" for name in names)
    start = script(
        [f"The server between the {plan.replicas} replicas of {plan.label}."],
        needs(asked),
        f'HERE="$(cd "$(dirname "$0")" && pwd)"\nOPTIONS="$(<"${{HERE}}/{BETWEEN_OPTIONS}")"$\'\\n\'',
        filled,
        'FILE="$(mktemp)"\nprintf "%s" "${OPTIONS}" > "${FILE}"',
        'exec trtllm-serve disaggregated --config_file "${FILE}" "$@"',
    )
    return {BETWEEN_OPTIONS: dump_yaml(document), BETWEEN: start}
