"""Plans for tests of pages: small specs, solved here and now by the real solver through the real services."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from planner.models import Project, Run
from planner.services import claims, history, runs
from solvers import kinds
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


def queued(project: Project, user: User, name: str = "Small model on one node", **changes: Any) -> Run:
    """A run that waits."""
    return runs.submit(project, spec(name, **changes), user=user, fresh=True, source="web").run


def solved(project: Project, user: User, name: str = "Small model on one node", **changes: Any) -> Run:
    """A run with its answer, whatever it is."""
    with transaction.atomic():  # no worker sees it before it is claimed
        run = queued(project, user, name, **changes)
        claim = claims.claim(run.id, worker="test")
    assert claim is not None
    result = answer(kinds.parse(claim.spec))
    claims.finish(claim, claims.Answered(document=result, key=run.result_key))
    return history.run(project, run.id)
