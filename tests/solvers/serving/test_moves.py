"""Candidates one step away, by hand."""

from solvers.cost.serving.job import Layout, Numerics
from solvers.serving.candidate import Candidate
from solvers.serving.moves import cut, fewer_replicas, given, layout_key, more_replicas, neighbours
from solvers.serving.setup import Group, Setup
from tests.solvers.serving.asked import spec

SMALL, LARGE = (Setup(Layout(tp=tp), Numerics("bf16"), 256, 2048) for tp in (1, 4))


def apart(*, prefill: int, decode: int) -> Candidate:
    return Candidate((Group("prefill", SMALL, prefill), Group("decode", LARGE, decode)), "least_work")


def numbers(candidate: Candidate | None) -> tuple[int, ...] | None:
    return None if candidate is None else tuple(group.replicas for group in candidate.groups)


def test_the_group_with_most_gpus_gives_up_a_replica_while_it_has_two() -> None:
    assert numbers(fewer_replicas(apart(prefill=3, decode=2))) == (3, 1)
    assert numbers(fewer_replicas(apart(prefill=3, decode=1))) == (2, 1)
    assert fewer_replicas(apart(prefill=1, decode=1)) is None


def test_a_candidate_is_cut_to_the_gpus_there_are() -> None:
    assert numbers(cut(apart(prefill=3, decode=2), 6)) == (2, 1)
    assert cut(apart(prefill=3, decode=2), 4) is None


def test_groups_take_turns_to_gain_a_replica_within_the_gpus() -> None:
    grown = [numbers(one) for one in more_replicas(apart(prefill=1, decode=1), most=11)]

    assert grown[:3] == [(2, 1), (2, 2), (3, 2)]
    assert max(one.gpus for one in more_replicas(apart(prefill=1, decode=1), most=11)) <= 11


def test_a_number_of_replicas_that_is_given_stays() -> None:
    but = given(spec(options={"fix": {"decode_replicas": 2}}))
    here = apart(prefill=3, decode=2)

    assert but == {"decode"}
    assert numbers(fewer_replicas(here, but=but)) == (2, 2)
    assert fewer_replicas(apart(prefill=1, decode=2), but=but) is None
    assert cut(here, 6, but=but) is None
    assert [numbers(one) for one in more_replicas(here, most=13, but=but)][:2] == [(4, 2), (5, 2)]


def test_neighbours_change_one_setting_and_leave_what_the_spec_fixes() -> None:
    here = Candidate((Group("both", SMALL, 1),), "least_work")

    free = {(one.groups[0].setup.max_num_batched_tokens, one.groups[0].setup.max_num_seqs)
            for one in neighbours(here, spec())}  # fmt: skip
    fixed = list(neighbours(here, spec(options={"fix": {"max_num_seqs": 256, "max_num_batched_tokens": 2048}})))

    assert free == {(1024, 256), (4096, 256), (2048, 128), (2048, 512)}
    assert fixed == []


def test_settings_do_not_make_another_layout() -> None:
    here = Candidate((Group("both", SMALL, 1),), "least_work")

    assert {layout_key(one) for one in neighbours(here, spec())} == {layout_key(here)}
    assert layout_key(apart(prefill=1, decode=1)) != layout_key(here)
