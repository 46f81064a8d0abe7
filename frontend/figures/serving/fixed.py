"""How a spec asks for a plan that was picked."""

from solvers.documents import Document

LAYOUT = ("tp", "pp", "dp", "ep")
ENGINE = ("max_num_seqs", "max_num_batched_tokens", "chunked_prefill", "prefix_caching")
OF_A_POOL = ("tp", "pp")


def changes(plan: Document) -> tuple[tuple[str, object], ...]:
    """The changes to the spec that fix the layout of `plan`; of two pools each has its own degrees."""
    pools = plan.get("pools", [])
    if not pools:
        return ()
    fixed: dict[str, object] = {"mode": plan["mode"]}
    if len(pools) == 1:
        fixed |= {name: pools[0]["layout"][name] for name in LAYOUT if name in pools[0]["layout"]}
        fixed["replicas"] = pools[0]["replicas"]
    for pool in pools if len(pools) > 1 else ():
        fixed |= {f"{pool['role']}_{name}": pool["layout"][name] for name in OF_A_POOL}
        fixed[f"{pool['role']}_replicas"] = pool["replicas"]
    engines = [pool.get("engine", {}) for pool in pools]
    fixed |= {
        name: engines[0][name]
        for name in ENGINE
        if name in engines[0] and all(engine.get(name) == engines[0][name] for engine in engines)
    }
    if "routing" in plan:
        fixed["routing"] = plan["routing"]
    return (("/options/fix", fixed),)
