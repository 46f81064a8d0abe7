"""Kinds of runs: what repeated tokens, experts, streams and replicas do to every law, by the name of their column."""

from solvers.laws.kinds import experts, repetition, replicas, streams
from solvers.laws.kinds.effect import Effect

REPETITION = repetition.EFFECT
# What a run has one of unless it says so, and a target may have another number of.
KINDS: dict[str, Effect] = {one.input.name: one for one in (experts.EFFECT, streams.EFFECT, replicas.EFFECT)}
