"""A ladder as the runs that a machine starts: rungs of their own whole, rungs that share a trunk as its pieces.

The trunk of a tree is cut where a rung leaves it; each piece goes on from the checkpoint of the one before, and a rung
is the decay that leaves there (solvers/laws/hyperparameters/branches.py has the same pieces). What they share has one
batch and one peak rate.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from solvers.errors import CannotExpress, Problem
from solvers.scaling.exports.rungs import Ladder, Rung

# What the runs of a tree have in common, by its place in the training of a rung.
SHARED = ("batch_sequences", "sequence_length", "warmup_steps", "weight_decay", "beta1", "beta2")


@dataclass(frozen=True)
class Piece:
    """A run to start: steps from `start` to `end` of the schedule of `rung`; `before` is the piece it goes on from.

    `decays` is False for a piece of a trunk, which ends at the peak learning rate.
    """

    name: str
    rung: Rung
    start: int
    end: int
    before: str
    decays: bool

    @property
    def tokens(self) -> float:
        """Tokens of this piece alone."""
        tuned = self.rung.tuned
        return float((self.end - self.start) * tuned["batch_sequences"] * tuned["sequence_length"])


def pieces(ladder: Ladder) -> tuple[Piece, ...]:
    """All pieces, each after the one that it goes on from, otherwise in the order of the rungs."""
    trees: dict[str, list[Rung]] = defaultdict(list)
    for rung in ladder.rungs:
        if rung.trunk is not None:
            trees[rung.trunk].append(rung)
    cut = {rung.place: needed for tree in trees.values() if len(tree) > 1 for rung, needed in _tree(tree)}
    found: list[Piece] = []
    for rung in ladder.rungs:
        found += [one for one in cut.get(rung.place, [_whole(rung)]) if one not in found]
    return tuple(found)


def _whole(rung: Rung) -> Piece:
    return Piece(rung.label, rung, 0, rung.steps, "", decays=True)


def _tree(rungs: Sequence[Rung]) -> Iterable[tuple[Rung, list[Piece]]]:
    """Each rung with the pieces that it needs, from the tree's root on."""
    _check(rungs)
    longest = max(rungs, key=lambda rung: rung.steps)
    trunk: list[Piece] = []
    for rung in sorted(rungs, key=lambda rung: (_leaves(rung), rung.steps)):
        leaves, at = _leaves(rung), trunk[-1].end if trunk else 0
        if leaves > at:
            name = f"{longest.label}-trunk-{len(trunk) + 1}"
            trunk.append(Piece(name, longest, at, leaves, trunk[-1].name if trunk else "", decays=False))
        before = trunk[-1].name if trunk else ""
        yield rung, [*trunk, Piece(rung.label, rung, leaves, rung.steps, before, decays=True)]


def _leaves(rung: Rung) -> int:
    return rung.steps - int(rung.tuned["decay_steps"])


def _check(rungs: Sequence[Rung]) -> None:
    """CannotExpress where runs of one trunk do not learn alike before they leave it."""
    first = rungs[0]
    told = [_told(rung) for rung in rungs]
    if any(one != told[0] for one in told) or any(one.tuned["schedule"] != "wsd" for one in rungs):
        message = f"The runs on the trunk {first.trunk} have several sizes, batches, rates or schedules."
        at = f"/plan/ladder/rungs/{first.place - 1}/trunk"
        raise CannotExpress(Problem("cannot_express", message, at, "Ask for the ladder without branches."))


def _told(rung: Rung) -> tuple[object, ...]:
    tuned = rung.tuned
    return (rung.planned["model"], tuned["learning_rate"]["value"], *(tuned[name] for name in SHARED))
