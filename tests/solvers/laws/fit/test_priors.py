"""The priors that ship are those that the data sets give, and they help runs of families that they have not seen."""

import json
from importlib.resources import files

import numpy as np
import pytest

from solvers.laws.fit import fit
from solvers.laws.fit.priors import families, learned
from solvers.laws.loss import get
from tests.solvers.laws.families import FAMILIES
from tests.solvers.laws.write_priors import LAWS, row


@pytest.mark.parametrize("name", ["gadre", "step-law"])
def test_the_file_says_what_the_data_sets_say(name: str) -> None:
    group, read = FAMILIES[name]
    stored = {one.name: one for one in families("skaling")}[name]

    made = row(name, group, read(), "skaling")

    assert stored.group == group
    assert stored.theta == pytest.approx(np.array(made["theta"]), rel=1e-3, abs=1e-3)
    assert stored.information == pytest.approx(np.array(made["information"]), rel=1e-2, abs=1.0)


def test_the_file_names_every_family_and_law() -> None:
    document = json.loads(files("solvers.laws").joinpath("data", "families.json").read_text())

    assert list(document["families"]) == list(FAMILIES)
    assert {law: [row["name"] for row in rows] for law, rows in document["laws"].items()} == {
        law: list(FAMILIES) for law in LAWS
    }


def test_leaving_a_group_out_leaves_out_every_reading_of_it() -> None:
    assert learned("skaling", leave=("chinchilla",)).families == (
        *("comma", "fineweb", "farseer", "gadre", "datablations", "step-law"),
    )


def test_a_law_that_no_family_speaks_for_keeps_its_own_prior() -> None:
    found = learned("moe")

    assert found.families == ()
    assert found.centre == pytest.approx([one.centre for one in get("moe").parameters])


@pytest.mark.parametrize("law", ["skaling", "farseer"])
def test_the_learned_prior_helps_a_family_that_it_has_not_seen(law: str) -> None:
    """The smaller half of gadre's runs, told what at least three times their compute gives."""
    runs = FAMILIES["gadre"][1]()
    cut = np.sort(runs.flops)[len(runs) // 2]
    few, large = runs.take(runs.flops < cut), runs.take(runs.flops >= 3 * cut)
    taught = learned(law, leave=("gadre",))
    prior, scale = taught.prior(level=taught.level(few)), taught.scale(few.inputs)

    plain, better = (
        np.abs(fitted.log_loss(large.inputs)[0] - np.log(large.loss)).mean()
        for fitted in (fit(get(law), few), fit(get(law), few, prior=prior, scale=scale))
    )

    assert better < max(plain, 0.025)
