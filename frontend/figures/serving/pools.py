"""The pools of a plan in words and as a table: what each replica is, and how its engine is set."""

from frontend.figures.base import Panel, Table
from solvers import units
from solvers.documents import Document

ROLES = {"both": "Prefill and decode", "prefill": "Prefill", "decode": "Decode"}
ROUTINGS = {
    "round_robin": "in turn",
    "least_work": "to the replica with the least work",
    "prefix_aware": "to the replica that holds most of the prefix",
}
ENGINES = {"vllm": "vLLM", "sglang": "SGLang", "trtllm": "TensorRT-LLM"}
KV_WORDS = {"fp16": "16 bit", "bf16": "16 bit"}
COLUMNS = ("Pool", "Replicas", "Layout", "Precision", "Sequences at once", "Tokens a step", "KV blocks")


def role(name: str) -> str:
    """What a pool does."""
    return ROLES.get(name, name.replace("_", " ").capitalize())


def layout(pool: Document) -> str:
    """`TP2 · PP2 · DP4 · EP8`, the degrees above one; `one GPU` where there are none."""
    degrees = [f"{name.upper()}{degree}" for name, degree in pool["layout"].items() if degree > 1]
    return " · ".join(degrees) or "one GPU"


def panels(result: Document) -> tuple[Panel, ...]:
    """One table with a row for each pool."""
    plan = result["plan"]
    rows = tuple(_row(pool) for pool in plan["pools"])
    return (Panel("pools", _title(plan), Table("The replicas and their engines", COLUMNS, rows), _notes(plan)),)


def _title(plan: Document) -> str:
    engine = plan["engine"]
    named = f"{ENGINES.get(engine['name'], engine['name'])} {engine.get('version') or ''}".strip()
    replicas = sum(pool["replicas"] for pool in plan["pools"])
    if plan["mode"] == "disaggregated":
        return f"{units.count(replicas)} replicas of {named}: prompts and answers on GPUs of their own"
    one = "1 replica" if replicas == 1 else f"{units.count(replicas)} equal replicas"
    return f"{one} of {named}"


def _row(pool: Document) -> tuple[str, ...]:
    engine, precision = pool["engine"], pool["precision"]
    chunks = "chunked" if engine["chunked_prefill"] else "whole prompts"
    gpus = "GPU" if pool["gpus_per_replica"] == 1 else "GPUs"
    return (
        role(pool["role"]),
        f"{units.count(pool['replicas'])} × {units.count(pool['gpus_per_replica'])} {gpus}",
        layout(pool),
        f"{precision['weights'].upper()}, KV {KV_WORDS.get(precision['kv'], precision['kv'].upper())}",
        units.count(engine["max_num_seqs"]),
        f"{units.count(engine['max_num_batched_tokens'])}, {chunks}",
        f"{units.count(engine['kv_blocks'])} × {engine['block_size']} tokens",
    )


def _notes(plan: Document) -> tuple[str, ...]:
    notes = []
    if sum(pool["replicas"] for pool in plan["pools"]) > 1:
        notes.append(f"Requests go {ROUTINGS.get(plan['routing'], plan['routing'])}.")
    if transfer := plan.get("transfer"):
        size, rate = (
            units.show(transfer["bytes_per_token"], units.SIZE),
            units.show(transfer["bytes_per_s"], units.RATE),
        )
        notes.append(f"{size} of KV cache a token of the prompt go from prefill to decode at {rate}.")
    if adapters := plan.get("adapters"):
        count = adapters["count"]
        loaded = "1 LoRA adapter" if count == 1 else f"{units.count(count)} LoRA adapters"
        notes.append(f"{loaded} of rank {adapters['rank']} beside the weights of each replica.")
    drafts = {
        (draft["tokens"], draft["acceptance"]) for pool in plan["pools"] if (draft := pool["engine"].get("speculation"))
    }
    notes += [
        f"{tokens} {'token is' if tokens == 1 else 'tokens are'} drafted at a time; each is accepted with"
        f" {units.show(share, units.SHARE)}."
        for tokens, share in sorted(drafts)
    ]
    return tuple(notes)
