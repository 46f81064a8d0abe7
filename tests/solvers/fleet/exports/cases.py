"""Results to export, written by hand so that no search decides what the golden files hold."""

from solvers.fleet.spec import FleetSpec
from tests.solvers.serving.exports.cases import ENGINE, HASH, MEMORY

SLO = {"ttft": "2 s", "tpot": "80 ms", "attainment": 0.9}
CHAT = {"rate": "10 /s", "input": {"mean": 512, "cv": 1.0}, "output": 128}
DAY = [0.2] * 6 + [0.5, 0.8] + [1.0] * 10 + [0.8, 0.6] + [0.2] * 4
# A week of days that rest at the week-end.
WEEK = [*(DAY * 5), *([0.2] * 48)]
SPECS = {
    "day": {
        "services": [{"name": "chat", "model": "llama-3.1-8b", "traffic": CHAT, "slo": SLO, "demand": DAY}],
        "market": [
            {
                "name": "l4-spot", "node": "g6", "term": "spot", "provider": "aws", "price": "0.35 USD/h",
                "region": "eu-west-1", "zone": "a", "available": 16,
            },
            {
                "name": "a100", "node": "p4de", "term": "reserved", "provider": "aws", "price": "2.10 USD/h",
                "region": "eu-west-1", "zone": "a", "whole_nodes": True,
            },
        ],
    },
    "week": {
        "services": [
            {
                "name": "Code.1", "model": "qwen3-30b-a3b", "traffic": CHAT, "slo": SLO, "demand": WEEK,
                "engine": {"name": "sglang"}, "router": "input_and_output",
            },
            {
                "name": "rag", "model": "llama-3.1-70b", "traffic": CHAT, "slo": SLO, "demand": WEEK,
                "engine": {"name": "trtllm"}, "precision": {"weights": "fp8"},
            },
        ],
        "market": [
            {
                "name": "h100", "gpu": "h100-sxm", "provider": "gcp", "price": "3 USD/h", "region": "us-east4",
                "zone": "b",
            },
            {"name": "h100-spot", "gpu": "h100-sxm", "term": "spot", "provider": "gcp", "price": "1.2 USD/h"},
        ],
    },
    "measured": {
        "services": [
            {
                "name": "own", "traffic": CHAT, "slo": {"ttft": "2 s"},
                "capacities": {"csv": "gpu,input,output,requests_per_s\nmi300x,512,128,4\n"},
            },
        ],
        "market": [
            {"gpu": "mi300x", "provider": "azure", "term": "spot", "price": "2 USD/h"},
        ],
    },
}  # fmt: skip


def spread(low, high, middle):
    """Numbers of a day: nights, mornings and evenings, the ten busy hours."""
    return [low] * 6 + [middle] * 2 + [high] * 10 + [middle] * 2 + [low] * 4


def week(day, rest):
    return [*(day * 5), *([rest] * 48)]


def configuration(service, offer, gpu, gpus, replicas, *, capacity, engine=None, precision=("bf16", "fp16"), **layout):
    known = layout is not None and engine is not None
    degrees = {"tp": gpus, "pp": 1, "dp": 1, "ep": 1} | layout
    return {
        "name": f"{service}-{offer}-x{gpus}", "service": service, "offer": offer, "gpu": gpu, "gpus": gpus,
        "label": f"TP{gpus}", "layout": degrees if known else None,
        "precision": {"weights": precision[0], "kv": precision[1]} if known else None,
        "settings": ENGINE | engine if known else None, "memory": dict(MEMORY) if known else None,
        "replicas": {"least": min(replicas), "most": max(replicas)}, "replicas_by_hour": replicas,
        "factor": 0.93, "utilization": 0.88, "capacity_per_s": capacity,
    }  # fmt: skip


def kind(label, *, share, low, high, output=None):
    return {"label": label, "input": [low, high], "output": output, "share": share}


SHORT, LONG = "1-512 in", "513+ in"
BRIEF, WORDY = "1-512 in, 1-128 out", "1-512 in, 129+ out"
NIGHT, EDGE, BUSY = (
    [*range(6), *range(20, 24)], [6, 7, 18, 19], [*range(8, 18)],
)  # fmt: skip
CLASSES = {
    "day": {"chat": [kind(SHORT, share=0.6, low=1, high=512), kind(LONG, share=0.4, low=513, high=None)]},
    "week": {
        "Code.1": [
            kind(BRIEF, share=0.5, low=1, high=512, output=[1, 128]),
            kind(WORDY, share=0.5, low=1, high=512, output=[129, None]),
        ],
        "rag": [kind("all", share=1.0, low=1, high=None)],
    },
    "measured": {"own": [kind("all", share=1.0, low=1, high=None)]},
}
CONFIGURATIONS = {
    "day": [
        configuration(
            "chat", "l4-spot", "l4", 1, spread(0, 4, 2), capacity={SHORT: 1.6}, engine={"max_num_seqs": 48}
        ),
        configuration(
            "chat", "l4-spot", "l4", 2, spread(0, 1, 0), capacity={SHORT: 2.4, LONG: 1.5}, engine={"max_num_seqs": 96}
        ),
        configuration("chat", "a100", "a100-80", 1, spread(1, 2, 2), capacity={SHORT: 6.0, LONG: 4.0}, engine={}),
    ],
    "week": [
        configuration(
            "Code.1", "h100", "h100-sxm", 1, week(spread(1, 3, 2), 1),
            capacity={BRIEF: 9.0, WORDY: 5.0}, engine={},
        ),
        configuration(
            "Code.1", "h100-spot", "h100-sxm", 1, week(spread(0, 2, 1), 0), capacity={BRIEF: 9.0}, engine={},
        ),
        configuration(
            "rag", "h100", "h100-sxm", 4, week(spread(1, 2, 1), 1), capacity={"all": 8.0}, engine={"block_size": 32},
            precision=("fp8", "fp16"),
        ),
    ],
    "measured": [configuration("own", "mi300x-azure-spot", "mi300x", 1, [4], capacity={"all": 4.0})],
}  # fmt: skip


def routed(service, hours, weights):
    return {"service": service, "hours": hours, "weights": weights}


def days(hours, *, of=range(5)):
    return [24 * day + hour for day in of for hour in hours]


REST = [*range(120, 168)]
ROUTING = {
    "day": [
        routed("chat", NIGHT, {SHORT: {"chat-a100-x1": 1.0}, LONG: {"chat-a100-x1": 1.0}}),
        routed("chat", EDGE, {
            SHORT: {"chat-l4-spot-x1": 0.625, "chat-a100-x1": 0.375}, LONG: {"chat-a100-x1": 1.0},
        }),
        routed("chat", BUSY, {
            SHORT: {"chat-l4-spot-x1": 0.8333333, "chat-a100-x1": 0.1666667},
            LONG: {"chat-l4-spot-x2": 0.3, "chat-a100-x1": 0.7},
        }),
    ],
    "week": [
        routed("Code.1", sorted([*days(NIGHT), *REST]), {
            BRIEF: {"Code.1-h100-x1": 1.0}, WORDY: {"Code.1-h100-x1": 1.0},
        }),
        routed("Code.1", days([*EDGE, *BUSY]), {
            BRIEF: {"Code.1-h100-x1": 0.25, "Code.1-h100-spot-x1": 0.75}, WORDY: {"Code.1-h100-x1": 1.0},
        }),
        routed("rag", [*range(168)], {"all": {"rag-h100-x4": 1.0}}),
    ],
    "measured": [routed("own", [0], {"all": {"own-mi300x-azure-spot-x1": 1.0}})],
}  # fmt: skip


def result(name, **plan):
    """The result of a case, with changes to its plan."""
    spec = FleetSpec.model_validate({"kind": "fleet", **SPECS[name]})
    used = CONFIGURATIONS[name]
    offers = [_offer(one, used, spec.hours) for one in spec.offers]
    costs = [round(sum(one["paid"][hour] for one in offers), 9) for hour in range(spec.hours)]
    demand = {
        one.name: [one.traffic.rate_per_s * share for share in (one.demand or [1.0])] for one in spec.services
    }  # fmt: skip
    return {
        "kind": "fleet", "status": "solved", "spec_hash": HASH, "spec": spec.model_dump(mode="json"),
        "estimates": {"cost_usd_per_hour": {"value": sum(costs) / len(costs), "low": 1.0, "high": 99.0}},
        "plan": {
            "services": [
                {
                    "name": one.name, "model": one.model.shown if one.model else None, "router": one.router,
                    "engine": one.engine.name, "target": one.slo.attainment, "classes": CLASSES[name][one.name],
                    "peak_per_s": max(demand[one.name]),
                    "attainment": {"value": 0.93, "low": 0.92, "high": 0.95, "by_seed": [0.93], "hour": 8},
                }
                for one in spec.services
            ],
            "offers": [{key: value for key, value in one.items() if key != "paid"} for one in offers],
            "configurations": used, "routing": ROUTING[name],
            "hours": {"count": spec.hours, "cost_usd_by_hour": costs, "demand_per_s": demand},
        } | plan,
    }  # fmt: skip


def _offer(one, used, hours):
    """What the configurations on it take, hour by hour; what is reserved is there in all of them."""
    gpus = [
        sum(c["gpus"] * c["replicas_by_hour"][hour] for c in used if c["offer"] == one.name) for hour in range(hours)
    ]
    units = [-(-taken // one.unit_gpus) for taken in gpus]
    units = [max(units)] * hours if one.steady else units
    paid = [price * one.unit_gpus * number for price, number in zip(one.usd_per_gpu_hour, units, strict=True)]
    return {
        "name": one.name, "gpu": one.gpu.name, "node": one.node.name, "region": one.region, "zone": one.zone,
        "term": one.term, "provider": one.provider, "price_from": one.price_from, "unit_gpus": one.unit_gpus,
        "price_usd_per_gpu_hour": round(sum(one.usd_per_gpu_hour) / hours, 9),
        "units": {"least": min(units), "most": max(units)}, "units_by_hour": units,
        "gpus": {"least": one.unit_gpus * min(units), "most": one.unit_gpus * max(units)},
        "cost_usd_per_hour": round(sum(paid) / hours, 9), "paid": paid,
    }  # fmt: skip


# Which case shows which format.
GOLDEN = [
    ("day", "tables"), ("day", "kubernetes"), ("day", "terraform"), ("week", "kubernetes"), ("week", "terraform"),
    ("measured", "kubernetes"), ("measured", "terraform"),
]  # fmt: skip
