"""How closed-loop rows are held out: which calibrate, which are scored.

    prior             none calibrates, all are scored with the coefficients at their priors
    cv5-grouped       five folds; all rows of a group (model, system, engine, precision, GPUs of a worker) stay together
    leave-out:COLUMN  each value of a column is scored by a fit on all others; `model_path` means the architecture, as
                      one model has several names
    calibrate:N       five folds of whole groups, with N rows of each held-out group, drawn at random, among those that
                      calibrate; the group's other rows are scored. Groups of N measurements and fewer calibrate only
A measurement never calibrates where a copy of it is scored. Rows given beside join every part that calibrates.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from solvers.calibration.covariance import Ints
from solvers.errors import Problem, SpecError, nearest
from solvers.serving.evidence.features import group_of
from solvers.serving.evidence.posterior import identity
from solvers.serving.evidence.recipes import shape_of
from solvers.serving.evidence.rows import Question

FOLDS = 5
NAMES = ("prior", "cv5-grouped", "leave-out:COLUMN", "calibrate:N")
FEWEST_TO_CALIBRATE = 2


@dataclass(frozen=True)
class Fold:
    """Places of questions that calibrate, and of those that are scored."""

    label: str
    train: Ints
    test: Ints


def folds_of(protocol: str | None, questions: Sequence[Question], *, scored: int, seed: int) -> list[Fold]:
    """The folds of one seed; questions at `scored` and beyond were given beside. SpecError names what is wrong."""
    own, every = np.arange(scored), np.arange(len(questions))
    if protocol is None:
        return [_fold("all", every[scored:], own, questions)]
    if protocol == "prior":
        return [Fold("all", own[:0], own)]
    if protocol == "cv5-grouped":
        return _dealt(questions, own, every, seed=seed, points=0)
    if match := re.fullmatch(r"calibrate:(\d{1,3})(?:,\d{1,3})?", protocol):
        return _dealt(questions, own, every, seed=seed, points=int(match.group(1)))
    if match := re.fullmatch(r"leave-out:(\S+)", protocol):
        return _left_out(questions, own, every, match.group(1))
    hint = f"Known: {', '.join(NAMES)}."
    raise SpecError(Problem("unknown_protocol", f"There is no protocol called '{protocol[:80]}'.", "protocol", hint))


def _left_out(questions: Sequence[Question], own: Ints, every: Ints, column: str) -> list[Fold]:
    known = {name for question in questions for name in question.row}
    if column not in known:
        message = f"The file has no column called '{column[:80]}'."
        raise SpecError(Problem("unknown_column", message, "protocol", nearest(column[:80], known)))
    if column == "model_path":
        values = np.array(["-".join(map(str, shape_of(question.model))) for question in questions])
    else:
        values = np.array([(question.row.get(column) or "").strip().casefold() for question in questions])
    found = []
    for level in sorted(set(values[own])):
        test, train = own[values[own] == level], every[values[every] != level]
        if len(train) < FEWEST_TO_CALIBRATE:
            message = f"All rows have the same `{column}`: nothing is left to calibrate on."
            raise SpecError(
                Problem("too_few_rows", message, "protocol", "Leave out another column, or give more rows.")
            )
        first = questions[test[0]]
        label = first.model.name if column == "model_path" else str(level) or "not stated"
        found.append(_fold(label, train, test, questions))
    return found


def _dealt(questions: Sequence[Question], own: Ints, every: Ints, *, seed: int, points: int) -> list[Fold]:
    """Groups dealt to the folds at random; `points` rows of each held-out group calibrate."""
    groups = np.unique([group_of(questions[place]) for place in own], return_inverse=True)[1].ravel()
    large = np.flatnonzero(_sizes(questions, own, groups) > points)
    count = len(large)
    if count < 2:
        message = f"Fewer than two groups have more than {points} rows: none can be held out."
        raise SpecError(Problem("too_few_rows", message, "protocol", "Give rows of more models, systems or engines."))
    generator = np.random.default_rng(seed)
    fold = np.full(int(groups.max()) + 1, FOLDS)
    fold[large[generator.permutation(count)]] = np.arange(count) % FOLDS
    found = []
    for number in range(min(FOLDS, count)):
        held = np.flatnonzero(fold[groups] == number)
        drawn = [
            _drawn(questions, own[held[groups[held] == group]], points, generator) for group in np.unique(groups[held])
        ]
        shown = np.concatenate(drawn) if points else own[:0]
        copies = {identity(questions[place]) for place in shown}
        test = np.array([place for place in own[held] if identity(questions[place]) not in copies], dtype=np.int64)
        train = np.concatenate([np.setdiff1d(every, own[held]), shown])
        found.append(_fold(f"fold {number + 1}", train, test, questions))
    return [one for one in found if len(one.test)]


def _sizes(questions: Sequence[Question], own: Ints, groups: Ints) -> Ints:
    """Different measurements of each group."""
    different = {(group, identity(questions[place])) for place, group in zip(own, groups, strict=True)}
    return np.bincount([group for group, _ in different])


def _drawn(questions: Sequence[Question], members: Ints, points: int, generator: np.random.Generator) -> Ints:
    """`points` different measurements of a group."""
    different = list({identity(questions[place]): int(place) for place in members}.values())
    return np.sort(generator.choice(np.array(different), points, replace=False))


def _fold(label: str, train: Ints, test: Ints, questions: Sequence[Question]) -> Fold:
    """The fold without training rows that are copies of scored ones."""
    tested = {identity(questions[place]) for place in test}
    kept = np.array([place for place in train if identity(questions[place]) not in tested], dtype=np.int64)
    return Fold(label, kept, test)
