"""Kubernetes: what runs, how it scales, the nodes under it and the routes before it, with scripts that fill them in."""

from collections.abc import Iterable, Sequence

from solvers.documents import Document
from solvers.exports.filling import filled, yaml
from solvers.exports.shell import Need, comment, needs, script
from solvers.fleet.exports import clock, engines, nodes, routers, routes, scaling, workloads
from solvers.fleet.exports.bought import Fleet, fleet_of
from solvers.fleet.exports.pools import LABEL, Pool, pools

RUNNING, BY_LOAD, BY_HOUR, METRICS = "fleet.yaml", "autoscaling.yaml", "schedule.yaml", "metrics.yaml"
NODES, ROUTES, CHANGES = "nodepools.yaml", "routes.yaml", "routes-schedule.yaml"
PROMETHEUS: Need = ("PROMETHEUS", "address of the Prometheus server, http://NAME:9090")
TIMEZONE = 'TIMEZONE="${TIMEZONE:-Etc/UTC}"'
GATEWAY: list[Need] = [
    ("GATEWAY", "name of the Gateway that takes the requests"),
    ("DOMAIN", "domain under which each service has its name"),
]


def write(result: Document) -> dict[str, str]:
    """The manifests and the scripts. CannotExpress where an engine has no words for a configuration."""
    fleet = fleet_of(result)
    of = pools(fleet)
    replicas = {
        one.name: engines.replica(fleet, one, resource=of[one.name].resource) for one in fleet.configurations
    }  # fmt: skip
    running = [
        part
        for one in fleet.configurations
        for part in workloads.manifests(fleet, one, replicas[one.name], of[one.name])
    ]
    wanted = [need for one in replicas.values() for need in one.wanted]
    return {
        RUNNING: _file(_running(fleet), running),
        **_scaling(fleet),
        "apply.sh": _apply(fleet, _once(wanted)),
        **_nodes(list({pool.label: pool for pool in of.values()}.values())),
        **_routes(fleet),
    }


def _file(head: Iterable[str], documents: Sequence[Document]) -> str:
    return f"{comment(head)}\n{_text(documents)}"


def _text(documents: Sequence[Document]) -> str:
    return "---\n".join(map(yaml, documents))


def _once(wanted: Iterable[Need]) -> list[Need]:
    return list(dict(wanted).items())


def _running(fleet: Fleet) -> list[str]:
    bought = ", ".join(f"{max(one.gpus)} {one.name}" for one in fleet.offers)
    return [
        f"The fleet {fleet.name}: GPUs at the busiest hour: {bought}.",
        "apply.sh puts in what only you know. The secret hf-token, if there is one, becomes environment.",
        f"Pods go to nodes with the label {LABEL}: those of {NODES} and of the terraform format carry it.",
    ]


def _scaling(fleet: Fleet) -> dict[str, str]:
    used = fleet.configurations
    resting = [one.label for one in used if not min(fleet.running(one))]
    rest = f"The plan lets these rest in some hours, one replica stays: {', '.join(resting)}." if resting else ""
    head = [
        "Between the plan's least and most replicas, by the requests that a replica ends in a second;",
        f"the prometheus-adapter gives that number with the values in {METRICS}.",
        *filter(None, [rest, _measured(fleet)]),
    ]
    found = {
        BY_LOAD: _file(head, [scaling.by_load(fleet, one) for one in used]),
        METRICS: _file(
            ["Values for the chart of prometheus-adapter; Prometheus has to read /metrics of the pods."],
            [scaling.metrics(fleet)],
        ),
    }
    if clock.told(fleet.hours):
        found[BY_HOUR] = _file(_by_hour(fleet), [scaling.by_hour(fleet, one) for one in used])
    return found


def _measured(fleet: Fleet) -> str:
    """What is taken for granted of replicas that no model described."""
    names = [one.label for one in fleet.configurations if one.planned["settings"] is None]
    return f"Your own image is taken to count as its engine does: {', '.join(names)}." if names else ""


def _by_hour(fleet: Fleet) -> list[str]:
    week = "week starts on Monday at 0:00" if fleet.hours == clock.WEEK else "day starts at 0:00"
    return [
        "KEDA: the plan's replicas hour by hour, and more of them up to the most where the load asks.",
        f"The plan's {week} in the time zone that apply.sh puts in.",
        "Replicas start before their hour by the offer's time of recovery; those minutes are not in the plan's cost.",
        f"KEDA makes autoscalers of its own: take this file or {BY_LOAD}, not both.",
    ]


def _apply(fleet: Fleet, wanted: list[Need]) -> str:
    names = [name for name, _ in wanted]
    hours = clock.told(fleet.hours)
    keda = f"  hours)\n    {needs([PROMETHEUS])}\n    FILES=({RUNNING} {BY_HOUR})\n    ;;\n" if hours else ""
    words = "load, hours or none" if hours else "load or none"
    return script(
        [
            f"Applies {RUNNING} and what scales it: SCALING={words.replace(' or ', ', ')}.",
            f"load: {BY_LOAD}." + (f" hours: {BY_HOUR}, with KEDA; hour 0 is in TIMEZONE." if hours else ""),
        ],
        needs(wanted),
        "\n".join(['SCALING="${SCALING:-load}"', *(['PROMETHEUS="${PROMETHEUS:-}"', TIMEZONE] if hours else [])]),
        f'case "${{SCALING}}" in\n  load) FILES=({RUNNING} {BY_LOAD}) ;;\n{keda}  none) FILES=({RUNNING}) ;;\n'
        f'  *)\n    echo "SCALING is ${{SCALING}}; it can be {words}." >&2\n    exit 2\n    ;;\nesac',
        _put([*names, *(["PROMETHEUS", "TIMEZONE"] if hours else [])]),
        'for file in "${FILES[@]}"; do\n  put "${file}"\ndone',
    )


def _put(names: Iterable[str]) -> str:
    """The function that fills in a file and applies it."""
    lines = "\n".join(f"  {line}" for line in filled("text", names).splitlines())
    body = f'  local text\n  text="$(<"${{HERE}}/$1")"\n{lines}\n  kubectl apply -f - <<< "${{text}}"'
    return f'HERE="$(cd "$(dirname "$0")" && pwd)"\n\nput() {{\n{body}\n}}'


def _nodes(found: list[Pool]) -> dict[str, str]:
    wanted = _once(need for pool in found for need in nodes.wanted(pool))
    head = [
        "Karpenter: one NodePool for each kind of node that the plan buys; limits are the GPUs of its busiest hour.",
        "Drivers and the device plug-in of the GPUs are your cluster's. Node groups that your cloud manages do too:",
        "the terraform format holds them as data.",
    ]
    return {
        NODES: _file(head, [nodes.node_pool(pool) for pool in found]),
        "nodepools.sh": script(
            [f"Applies {NODES}."], needs(wanted), _put(name for name, _ in wanted), f"put {NODES}"
        ),
    }  # fmt: skip


def _routes(fleet: Fleet) -> dict[str, str]:
    busiest = [
        route
        for one in fleet.spec.services
        for part in fleet.routes(one.name)[:1]
        for route in routes.routes(fleet, part)
    ]
    changes = routes.scheduled(fleet, _text)
    found = {ROUTES: _file(_weighed(fleet), busiest), **routers.files(fleet)}
    if changes:
        found[CHANGES] = _file(["Jobs that apply the weights of other hours when these begin."], changes)
    names = [name for name, _ in GATEWAY]
    return {
        **found,
        "routes.sh": script(
            [f"Applies {ROUTES}" + (f", then {CHANGES}; hour 0 is in TIMEZONE." if changes else ".")],
            needs(GATEWAY),
            TIMEZONE if changes else "",
            _put([*names, *(["TIMEZONE"] if changes else [])]),
            "\n".join([f"put {ROUTES}", *([f"put {CHANGES}"] if changes else [])]),
        ),
    }


def _weighed(fleet: Fleet) -> list[str]:
    """What the weights are, and what each class is called in the header."""
    services = fleet.spec.services
    predicted = any(one.router == "input_and_output" for one in services)
    resting = not clock.told(fleet.hours) and any(len(fleet.routes(one.name)) > 1 for one in services)
    return [
        "Gateway API: the weights of the busiest hours. Gateways share by weight and by header, not by length: the",
        f"header {routes.HEADER} names a request's class. vLLM's Semantic Router, as the gateway's ext_proc, writes it",
        "with the files semantic-router-*.yaml; any filter that counts tokens may. Requests without it are shared as",
        "all classes together.",
        *(["Some classes are of answers too: what sets the header has to predict their length."] if predicted else []),
        *([f"The {fleet.hours} hours are no day's or week's: the tables hold the other weights."] if resting else []),
        *(
            f"{one.name}: {label} is {header}."
            for one in services
            for label, header in routes.classes(fleet, one.name).items()
        ),
    ]
