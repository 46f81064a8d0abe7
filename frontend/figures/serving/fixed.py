"""How a spec asks for a plan that was picked."""

from solvers.documents import Document

LAYOUT = ("tp", "pp", "dp", "ep")
ENGINE = ("max_num_seqs", "max_num_batched_tokens", "chunked_prefill")


def changes(plan: Document) -> tuple[tuple[str, object], ...]:
    """The changes to the spec that fix what the pools of `plan` have in common."""
    pools = plan.get("pools", [])
    if not pools:
        return ()
    parts = [
        {name: pool["layout"][name] for name in LAYOUT if name in pool["layout"]}
        | {name: pool["engine"][name] for name in ENGINE if name in pool["engine"]}
        for pool in pools
    ]
    common = {name: value for name, value in parts[0].items() if all(part.get(name) == value for part in parts)}
    return (("/options/fix", {**common, "disaggregated": plan["mode"] == "disaggregated"}),)
