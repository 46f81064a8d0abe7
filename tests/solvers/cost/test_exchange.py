"""The exchange with experts in pieces: by hand, by trying every number of pieces, and against the whole exchange."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from solvers.cost.block import Job, block_of, imbalance
from solvers.cost.coefficients import DEFAULT
from solvers.cost.exchange import in_pieces
from solvers.cost.launch import Issue, expert_issue
from solvers.cost.layouts import Shards
from solvers.cost.linear import product_seconds
from solvers.cost.parts import Stack
from solvers.simulate.experts import DEGREES, Operation
from tests.solvers.cost.cases import MIXTURE, job

FREE = replace(DEFAULT, overlap_tax=0.0, kernel_gap_s=0.0, dispatch_s=0.0)
CUT = Stack(expert_pieces=True)
SIXTEEN = {**MIXTURE, "moe": {"experts": 16, "top_k": 2, "ffn": 4096}, "hidden": 2048}


def _cut(way: float, products: float, *, start: float = 0.0, tax: float = 0.0) -> tuple[float, int]:
    """One pass whose products take as long in any number of pieces, without kernels."""
    one = np.array([1.0])
    added, pieces = in_pieces(
        Operation(start * one, way * one),
        products * np.ones((len(DEGREES), 1)),
        Issue(0.0 * one, 0.0 * one),
        kernels=1.0,
        stack=CUT,
        coefficients=replace(FREE, overlap_tax=tax),
    )
    return float(added[0]), int(pieces[0])


def test_equal_work_is_hidden_in_two_pieces_and_more_hide_no_more() -> None:
    """A way of 1 s, products of 1 s: halves arrive at 0.5 and 1, are done at 1 and 1.5, are back at 1.5 and 2."""
    assert _cut(1.0, 1.0) == (1.0, 2)


def test_hidden_traffic_costs_the_products_its_tax() -> None:
    """Of 3 s of work 1 is hidden, and takes 0.2 of it."""
    assert _cut(1.0, 1.0, tax=0.2) == (pytest.approx(1.2), 2)


def test_long_products_show_the_first_piece_going_and_the_last_coming() -> None:
    """8 pieces of 1/4 s each way around 16 s of products."""
    assert _cut(2.0, 16.0) == (0.5, 8)


def test_what_costs_more_to_start_than_it_hides_stays_whole() -> None:
    assert _cut(1.0, 1.0, start=1.0) == (4.0, 1)


def _shards() -> Shards:
    """Every way to spread 16 experts over 1 to 16 ranks, in micro-batches of 1 and 4, with tensor parallelism too."""
    ep, micro_batch, tp = (np.array(column) for column in zip(*product((1, 2, 8, 16), (1, 4), (1, 2)), strict=True))
    return Shards(tp, np.ones_like(tp), ep, micro_batch, (tp > 1).astype(np.int64))


def _job(*, cut: bool) -> Job:
    return job(SIXTEEN, gpus=16, stack=Stack(expert_pieces=cut), sequence_length=4096, precision="bf16")


def _pass_seconds(way: float, products: float, pieces: int) -> float:
    """Two queues served in order: links carry every piece there before any back, products start as pieces come."""
    done = [0.0]
    for piece in range(pieces):
        done.append(max(done[-1], (piece + 1) * way) + products / pieces)
    link = pieces * way
    for ready in done[1:]:
        link = max(link, ready) + way
    return link + DEFAULT.overlap_tax * (2 * pieces * way + products - link)


def _tried(row: int, *, backward: bool) -> float:
    """The least seconds of a row's experts in one pass, of all numbers of pieces: schedule, gaps and issue."""
    case, shards = _job(cut=False), _shards().take(np.array([row]))
    start, work = _way(shards, case)
    tokens = shards.micro_batch * case.sequence_length / shards.cp
    issued = _issued(shards, case)
    found = []
    for pieces in DEGREES:
        each = product_seconds(
            shards, tokens / pieces, architecture=case.architecture, cluster=case.cluster,
            coefficients=DEFAULT, imbalance=imbalance(case), stack=case.stack,
        )  # fmt: skip
        products = pieces * float(each.experts[0]) * (2.0 if backward else 1.0)
        seconds = _pass_seconds(start + work / pieces, products, pieces)
        gaps = pieces * float(issued.kernels[0]) * DEFAULT.kernel_gap_s * (2.0 if backward else 1.0)
        found.append(seconds + gaps + max(pieces * float(issued.seconds[0]) - seconds, 0.0))
    return min(found)


def _issued(shards: Shards, case: Job) -> Issue:
    return expert_issue(
        shards, architecture=case.architecture, cluster=case.cluster, stack=case.stack, coefficients=DEFAULT
    )


def _way(shards: Shards, case: Job) -> tuple[float, float]:
    """Start and work of one way: twice the tokens take the work twice, and the start once."""
    once, twice = (
        float(block_of(replace(shards, micro_batch=times * shards.micro_batch), case).expert_forward[0]) / 2.0
        for times in (1, 2)
    )
    return 2.0 * once - twice, twice - once


@pytest.mark.parametrize("backward", [False, True])
def test_the_chosen_pieces_are_the_best_of_all(*, backward: bool) -> None:
    whole, cut = (block_of(_shards(), _job(cut=one)) for one in (False, True))
    if backward:
        saved = whole.expert_backward + whole.launch_backward - cut.expert_backward - cut.launch_backward
    else:
        saved = whole.expert_forward + whole.launch_forward - cut.expert_forward - cut.launch_forward

    one_piece = _one_piece(backward=backward)
    expected = [one_piece[row] - _tried(row, backward=backward) for row in range(_shards().size)]

    assert saved == pytest.approx(expected, rel=1e-6, abs=1e-12)
    assert (saved > 0).any()
    assert (saved[np.asarray(_shards().ep) == 1] == 0).all()


def _one_piece(*, backward: bool) -> list[float]:
    """Seconds of each row's experts in one pass as a whole."""
    case, shards = _job(cut=False), _shards()
    tokens = shards.micro_batch * case.sequence_length / shards.cp
    products = product_seconds(
        shards, tokens, architecture=case.architecture, cluster=case.cluster, coefficients=DEFAULT,
        imbalance=imbalance(case), stack=case.stack,
    ).experts  # fmt: skip
    twice = 2.0 if backward else 1.0
    issued = _issued(shards, case)
    seconds = twice * products + block_of(shards, case).expert_forward
    waits = twice * issued.kernels * DEFAULT.kernel_gap_s + np.maximum(issued.seconds - seconds, 0.0)
    return [float(one) for one in seconds + waits]


def test_pieces_change_nothing_but_the_experts() -> None:
    whole, cut = (block_of(_shards(), _job(cut=one)) for one in (False, True))

    for name in ("forward", "backward", "weights", "tensor", "context_forward", "boundary_bytes"):
        assert (getattr(whole, name) == getattr(cut, name)).all()
