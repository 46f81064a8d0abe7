"""The pool of blocks by hand: four blocks, of which the first is never given out."""

from solvers.simulate.serving.oracle_blocks import BlockPool

A, B = (1, 0, 0), (1, 0, 1)


def test_blocks_come_from_the_head_and_go_back_to_the_end_last_first() -> None:
    pool = BlockPool(5)

    taken = pool.take(3)
    pool.release(taken)

    assert (taken, list(pool.free), pool.in_use) == ([1, 2, 3], [4, 3, 2, 1], 0)


def test_a_freed_block_is_hit_until_it_is_taken_for_something_else() -> None:
    pool = BlockPool(3)
    one, two = pool.take(2)
    pool.name(one, A)
    pool.name(two, B)
    pool.release([one, two])

    before = pool.hits([A, B])
    taken = pool.take(1)

    assert (before, taken, pool.hits([A, B])) == ([one, two], [two], [one])


def test_a_hit_leaves_the_queue_and_counts_among_the_blocks_that_are_needed() -> None:
    pool = BlockPool(3)
    held = pool.take(1)
    pool.name(held[0], A)
    pool.release(held)

    hits = pool.hits([A])
    room = [pool.fits(blocks, hits) for blocks in (1, 2)]
    pool.touch(hits)
    pool.touch(hits)
    pool.release(hits)

    assert (room, list(pool.free), pool.in_use) == ([True, False], [2], 1)


def test_of_two_blocks_with_one_key_the_earlier_is_hit_and_then_the_other() -> None:
    pool = BlockPool(3)
    one, two = pool.take(2)
    pool.name(one, A)
    pool.name(two, A)
    pool.release([one])

    first = pool.hits([A])
    pool.take(1)

    assert (first, pool.hits([A])) == ([one], [two])
