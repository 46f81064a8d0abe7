"""Replicas that the question of the plan did not look at, though a shorter latency is cheaper with them than the plan.

What holds at a shorter latency holds at the plan's, so the plan would be better with them: it is proven again with
them, until no shorter latency is cheaper. A plan that is dearer then is not taken: simulation found them to carry less
than was hoped, or the search was led elsewhere; shorter latencies are then asked of the plan's own replicas alone.
"""

from dataclasses import replace

from solvers.base import Progress, silent
from solvers.fleet.proof.case import Proof
from solvers.fleet.proof.prove import prove
from solvers.fleet.supply.case import Ready
from solvers.fleet.supply.supplies import supplies
from solvers.fleet.why.answered import Answered
from solvers.fleet.why.changed import NOISE
from solvers.fleet.why.latency import same


def settled(answered: Answered, *, progress: Progress = silent) -> Answered:
    """The answer than which no shorter latency is cheaper. Every round proves with more replicas, so it ends."""
    also: list[Ready] = []
    while more := overlooked(answered):
        also += more
        known = supplies(answered.spec, known=answered.supplies, also=also)
        proof = prove(answered.spec, known, progress=progress)
        if not isinstance(proof, Proof) or proof.mix.value > answered.proof.mix.value * (1.0 + NOISE):
            return replace(answered, closed=True)
        answered = Answered(answered.spec, known, proof)
    return answered


def overlooked(answered: Answered) -> list[Ready]:
    """Replicas of shorter latencies that are cheaper than the plan, which its own question does not know."""
    own = {same(one) for one in answered.supplies.ready}
    least = answered.mix.value * (1.0 - NOISE - answered.mix.gap)
    found = {
        same(ready): ready
        for one in answered.latencies
        if one.factor < 1.0 and one.mix is not None and one.mix.value < least
        for ready in one.supplies.ready
        if same(ready) not in own
    }
    return list(found.values())
