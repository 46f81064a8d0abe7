"""Candidates one step from a candidate: a replica more or less, one setting changed."""

from collections.abc import Iterator
from dataclasses import replace

from solvers.serving.candidate import Candidate
from solvers.serving.spec import ServingSpec


def layout_key(candidate: Candidate) -> object:
    """What makes two candidates differ by settings only."""
    return tuple((group.role, group.setup.layout, group.setup.numerics) for group in candidate.groups)


def cut(candidate: Candidate, most: int) -> Candidate | None:
    """The candidate with as many replicas as `most` GPUs allow, no more than it has; None where one is too large."""
    while candidate.gpus > most:
        less = fewer_replicas(candidate)
        if less is None:
            return None
        candidate = less
    return candidate


def fewer_replicas(candidate: Candidate) -> Candidate | None:
    """One replica less, of the group that has the most GPUs to spare; None where each has one."""
    groups = candidate.groups
    able = [place for place, group in enumerate(groups) if group.replicas > 1]
    if not able:
        return None
    place = max(able, key=lambda n: groups[n].gpus)
    return candidate.with_replicas(*(group.replicas - (n == place) for n, group in enumerate(groups)))


def more_replicas(candidate: Candidate, *, most: int) -> Iterator[Candidate]:
    """One replica more, of each group in turn, within `most` GPUs."""
    for place in range(64):
        numbers = [group.replicas + (n == place % len(candidate.groups)) for n, group in enumerate(candidate.groups)]
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
