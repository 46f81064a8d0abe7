import numpy as np
import pytest

from solvers.errors import SpecError
from solvers.laws.kinds import KINDS, REPETITION
from solvers.laws.kinds.compound import compound
from solvers.laws.kinds.effect import Effect
from solvers.laws.law import loss_at
from solvers.laws.loss import get
from solvers.scaling.accuracy import score

LAW = get("chinchilla")


def _rows(low: float, high: float, *, noise: float = 0.002, seed: int = 0) -> list[dict[str, str]]:
    """Runs of Chinchilla's law with a little scatter, of 8 sizes by 6 lengths, with the names of columns of papers."""
    params, tokens = (
        part.ravel() for part in np.meshgrid(np.geomspace(low, 30 * low, 8), np.geomspace(20 * low, 20 * high, 6))
    )
    scatter = np.exp(noise * np.random.default_rng(seed).standard_normal(len(params)))
    losses = scatter * loss_at(LAW, LAW.published[-1].coefficients, params=params, tokens=tokens)
    return [{"N": str(n), "D": str(d), "loss": str(one)} for n, d, one in zip(params, tokens, losses, strict=True)]


FIT, DATA = _rows(2e7, 6e8), _rows(4e8, 8e9, seed=1)[::5]


def test_a_forecast_of_larger_runs_is_scored_as_the_contract_says():
    found = score(DATA, fit=FIT, clock=iter([1.0, 3.5]).__next__)

    assert set(found) >= {"points", "mape", "max", "interval", "law", "seconds"}
    assert (found["points"], found["fitted"], found["law"], found["seconds"]) == (len(DATA), 48, "auto", 2.5)
    assert found["interval"]["level"] == 0.9
    assert found["mape"] < 0.01
    assert found["mape"] <= found["max"] < 0.03
    assert found["interval"]["coverage"] >= 0.7
    assert 0.0 < found["interval"]["half_width"] < 0.1
    assert sum(found["laws"].values()) == pytest.approx(1.0)


def test_a_law_alone_is_scored_by_its_own_fit():
    found = score(DATA, fit=FIT, law="chinchilla")

    assert (found["law"], found["laws"], found["seconds"]) == ("chinchilla", {"chinchilla": 1.0}, None)
    assert found["mape"] < 0.01


def test_runs_of_the_law_itself_are_foretold_without_error():
    exact, asked = _rows(2e7, 6e8, noise=0.0), _rows(4e8, 8e9, noise=0.0)

    found = score(asked, fit=exact, law="chinchilla")

    assert found["max"] < 2e-3


def test_runs_without_a_loss_are_counted_and_nothing_else():
    rows = [*DATA, {"N": "1e9", "D": "2e10", "loss": "nan"}, {"N": "1e9", "D": "2e10", "loss": ""}]

    found = score(rows, fit=FIT, law="chinchilla")

    assert (found["points"], found["without_loss"]) == (len(DATA), {"fit": 0, "data": 2})
    assert found["mape"] == score(DATA, fit=FIT, law="chinchilla")["mape"]


def test_the_columns_of_the_files_can_be_told():
    renamed = [{"a": row["N"], "b": row["D"], "c": row["loss"]} for row in DATA]
    told = [{"a": row["N"], "b": row["D"], "c": row["loss"]} for row in FIT]

    found = score(renamed, fit=told, law="chinchilla", columns="params=a,tokens=b,loss=c")

    assert found == score(DATA, fit=FIT, law="chinchilla") | {"warnings": found["warnings"]}


def test_a_family_can_be_kept_out_of_its_own_score():
    plain, left = score(DATA, fit=FIT), score(DATA, fit=FIT, leave="farseer, chinchilla")

    assert (plain["left_out"], left["left_out"]) == ([], ["farseer", "chinchilla"])
    assert plain["mape"] != left["mape"]
    with pytest.raises(SpecError, match="No family of runs is called 'farser'"):
        score(DATA, fit=FIT, leave="farser")


def test_what_n_and_the_loss_are_can_be_told():
    found = score(DATA, fit=FIT, law="chinchilla", counts="non-embedding", loss_unit="bits/char")

    assert found["warnings"] == []


def test_repeated_tokens_count_as_what_they_are_worth():
    """A run of forty epochs is told like one of fewer tokens that differ."""
    asked = [{"N": "4e8", "D": "8e10", "unique_tokens": "2e9", "loss": "3"}]
    known = [row | {"unique_tokens": row["D"]} for row in FIT]

    mine, plain = (score(rows, fit=known)["bias"] for rows in (asked, [asked[0] | {"unique_tokens": "8e10"}]))

    assert mine > plain + 0.01


def test_what_was_assumed_of_the_runs_is_said():
    assert [one.split(" ")[0] for one in score(DATA, fit=FIT, law="chinchilla")["warnings"]] == ["'N'", "'loss'"]


@pytest.mark.parametrize(
    ("rows", "fit", "more", "message"),
    [
        ([], FIT, {}, "--data: The file has a header and no rows."),
        (DATA, [], {}, "--fit: The file has a header and no rows."),
        (DATA, [{"N": "1e8", "D": "x", "loss": "3"}], {}, "--fit: Line 2, column 'D': 'x' is not a count."),
        ([{"N": "1e8", "D": "1e9", "loss": "nan"}], FIT, {}, "--data: No run has a loss above zero."),
        (DATA, FIT, {"law": "chinchila"}, "There is no law of the loss called 'chinchila'."),
        (DATA, FIT, {"columns": "params=M"}, "--fit: There is no column called 'M'."),
        (DATA, FIT[:3], {"law": "chinchilla"}, "The Chinchilla law has 5 parameters and there are 3 different runs."),
        (
            [row | {"loss_unit": "bits/byte"} for row in DATA],
            FIT,
            {},
            "The runs mix units of loss: bits/byte, nats/token.",
        ),
    ],
)
def test_what_cannot_be_scored_is_refused_with_the_file_that_is_wrong(rows, fit, more, message):
    with pytest.raises(SpecError) as caught:
        score(rows, fit=fit, **more)

    assert str(caught.value) == message


def test_one_level_of_compute_is_refused():
    level = [{"N": f"{1e8 * k}", "D": f"{6e9 / k}", "loss": f"{3.0 + 0.1 * k}"} for k in range(1, 7)]

    with pytest.raises(SpecError) as caught:
        score(DATA, fit=level)

    assert {problem.code for problem in caught.value.problems} == {"one_compute_level"}


def _of_kind(rows: list[dict[str, str]], effect: Effect, of: dict[str, float], value: float) -> list[dict[str, str]]:
    """The runs with so many of a kind, and the losses that they have with it, without scatter."""
    law, name = compound(LAW, [effect]), effect.input.name
    params, tokens = (np.array([float(row[letter]) for row in rows]) for letter in "ND")
    letters = {**LAW.published[-1].coefficients, **of}
    losses = loss_at(law, letters, params=params, tokens=tokens, **{name: np.full(len(rows), value)})
    return [{**row, name: str(value), "loss": str(one)} for row, one in zip(rows, losses, strict=True)]


def test_runs_that_differ_in_streams_are_scored_by_laws_that_see_them():
    effect, of = KINDS["streams"], {"k": 0.4, "tau": 0.2}
    known = [row for count in (1.0, 2.0, 4.0) for row in _of_kind(FIT[::2], effect, of, count)]

    found = score(_of_kind(DATA, effect, of, 8.0), fit=known)

    assert found["mape"] < 0.01


def test_runs_that_repeat_tokens_are_scored_with_a_rate_that_they_tell():
    known = [row for unique in (5e8, 2e9, 1e12) for row in _of_kind(FIT[::2], REPETITION, {"R_D": 5.0}, unique)]
    asked = _of_kind(DATA, REPETITION, {"R_D": 5.0}, 2e9)

    told, published = score(asked, fit=known), score(asked, fit=_of_kind(FIT, REPETITION, {"R_D": 5.0}, 1e12))

    assert told["mape"] < 0.01
    assert told["mape"] < published["mape"]
