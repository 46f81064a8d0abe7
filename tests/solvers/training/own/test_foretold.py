"""Rows of a real CPU (`own_cpu.json`) as training plans would have them, before and after it was measured."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from jobs.bench.own import node_of, spec_for
from solvers import recipes
from solvers.base import Foretold
from solvers.calibration.own import fit
from solvers.calibration.own.document import Own
from solvers.calibration.own.foretold import UNWORDED
from solvers.calibration.own.measured import Measured, read
from solvers.calibration.own.micro import log_seconds, observed
from solvers.catalogue import gpu
from solvers.catalogue.attached import gpu_node
from solvers.catalogue.hardware import Node
from solvers.cost.cluster import Hardware, hardware_of
from solvers.documents import Document
from solvers.training import calibration
from solvers.training.own.foretold import BEYOND, foretold
from solvers.training.own.learn import learn
from solvers.training.own.scores import score
from tests.solvers.recipes.sample import result_of

FILE = Path(__file__).parents[3] / "jobs" / "bench" / "own_cpu.json"


@cache
def measured(what: str) -> list[Document]:
    found: list[Document] = json.loads(FILE.read_text("utf-8"))[what]
    return found


def micro() -> list[Document]:
    return [one for one in measured("learned") if one["recipe"] != "training_step"]


@cache
def node() -> Node:
    return spec_for(node_of(measured("learned")[0]["environment"])).hardware.node


@cache
def own(*, steps: bool = True) -> Document:
    return learn(spec_for(node_of(measured("learned")[0]["environment"])), measured("learned") if steps else micro())


def seconds(told: list[tuple[Foretold | str, ...]]) -> list[float]:
    return [one.seconds for each in told for one in each if isinstance(one, Foretold)]


def hardware() -> Hardware:
    return hardware_of(node(), gpus=1, precision="bf16")


def by_published(documents: list[Document]) -> list[tuple[Foretold | str, ...]]:
    at = node_of(measured("learned")[0]["environment"])
    return foretold(None, [(one, at) for one in documents])


def by_own(documents: list[Document], *, steps: bool = True) -> list[tuple[Foretold | str, ...]]:
    return foretold(own(steps=steps), [(one, {}) for one in documents])


def anew(documents: list[Document]) -> list[Document]:
    """The same rows in measurements that nothing was learned from."""
    return [{**one, "seconds_total": one["seconds_total"] + 1.0} for one in documents]


def test_before_anything_was_measured_rows_take_what_published_measurements_say() -> None:
    rows = [one for document in micro() for row in document["rows"] if (one := observed(document["recipe"], row))]

    assert seconds(by_published(micro())) == pytest.approx(
        np.exp(log_seconds(rows, hardware(), calibration.coefficients("published"))).tolist()
    )


def test_steps_take_what_the_calibration_says_was_foretold_before() -> None:
    steps = [one for one in measured("learned") if one["recipe"] == "training_step"]

    assert seconds(by_published(steps)) == pytest.approx([one["before_s"] for one in own()["steps"]], rel=1e-6)


def test_steps_that_were_learned_from_are_as_the_others_have_them() -> None:
    steps = [one for one in measured("learned") if one["recipe"] == "training_step"]

    assert by_own(steps) == [(Foretold(one["left_out_s"], left_out=True),) for one in own()["steps"]]


def test_other_steps_are_as_the_whole_calibration_has_them() -> None:
    told = by_own(measured("foretold"))

    scored = score(Own.model_validate(own()), measured("foretold"))
    assert seconds(told) == pytest.approx([one["foretold"]["own"] for one in scored["steps"]])
    assert not any(one.left_out for each in told for one in each if isinstance(one, Foretold))


def test_rows_that_were_not_learned_from_take_what_the_fit_says() -> None:
    known = read(micro(), node().gpu)
    found = fit.fitted(known, hardware(), calibration.coefficients("published"), like_published=False)
    rows = [one for row in known.rows if (one := observed(row.recipe, row.row))]
    model = fit.model_of(
        rows, [one.name for one in found.coefficients], hardware(), calibration.coefficients("published")
    )

    told = by_own(anew(micro()))

    assert seconds(told) == pytest.approx(np.exp(model(np.log([one.value for one in found.coefficients]))).tolist())


def test_rows_that_were_learned_from_are_foretold_as_if_they_had_not_been_there() -> None:
    known = read(micro(), node().gpu)
    again = [_without(place, known) for place in range(len(known.rows))]

    told = by_own(micro())

    apart = np.abs(np.log(seconds(told)) - np.log(again))
    assert {one.left_out for each in told for one in each if isinstance(one, Foretold)} == {True}
    # The shares are those of slopes at the mode.
    assert median(apart) < 0.01
    assert apart.max() < 0.05
    # Which is not what a fit says that has seen them.
    seen = np.abs(np.log(seconds(by_own(anew(micro())))) - np.log(again))
    assert seen.mean() > 3.0 * apart.mean()


def _without(place: int, known: Measured) -> float:
    row, published = known.rows[place], calibration.coefficients("published")
    others = replace(known, rows=(*known.rows[:place], *known.rows[place + 1 :]))
    found = fit.fitted(others, hardware(), published, like_published=False)
    one = observed(row.recipe, row.row)
    assert one is not None
    model = fit.model_of([one], [each.name for each in found.coefficients], hardware(), published)
    return float(np.exp(model(np.log([each.value for each in found.coefficients])))[0])


def test_what_the_kernel_has_no_formula_for_says_so() -> None:
    [products, *_] = micro()
    rows = [{**row, "precision": "fp32"} if place == 1 else row for place, row in enumerate(products["rows"])]

    [told] = by_own([{**products, "rows": rows}])

    assert [one for one in told if isinstance(one, str)] == [UNWORDED]
    assert told.index(UNWORDED) == 1


def test_steps_over_more_gpus_than_are_known_and_in_32_bits_have_none() -> None:
    recipe = recipes.get("training_step")
    asked = {"device": "cuda", "precision": "bf16", "parallel": {"dp": 2}}
    wide, single = (result_of(recipe, recipe.parse(one)) for one in (asked, {**asked, "precision": "fp32"}))

    told = foretold(None, [(one, gpu_node(gpu("h200-sxm"))) for one in (wide, single)])

    assert told == [(BEYOND,), ("The step computes in 32 bits; plans compute in 16 or less.",)]
