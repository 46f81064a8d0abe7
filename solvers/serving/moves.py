"""Candidates one step from a candidate: a replica more or less, one setting changed."""

from collections.abc import Iterator
from dataclasses import replace

from solvers.serving.candidate import Candidate
from solvers.serving.spec import ServingSpec
from solvers.simulate.serving.case import Role

Held = frozenset[Role]
"""Roles whose number of replicas is given."""
NONE: Held = frozenset()


def layout_key(candidate: Candidate) -> object:
    """What makes two candidates differ by settings only."""
    return tuple((group.role, group.setup.layout, group.setup.numerics) for group in candidate.groups)


def given(spec: ServingSpec) -> Held:
    """The roles whose number of replicas the spec gives."""
    fix = spec.options.fix
    numbers: dict[Role, int | None] = {
        "both": fix.replicas, "prefill": fix.prefill_replicas, "decode": fix.decode_replicas,
    }  # fmt: skip
    return frozenset(role for role, number in numbers.items() if number is not None)


def cut(candidate: Candidate, most: int, *, but: Held = NONE) -> Candidate | None:
    """The candidate with as many replicas as `most` GPUs allow, no more than it has; None where one is too large."""
    while candidate.gpus > most:
        less = fewer_replicas(candidate, but=but)
        if less is None:
            return None
        candidate = less
    return candidate


def fewer_replicas(candidate: Candidate, *, but: Held = NONE) -> Candidate | None:
    """One replica less, of the group that has the most GPUs to spare; None where none can be spared."""
    groups = candidate.groups
    able = [place for place, group in enumerate(groups) if group.replicas > 1 and group.role not in but]
    if not able:
        return None
    place = max(able, key=lambda n: groups[n].gpus)
    return candidate.with_replicas(*(group.replicas - (n == place) for n, group in enumerate(groups)))


def more_replicas(candidate: Candidate, *, most: int, but: Held = NONE) -> Iterator[Candidate]:
    """One replica more, of each group in turn, within `most` GPUs."""
    able = [place for place, group in enumerate(candidate.groups) if group.role not in but]
    for turn in range(64 if able else 0):
        place = able[turn % len(able)]
        numbers = [group.replicas + (n == place) for n, group in enumerate(candidate.groups)]
        grown = candidate.with_replicas(*numbers)
        if grown.gpus <= most:
            candidate = grown
            yield grown


def neighbours(candidate: Candidate, spec: ServingSpec) -> Iterator[Candidate]:
    """The candidate with one setting changed, of those that the spec leaves open."""
    fix = spec.options.fix
    for place, group in enumerate(candidate.groups):
        setup = group.setup
        if group.role != "decode" and not fix.max_num_batched_tokens and setup.chunked_prefill:
            for factor in (0.5, 2.0):
                tokens = int(setup.max_num_batched_tokens * factor)
                if 256 <= tokens <= 16_384 and tokens >= setup.max_num_seqs:
                    yield _changed(candidate, place, max_num_batched_tokens=tokens)
        if group.role != "prefill" and not fix.max_num_seqs:
            for factor in (0.5, 2.0):
                seqs = int(setup.max_num_seqs * factor)
                if 16 <= seqs <= min(1024, setup.max_num_batched_tokens):
                    yield _changed(candidate, place, max_num_seqs=seqs)


def _changed(candidate: Candidate, place: int, **settings: int) -> Candidate:
    groups = list(candidate.groups)
    groups[place] = replace(groups[place], setup=replace(groups[place].setup, **settings))  # type: ignore[arg-type]
    return replace(candidate, groups=tuple(groups))
