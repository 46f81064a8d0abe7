"""The plain simulator, held against schedules that were solved on paper."""

from dataclasses import replace

import numpy as np
import pytest

from solvers.cost.serving.tables import constant
from solvers.errors import SpecError
from solvers.simulate.serving.case import Deployment, Engine, Pool, Speculation, Transfer
from solvers.simulate.serving.oracle import simulate_plainly
from tests.solvers.simulate.serving.cases import ENGINE, colocated, cost, moments, requests


def test_one_request_gets_its_first_token_after_its_prompt_and_then_one_a_step() -> None:
    outcome = simulate_plainly(colocated(), requests([0.5], [5], [3]))

    assert moments(outcome) == ([1.5], [3.5])
    assert (outcome.steps, outcome.end_s, outcome.busy_s.tolist()) == (3, 3.5, [3.0])
    assert outcome.ttft_s.tolist() == [1.0]
    assert outcome.tpot_s(np.array([3])).tolist() == [1.0]


def test_two_requests_on_four_blocks_cost_one_preemption_and_a_prefill_of_what_was_taken() -> None:
    """Both fill two blocks by step 5. In step 6 the first needs a third and takes the second's last one, whose first
    block is hit when it comes back in step 7 with nine tokens: five of them run."""
    deployment = colocated(replace(ENGINE, blocks=5))

    outcome = simulate_plainly(deployment, requests([0, 0], [4, 4], [6, 6]), trace_of=0)

    assert moments(outcome) == ([1, 1], [6, 7])
    assert (outcome.preemptions.tolist(), outcome.cached_tokens.tolist()) == ([0, 1], [0, 0])
    assert outcome.trace is not None
    assert outcome.trace.prefill_tokens.tolist() == [8, 0, 0, 0, 0, 0, 5]
    assert outcome.trace.decodes.tolist() == [0, 2, 2, 2, 2, 1, 0]
    assert outcome.trace.waiting.tolist() == [0, 0, 0, 0, 0, 1, 0]
    assert outcome.trace.blocks.tolist() == [2, 4, 4, 4, 4, 3, 3]


def test_without_a_prefix_cache_a_preempted_request_is_computed_again_whole() -> None:
    deployment = colocated(replace(ENGINE, blocks=5, prefix_caching=False, max_num_batched_tokens=16))

    outcome = simulate_plainly(deployment, requests([0, 0], [4, 4], [6, 6]), trace_of=0)

    assert outcome.trace is not None
    assert outcome.trace.prefill_tokens.tolist() == [8, 0, 0, 0, 0, 0, 9]


def test_a_prompt_larger_than_the_budget_runs_in_chunks_after_the_decodes() -> None:
    """Budget 8: the first request decodes from step 2 on, so the second gets 7, 7 and the last 6 of its 20 tokens."""
    outcome = simulate_plainly(colocated(), requests([0, 0.5], [4, 20], [6, 2]), trace_of=0)

    assert moments(outcome) == ([1, 4], [6, 5])
    assert outcome.trace is not None
    assert outcome.trace.prefill_tokens.tolist() == [4, 7, 7, 6, 0, 0]
    assert outcome.trace.decodes.tolist() == [0, 1, 1, 1, 2, 1]


def test_without_chunks_a_prompt_waits_until_it_runs_whole() -> None:
    """The second prompt of 12 does not fit beside a decode, so it waits for the first request's end."""
    deployment = colocated(replace(ENGINE, chunked_prefill=False, max_num_batched_tokens=12))

    outcome = simulate_plainly(deployment, requests([0, 0.5], [4, 12], [3, 1]))

    assert moments(outcome) == ([1, 4], [3, 4])


def test_prefills_go_first_by_the_old_policy_and_decodes_stall() -> None:
    deployment = colocated(replace(ENGINE, policy="prefill_first", max_num_batched_tokens=12))

    outcome = simulate_plainly(deployment, requests([0, 0.5], [4, 11], [3, 2]), trace_of=0)

    assert moments(outcome) == ([1, 2], [4, 3])
    assert outcome.trace is not None
    assert outcome.trace.decodes.tolist() == [0, 0, 2, 1]


def test_a_request_is_admitted_when_its_whole_prompt_fits_or_else_with_its_first_chunk() -> None:
    """Five blocks: the first request holds two (8 tokens) till step 3; the second needs four for its 16 tokens."""
    case = requests([0, 0], [6, 16], [3, 1])
    whole, chunk = (colocated(replace(ENGINE, blocks=6, reserve_whole=reserve)) for reserve in (True, False))

    assert simulate_plainly(whole, case).scheduled_s.tolist() == [0, 3]
    assert simulate_plainly(chunk, case).scheduled_s.tolist() == [0, 0]


def test_a_prefix_is_hit_even_in_the_step_that_computes_it_but_never_the_last_token() -> None:
    case = requests([0, 0, 5], [8, 9, 8], [1, 1, 1], prefix=8)

    outcome = simulate_plainly(colocated(replace(ENGINE, max_num_batched_tokens=16)), case, trace_of=0)

    assert outcome.cached_tokens.tolist() == [0, 8, 4]
    assert outcome.trace is not None
    assert outcome.trace.prefill_tokens.tolist() == [9, 4]


def test_the_lower_priority_number_goes_first_and_the_worst_is_sent_back() -> None:
    """One at a time: the third comes before the second. With room for all but the third block, the worst is sent back
    though it was admitted first."""
    queue = requests([0, 0.1, 0.2], [4, 4, 4], [2, 2, 2], priority=np.array([0, 1, 0]))
    full = requests([0, 0.5], [4, 4], [6, 6], priority=np.array([1, 0]))

    one = simulate_plainly(colocated(replace(ENGINE, max_num_seqs=1, policy="priority")), queue)
    two = simulate_plainly(colocated(replace(ENGINE, blocks=5, policy="priority")), full)

    assert moments(one) == ([1, 5, 3], [2, 6, 4])
    assert two.preemptions.tolist() == [1, 0]
    assert moments(two) == ([1, 2], [8, 7])


def test_two_stages_carry_two_batches_a_half_step_apart() -> None:
    """Stages of half a second. Each request of 8 tokens fills a batch: they go in at 0 and at 0.5."""
    deployment = colocated(replace(ENGINE, stages=2))

    outcome = simulate_plainly(deployment, requests([0, 0], [8, 8], [2, 2]))

    assert moments(outcome) == ([1.0, 1.5], [2.0, 2.5])


def test_a_hop_and_the_host_come_between_the_stages_and_before_the_first() -> None:
    step = cost(hop=constant(0.25, most=64), host=0.125, host_sequence=0.125)

    outcome = simulate_plainly(colocated(replace(ENGINE, stages=2), step=step), requests([0], [8], [1]))

    assert moments(outcome) == ([1.5], [1.5])


def test_a_host_that_is_a_step_ahead_lets_an_arrival_wait_for_the_step_that_is_ready_already() -> None:
    """The second arrives in step 2, when step 3 is scheduled: it runs in step 4. With no step ahead it runs in 3."""
    case = requests([0, 1.5], [4, 4], [9, 1])

    ahead = simulate_plainly(colocated(step=cost(overlapped=True)), case)
    plain = simulate_plainly(colocated(), case)

    assert moments(ahead) == ([1, 4], [9, 4])
    assert moments(plain) == ([1, 3], [9, 3])


def test_a_host_slower_than_the_device_sets_the_pace() -> None:
    step = cost(overlapped=True, host=1.5, host_sequence=0.5)

    outcome = simulate_plainly(colocated(step=step), requests([0], [4], [4]))

    assert moments(outcome) == ([3], [9])


def test_drafts_that_all_stand_give_their_tokens_at_once_and_drafts_that_fall_cost_their_positions() -> None:
    seconds = np.arange(65, dtype=np.float64)
    case = requests([0], [4], [7])

    def run(acceptance: float) -> tuple[list[float], list[float]]:
        engine = replace(ENGINE, speculation=Speculation(tokens=2, acceptance=acceptance, draft_s=0.5))
        step = cost(decode_tokens=seconds, mixed_tokens=seconds)
        return moments(simulate_plainly(colocated(engine, step=step), case))

    assert run(1.0) == ([4], [4 + 2 * 3.5])
    assert run(0.0) == ([4], [4 + 6 * 3.5])


def test_ranks_step_together_at_the_busiest_ones_pace() -> None:
    """One request a rank. Steps run 4 and 5 tokens, 1 and 5, then 1 alone, each with a second for what is shared."""
    seconds = np.arange(65, dtype=np.float64)
    step = cost(decode_tokens=seconds, mixed_tokens=seconds, shared_tokens=np.ones(65))
    engine = replace(ENGINE, ranks=2, max_num_batched_tokens=5)

    outcome = simulate_plainly(colocated(engine, step=step), requests([0, 0], [4, 10], [3, 1]))

    assert moments(outcome) == ([6, 12], [14, 12])


def test_a_request_sent_back_while_its_token_is_under_way_keeps_the_token() -> None:
    """Four blocks, two stages. At 1 s the first needs a third block and takes one of the second's, whose first token
    comes at 1.5 s all the same. At 3 s it is computed again, but for the block that is still there."""
    deployment = colocated(replace(ENGINE, stages=2, blocks=5))

    outcome = simulate_plainly(deployment, requests([0, 0], [8, 8], [3, 2]), trace_of=0)

    assert moments(outcome) == ([1, 1.5], [3, 4])
    assert outcome.preemptions.tolist() == [0, 1]
    assert outcome.trace is not None
    assert outcome.trace.prefill_tokens.tolist() == [8, 8, 0, 0, 5]


def test_a_prefill_pool_without_a_link_to_its_decode_pool_is_a_mistake() -> None:
    pools = (Pool("prefill", 1, ENGINE, cost()), Pool("decode", 1, ENGINE, cost()))

    with pytest.raises(ValueError, match="needs a transfer"):
        simulate_plainly(Deployment(pools), requests([0], [8], [2]))


def test_a_disaggregated_request_waits_for_the_link_and_keeps_its_blocks_till_then() -> None:
    """8 tokens take 2 s on the link, after 0.25 s of latency the decode starts. The prefill replica has room for one
    request, so the second is prefilled when the first has gone; the link is free then."""
    engine = replace(ENGINE, blocks=4)
    pools = (Pool("prefill", 1, engine, cost()), Pool("decode", 1, ENGINE, cost()))
    link = Transfer(bytes_per_token=1.0, bytes_per_s=4.0, latency_s=0.25)

    outcome = simulate_plainly(Deployment(pools, transfer=link), requests([0, 0], [8, 8], [3, 3]))

    assert moments(outcome) == ([1, 4.25], [5.25, 8.5])


def test_a_disaggregated_request_with_one_token_never_travels() -> None:
    pools = (Pool("prefill", 1, ENGINE, cost()), Pool("decode", 1, ENGINE, cost()))
    link = Transfer(bytes_per_token=1.0, bytes_per_s=4.0, latency_s=0.25)

    outcome = simulate_plainly(Deployment(pools, transfer=link), requests([0], [8], [1]))

    assert (moments(outcome), outcome.end_s) == (([1], [1]), 1.0)


def test_in_a_closed_loop_the_next_request_is_sent_when_one_is_answered() -> None:
    outcome = simulate_plainly(colocated(), requests([0, 0, 0, 7.5], [4, 4, 4, 4], [2, 4, 1, 1], concurrency=2))

    assert outcome.sent_s.tolist() == [0, 0, 2, 7.5]
    assert moments(outcome) == ([1, 1, 3, 8.5], [2, 4, 3, 8.5])


def test_requests_are_dealt_in_turn_or_to_the_replica_with_least_to_do() -> None:
    case = requests([0, 0, 0, 0], [8, 4, 4, 4], [2, 2, 2, 2])

    turns = simulate_plainly(colocated(replicas=2), case)
    least = simulate_plainly(colocated(replicas=2, routing="least_work"), case)

    assert turns.replica.tolist() == [0, 1, 0, 1]
    assert least.replica.tolist() == [0, 1, 1, 0]


def test_requests_go_to_the_replica_that_has_their_prefix_unless_it_is_too_far_behind() -> None:
    """The prefix lies on replica 0. At 5 s it gets the second request; the third finds it 8 tokens and a request
    behind, which is more than a step's tokens, and goes to the idle one."""
    case = requests([0, 5, 5], [8, 12, 8], [1, 1, 1], prefix=8)
    far = replace(case, input_tokens=np.array([8, 16, 8]))

    near_outcome = simulate_plainly(colocated(replace(ENGINE, max_num_batched_tokens=16), replicas=2,
                                              routing="prefix_aware"), case)  # fmt: skip
    far_outcome = simulate_plainly(colocated(replicas=2, routing="prefix_aware"), far)

    assert near_outcome.replica.tolist() == [0, 0, 0]
    assert far_outcome.replica.tolist() == [0, 0, 1]


def test_a_request_with_no_shared_prefix_goes_where_there_is_least_to_do() -> None:
    outcome = simulate_plainly(colocated(replicas=2, routing="prefix_aware"), requests([0, 0], [8, 4], [2, 2]))

    assert outcome.replica.tolist() == [0, 1]


def test_gaps_between_tokens_are_counted_by_their_length() -> None:
    outcome = simulate_plainly(colocated(), requests([0], [4], [4]))

    assert outcome.gaps.sum() == 3
    assert outcome.gaps[np.searchsorted(np.geomspace(1e-4, 1e2, 241), 1.0, side="right")] == 3


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        (replace(ENGINE, blocks=3), "more KV blocks"),
        (replace(ENGINE, chunked_prefill=False), "more tokens than a step"),
    ],
)
def test_a_request_that_can_never_run_is_refused(engine: Engine, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        simulate_plainly(colocated(engine), requests([0], [8], [4]))
