"""Melange's fleets with our capacities: the same order and direction as published, and never dearer than one type.

Source: docs/index.md of the authors' repository [griggs2024melange]. What differs: our mix may be of one type, as it is
at low rates, so the least saving is 0 where theirs is 2 to 15 %. An L4 reads 13.5 GB of weights at 300 GB/s in 45 ms,
so by our model it never keeps to 40 ms. Our engine is a later vLLM, with which an A100 carries three times as much chat
for a dollar as an A10G at 40 ms, so that A100 alone is the mix of chat at 40 ms from 4 requests a second on, where
theirs still has smaller GPUs beside it.
"""

import numpy as np
import pytest

from tests.papers.melange import LARGE, PAPER, RATES, WORKLOADS, costs, proven, ranges, savings

LIMITS = tuple(PAPER["tpot_ms"])
# The most that we save is above theirs: at 1 request/s ours is one L4 or A10G beside an idle H100.
ABOVE = 0.36


@pytest.mark.parametrize("name", WORKLOADS)
@pytest.mark.parametrize("tpot_ms", LIMITS)
def test_the_mix_is_never_dearer_than_the_best_single_type(name: str, tpot_ms: int) -> None:
    found = [costs(name, tpot_ms=tpot_ms, rate=rate) for rate in RATES]

    assert all(one.mix <= min(one.single.values()) * (1 + 1e-9) for one in found)
    cheaper = any(one.mix < min(one.single.values()) for one in found)
    assert cheaper == ((name, tpot_ms) not in {("chat", 40), ("mixed", 40)})
    assert all(np.diff([one.mix for one in found]) >= 0)


def test_chat_saves_most_and_documents_least_as_published() -> None:
    ours = {name: savings(name, 120, LARGE)[1] for name in WORKLOADS}
    published = {name: PAPER["savings"][name][120][1] for name in WORKLOADS}

    assert sorted(ours, key=lambda name: ours[name]) == sorted(published, key=lambda name: published[name])
    assert sorted(published, key=lambda name: published[name]) == ["documents", "mixed", "chat"]


@pytest.mark.parametrize("name", WORKLOADS)
@pytest.mark.parametrize("tpot_ms", LIMITS)
def test_the_savings_meet_the_published_range(name: str, tpot_ms: int) -> None:
    least, most = savings(name, tpot_ms, LARGE)
    lowest, highest = PAPER["savings"][name][tpot_ms]

    assert least <= lowest
    assert highest <= most <= highest + ABOVE


def test_a_stricter_limit_saves_less_on_chat_as_published() -> None:
    assert savings("chat", 40)[1] < savings("chat", 120)[1]
    assert PAPER["savings"]["chat"][40][1] < PAPER["savings"]["chat"][120][1]


def test_few_chats_are_cheapest_on_small_gpus_which_a_strict_limit_makes_dear() -> None:
    for rate in (1, 2):
        loose, strict = (costs("chat", tpot_ms=limit, rate=rate) for limit in LIMITS)
        assert [loose.gpus[gpu] for gpu in LARGE] == [0, 0]
        assert strict.mix > loose.mix
        assert strict.single["a10g"] > loose.single["a10g"]


def test_long_documents_go_to_a100_at_a_loose_limit_and_to_h100_at_a_strict_one() -> None:
    loose, strict = ([costs("documents", tpot_ms=limit, rate=rate).single for rate in RATES] for limit in LIMITS)

    assert [one["a100-80"] < one["h100-sxm"] for one in loose] == [True, True, True, True, True, False]
    assert [one["a100-80"] < one["h100-sxm"] for one in strict] == [True, True, False, False, False, False]


def test_proven_fleets_of_chat_cost_no_less_and_save_against_every_single_type() -> None:
    trusted, held = costs("chat", tpot_ms=120, rate=4), proven("chat", tpot_ms=120, rate=4)

    assert held.mix >= trusted.mix
    assert ranges([held])[0] > 0.0
    assert ranges([held], LARGE)[1] <= PAPER["savings"]["chat"][120][1] + ABOVE


def test_other_lengths_of_documents_move_where_an_a100_is_cheaper_than_an_h100_and_little_else() -> None:
    found = {
        stretch: [costs("documents", tpot_ms=120, rate=rate, stretch=stretch) for rate in RATES]
        for stretch in (0.75, 1.0, 1.25)
    }

    cheaper = {at: [one.single["a100-80"] < one.single["h100-sxm"] for one in some] for at, some in found.items()}
    assert {at: sum(some) for at, some in cheaper.items()} == {0.75: 6, 1.0: 5, 1.25: 2}
    assert all(0.5 < ranges(some, LARGE)[1] < 0.6 for some in found.values())
