"""Plans for tests of pages: small specs, solved here and now by the real solver through the real services."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from planner.models import Project, Run
from planner.services import claims, history, runs
from solvers import documents, kinds
from solvers.documents import Document
from tests.answers import answer

MODEL = {"name": "small-1b", "layers": 16, "hidden": 2048, "ffn": 8192, "heads": 32, "kv_heads": 8, "vocab": 32000}


def spec(name: str = "Small model on one node", **changes: Any) -> Document:
    """A spec that is solved in a moment."""
    document = {
        "kind": "training",
        "name": name,
        "model": MODEL,
        "hardware": {"node": "dgx-h100", "nodes": 1},
        "sequence_length": 2048,
        "global_batch": 64,
        "precision": "bf16",
    }
    return document | changes


def serving(name: str = "Small model for a chat", **changes: Any) -> Document:
    """A serving spec that is solved soon."""
    document = {
        "kind": "serving",
        "name": name,
        "model": MODEL,
        "hardware": {"node": "dgx-h100", "nodes": 1, "cost_usd_per_gpu_hour": 2.5},
        "traffic": {"rate": 20.0, "input": 512, "output": 64},
        "slo": {"ttft": 0.5, "tpot": 0.05},
    }
    return document | changes


TABLE = """gpu,input,output,requests_per_s
a10g,25,100,2
a10g,250,100,5
a100-80,25,100,20
a100-80,250,100,40
"""


def fleet(name: str = "Two sizes on two GPU types", **changes: Any) -> Document:
    """A fleet spec that is solved soon: a table of capacities."""
    service = {
        "name": "chat",
        "traffic": {
            "rate": 20.0,
            "sizes": [{"input": 25, "output": 100, "share": 0.5}, {"input": 250, "output": 100, "share": 0.5}],
        },
        "slo": {"ttft": 1.0},
        "capacities": {"csv": TABLE},
    }
    market = [{"gpu": "a10g", "price": 1.01}, {"gpu": "a100-80", "price": 3.67}]
    return {"kind": "fleet", "name": name, "services": [service], "market": market} | changes


def queued(project: Project, user: User, name: str = "Small model on one node", **changes: Any) -> Run:
    """A run that waits."""
    return _submitted(project, user, spec(name, **changes))


def solved(project: Project, user: User, name: str = "Small model on one node", **changes: Any) -> Run:
    """A run with its answer, whatever it is."""
    return _answered(project, user, spec(name, **changes))


def served(project: Project, user: User, name: str = "Small model for a chat", **changes: Any) -> Run:
    """A serving run with its answer, whatever it is."""
    return _answered(project, user, serving(name, **changes))


def bought(project: Project, user: User, name: str = "Two sizes on two GPU types", **changes: Any) -> Run:
    """A fleet run with its answer, whatever it is."""
    return _answered(project, user, fleet(name, **changes))


def foretold(project: Project, user: User, name: str = "A large model from small runs", **changes: Any) -> Run:
    """A scaling run with its answer: an example with runs."""
    return _answered(
        project, user, documents.read(kinds.examples("scaling")["served-on-limited-data"]) | {"name": name} | changes
    )


def _submitted(project: Project, user: User, document: Document) -> Run:
    return runs.submit(project, document, user=user, fresh=True, source="web").run


def _answered(project: Project, user: User, document: Document) -> Run:
    with transaction.atomic():  # no worker sees it before it is claimed
        run = _submitted(project, user, document)
        claim = claims.claim(run.id, worker="test")
    assert claim is not None
    result = answer(kinds.parse(claim.spec))
    claims.finish(claim, claims.Answered(document=result, key=run.result_key))
    return history.run(project, run.id)
