"""A law of N and D with effects: L(N', D'), whose parameters are the law's, then those of each effect.

Slopes of the law in its inputs are central differences, good to about 1e-9 of the loss; all others are exact.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from solvers.laws.fit.hierarchical import Learned
from solvers.laws.kinds.effect import Effect
from solvers.laws.law import Coefficients, Floats, Law, Scale

# Step of ln(input): the difference is off by its square times the third slope, and by rounding over it.
STEP = 1e-4


def compound(law: Law, effects: Sequence[Effect]) -> Law:
    """The law of the same name that sees the effects' inputs too; the law itself where there are none."""
    if not effects:
        return law
    own = [slice(first, first + one.size) for first, one in zip(_firsts(law, effects), effects, strict=True)]
    places = [[one.name for one in law.inputs].index(effect.acts_on) for effect in effects]
    several = tuple(zip(effects, own, places, strict=True))

    def log_loss(theta: Floats, x: Floats) -> tuple[Floats, Floats]:
        found = [_one(law, several, row, x) for row in theta]
        return np.array([value for value, _ in found]), np.array([slopes for _, slopes in found])

    def natural(theta: Floats, scale: Scale) -> dict[str, Floats]:
        found = dict(law.natural(theta[..., : law.size], scale))
        for effect, part, _ in several:
            found |= effect.natural(theta[..., part], scale)
        return found

    def from_natural(of: Coefficients, scale: Scale) -> Floats:
        return np.concatenate([law.from_natural(of, scale), *(one.from_natural(of, scale) for one in effects)])

    return replace(
        law,
        title=f"{law.title} with {' and '.join(one.title for one in effects)}",
        form="; ".join([law.form, *(one.form for one in effects)]),
        inputs=(*law.inputs, *(one.input for one in effects)),
        parameters=(*law.parameters, *(parameter for one in effects for parameter in one.parameters)),
        sources=(*law.sources, *(one.source for one in effects)),
        caveats=(*law.caveats, *(one.caveat for one in effects if one.caveat)),
        log_loss=log_loss,
        natural=natural,
        from_natural=from_natural,
        valid=None,
        published=(),
        base=law,
    )


def taught(learned: Learned, effects: Sequence[Effect], *, times: float) -> Learned:
    """The law's prior with those of the effects, whose widths stay theirs where all are made `times` as wide."""
    parameters = [parameter for one in effects for parameter in one.parameters]
    return Learned(
        compound(learned.law, effects),
        np.append(learned.centre, [one.centre for one in parameters]),
        np.append(learned.width, [one.width / times for one in parameters]),
        learned.families,
    )


def bound(law: Law, setting: Mapping[str, float], *, free: Collection[str] = ("params", "tokens")) -> Law:
    """The law at one setting of the inputs that are not `free`: what a run of that kind does."""
    kept = [place for place, one in enumerate(law.inputs) if one.name in free]
    if len(kept) == len(law.inputs):
        return law
    fixed = np.array([0.0 if one.name in free else np.log(setting[one.name]) for one in law.inputs])

    def log_loss(theta: Floats, x: Floats) -> tuple[Floats, Floats]:
        whole = np.tile(fixed, (len(x), 1))
        whole[:, kept] = x
        return law.log_loss(theta, whole)

    return replace(law, inputs=tuple(law.inputs[place] for place in kept), log_loss=log_loss)


def _firsts(law: Law, effects: Sequence[Effect]) -> list[int]:
    """Where each effect's parameters begin."""
    return [law.size + sum(one.size for one in effects[:place]) for place in range(len(effects))]


def _one(law: Law, several: Sequence[tuple[Effect, slice, int]], theta: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Ln L [M] and its slopes [M, P] for one parameter vector [P]."""
    count, width = len(law.inputs), len(x)
    inputs, by = x[:, :count].copy(), []
    for column, (effect, part, place) in enumerate(several, count):
        added, slopes = effect.worth(theta[None, part], x[:, place], x[:, column])
        inputs[:, place] += added[0]
        by.append(slopes[0])
    acted = sorted({place for _, _, place in several})
    steps = [step * STEP * np.eye(count)[place] for place in acted for step in (1.0, -1.0)]
    value, slopes = law.log_loss(theta[None, : law.size], np.concatenate([inputs, *(inputs + one for one in steps)]))
    parts = value[0].reshape(1 + len(steps), width)
    rise = {place: (parts[1 + 2 * n] - parts[2 + 2 * n]) / (2.0 * STEP) for n, place in enumerate(acted)}
    further = [rise[place][:, None] * slope for (_, _, place), slope in zip(several, by, strict=True)]
    return parts[0], np.concatenate([slopes[0, :width], *further], axis=1)
