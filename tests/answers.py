"""Answers of the real solver, computed once for each question: most tests ask what becomes of one, not what it says."""

import pickle

from solvers import kinds
from solvers.base import Spec
from solvers.documents import Document

_KNOWN: dict[str, bytes] = {}


def answer(spec: Spec) -> Document:
    """The result of `spec`, as a worker would find it; the caller's own copy."""
    key = kinds.result_key(spec)
    if key not in _KNOWN:
        _KNOWN[key] = pickle.dumps(kinds.solve(spec))
    copy: Document = pickle.loads(_KNOWN[key])
    return copy
