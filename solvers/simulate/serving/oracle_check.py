"""Requests that no schedule can ever finish are refused before a simulation starts."""

import numpy as np

from solvers.errors import Problem, SpecError
from solvers.simulate.serving.case import Deployment, Engine, Requests


def refuse_what_never_fits(deployment: Deployment, requests: Requests) -> None:
    """Raises SpecError where a request needs more blocks than there are, or whole more tokens than a step has."""
    for pool in deployment.pools:
        output = np.minimum(requests.output_tokens, 1) if pool.role == "prefill" else requests.output_tokens
        tokens = requests.input_tokens + output - 1
        _refuse(tokens > _most_tokens(pool.engine), "blocks", "needs more KV blocks than there are")
        if _whole(pool.engine):
            _refuse(tokens > pool.engine.max_num_batched_tokens, "budget", "has more tokens than a step")


def _most_tokens(engine: Engine) -> int:
    drafts = engine.speculation.tokens if engine.speculation else 0
    return (engine.blocks - 1) * engine.block_size - drafts


def _whole(engine: Engine) -> bool:
    return engine.policy == "prefill_first" or not engine.chunked_prefill


def _refuse(wrong: np.ndarray, code: str, words: str) -> None:
    if wrong.any():
        request = int(np.argmax(wrong))
        hint = "Leave it out, or change the engine."
        raise SpecError(Problem(f"request-{code}", f"Request {request} {words}.", hint=hint))
