"""Rows of a real core (`measured.json`) as serving plans would have them, before and after it was measured."""

from dataclasses import replace
from statistics import median

import numpy as np
import pytest

from solvers.base import Foretold
from solvers.calibration.own.foretold import UNWORDED
from solvers.calibration.own.measured import Measured, read
from solvers.cost.serving.job import ServingJob
from solvers.cost.serving.lookup import Curves, curves_of
from solvers.documents import Document
from solvers.serving import calibration
from solvers.serving.own.document import ServingOwn
from solvers.serving.own.foretold import foretold
from solvers.serving.own.micro import fitted, log_seconds, model_of, observed
from solvers.serving.own.scores import score
from tests.solvers.serving.own import machine

NODE = machine.spec().hardware.node
PUBLISHED = calibration.coefficients("published")


def curves() -> Curves:
    return curves_of(ServingJob(machine.spec().model, NODE))


def seconds(told: list[tuple[Foretold | str, ...]]) -> list[float]:
    return [one.seconds for each in told for one in each if isinstance(one, Foretold)]


def by_published(documents: list[Document]) -> list[tuple[Foretold | str, ...]]:
    return foretold(None, [(one, machine.asked()["hardware"]["node"]) for one in documents])


def by_own(documents: list[Document]) -> list[tuple[Foretold | str, ...]]:
    return foretold(machine.own(), [(one, {}) for one in documents])


def anew(documents: list[Document]) -> list[Document]:
    """The same rows in measurements that nothing was learned from."""
    return [{**one, "seconds_total": one["seconds_total"] + 1.0} for one in documents]


def test_before_anything_was_measured_rows_take_what_the_curves_say() -> None:
    rows = [one for row in read(machine.micro(), NODE.gpu).rows if (one := observed(row))]
    found = log_seconds(rows, {}, gpu=NODE.gpu, curves=curves(), coefficients=PUBLISHED)

    assert seconds(by_published(machine.micro())) == pytest.approx(np.exp(found).tolist())


def test_steps_take_what_the_calibration_says_was_foretold_before() -> None:
    told = seconds(by_published(machine.steps()))

    assert told == pytest.approx([one["before_s"] for one in machine.own()["steps"]], rel=1e-6)


def test_steps_that_were_learned_from_are_as_the_others_have_them() -> None:
    told = [one for each in by_own(machine.steps()) for one in each]

    assert told == [Foretold(one["left_out_s"], left_out=True) for one in machine.own()["steps"]]


def test_other_steps_are_as_the_whole_calibration_has_them() -> None:
    told = by_own(machine.foretold())

    scored = score(ServingOwn.model_validate(machine.own()), machine.foretold())
    assert seconds(told) == pytest.approx([one["foretold"]["own"] for one in scored["steps"]])
    assert not any(one.left_out for each in told for one in each if isinstance(one, Foretold))


def test_rows_that_were_not_learned_from_take_what_the_fit_says() -> None:
    known = read(machine.micro(), NODE.gpu)
    found = fitted(known, NODE.gpu, curves(), PUBLISHED, like_published=False)
    rows = [one for row in known.rows if (one := observed(row))]
    values = {one.name: one.value for one in found.coefficients}

    told = by_own(anew(machine.micro()))

    expected = log_seconds(rows, values, gpu=NODE.gpu, curves=curves(), coefficients=PUBLISHED)
    assert seconds(told) == pytest.approx(np.exp(expected).tolist())


def test_rows_that_were_learned_from_are_foretold_as_if_they_had_not_been_there() -> None:
    known = read(machine.micro(), NODE.gpu)
    again = [_without(place, known) for place in range(len(known.rows))]

    told = by_own(machine.micro())

    apart = np.abs(np.log(seconds(told)) - np.log(again))
    assert {one.left_out for each in told for one in each if isinstance(one, Foretold)} == {True}
    # The shares are those of slopes at the mode; a row that alone says something of a number bends it further.
    assert median(apart) < 0.01
    assert apart.max() < 0.15
    seen = np.abs(np.log(seconds(by_own(anew(machine.micro())))) - np.log(again))
    assert seen.mean() > 2.0 * apart.mean()


def _without(place: int, known: Measured) -> float:
    others = replace(known, rows=(*known.rows[:place], *known.rows[place + 1 :]))
    found = fitted(others, NODE.gpu, curves(), PUBLISHED, like_published=False)
    one = observed(known.rows[place])
    assert one is not None
    names = [each.name for each in found.coefficients]
    model = model_of([one], names, gpu=NODE.gpu, curves=curves(), coefficients=PUBLISHED)
    return float(np.exp(model(np.log([each.value for each in found.coefficients])))[0])


def test_what_the_curves_have_no_words_for_says_so() -> None:
    rows = [{**row, "backward": True} for one in machine.micro() if one["recipe"] == "attention" for row in one["rows"]]
    attention = next(one for one in machine.micro() if one["recipe"] == "attention")

    [told] = by_own([{**attention, "rows": rows}])

    assert told == (UNWORDED,) * len(rows)


def test_steps_in_32_bits_have_none() -> None:
    [told] = by_own([machine.in_32_bits(machine.steps()[0])])

    assert set(told) == {"The step computes in 32 bits; plans compute in 16 or less."}
