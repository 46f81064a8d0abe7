from dataclasses import replace

import numpy as np
import pytest

from solvers.errors import Problem
from solvers.laws.errors import BadRuns
from solvers.laws.hyperparameters import step_law
from solvers.laws.hyperparameters.sweep import Sweep, groups_of
from solvers.scaling.runs.read import Imported
from solvers.scaling.tuning.answer import tuning
from solvers.scaling.tuning.basis import ENOUGH, Tuning, at_size, in_rule_counts
from tests.solvers.laws.hyperparameters.protocol import drawn, nearest_excess, scored, split
from tests.solvers.laws.hyperparameters.sweeps import SIZES, dense, made
from tests.solvers.scaling.tuning.tables import csv, few, imported


def based(table: Imported | None, **said: object) -> Tuning:
    return tuning(table, counts="non-embedding", **said)  # type: ignore[arg-type]


def test_without_runs_a_rule_is_what_there_is() -> None:
    found = based(None)

    assert (found.source, found.told, found.surface, found.warnings) == ("rule", 1.0, None, ())


def test_nine_runs_a_size_are_enough_and_one_tells_nothing() -> None:
    many, one = based(few(9)), based(few(1))

    assert (many.source, one.source) == ("surface", "rule")
    assert many.told < 0.15
    assert one.told == pytest.approx(1.0, abs=0.01)
    assert one.warnings[0].code == "few_tuning_runs"


def test_more_runs_never_tell_much_less() -> None:
    told = [np.median([based(few(runs, seed=seed)).told for seed in range(5)]) for runs in (1, 2, 4, 8)]

    assert told == sorted(told, reverse=True)


def test_one_learning_rate_alone_follows_the_rule_and_says_why() -> None:
    sweep = made(noise=1e-3)

    found = based(imported(sweep.take(sweep.learning_rate == np.unique(sweep.learning_rate)[4])))

    assert found.source == "rule"
    assert "none of them with two learning rates that trained" in found.warnings[0].message


def test_runs_that_all_diverged_follow_the_rule_and_say_why() -> None:
    found = based(csv(*(f"1e8,2e9,{rate},1e5,nan" for rate in (0.1, 0.2, 0.3, 0.4))))

    assert (found.source, found.surface) == ("rule", None)
    assert found.warnings[0].message == "0 of 4 runs trained; a surface needs 3."


def far(sweep: Sweep, factor: float) -> Sweep:
    """The same runs of a recipe that wants other learning rates."""
    return replace(sweep, learning_rate=sweep.learning_rate * factor)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_enough_is_where_real_runs_of_another_recipe_beat_the_rule(factor: float) -> None:
    small, large = split(far(dense(), factor), params=3e8)
    rule = scored(large, lambda n, d: (step_law.LEARNING_RATE.at(n, d), step_law.BATCH_TOKENS.at(n, d))).mean
    told, better = [], []
    for seed in range(16):
        rng = np.random.default_rng(seed)
        runs = drawn(small, runs=int(rng.integers(2, 10)), rng=rng)
        group = groups_of(runs).of_run
        found = based(imported(runs.take(np.isin(group, rng.permutation(group.max() + 1)[: rng.integers(1, 9)]))))
        told.append(found.told)
        better.append(_mean(found, large) < rule)

    enough = np.array(told) <= ENOUGH
    assert 4 <= enough.sum() <= 15
    assert np.array(better)[enough].mean() >= 0.9


def _mean(found: Tuning, large: Sweep) -> float:
    sure = replace(found, told=0.0)
    groups = groups_of(large)
    lost = []
    for place, (params, tokens) in enumerate(zip(groups.params, groups.tokens, strict=True)):
        rate, batch = np.exp(at_size(sure, params=float(params), tokens=float(tokens)).mean[:2])
        lost.append(nearest_excess(large.take(groups.of_run == place), learning_rate=rate, batch_tokens=batch))
    return float(np.mean(lost))


def halved(params: float, to: str) -> float:
    """N of a family half of which is embeddings."""
    assert to in {"non-embedding", "with-head"}
    return params / 2 if to == "non-embedding" else 0.75 * params


def test_parameters_counted_otherwise_are_turned_into_the_rules_and_the_answer_is_the_same() -> None:
    sweep = made(runs=9, noise=1e-3)
    twice = imported(replace(sweep, params=2 * sweep.params), counts="total")

    turned = tuning(twice, counts="total", counted=halved)
    plain = based(imported(sweep))

    assert turned.surface is not None
    assert turned.surface.sweep.counts == "non-embedding"
    assert at_size(turned, params=2e9, tokens=2e10).mean.tolist() == pytest.approx(
        at_size(plain, params=1e9, tokens=2e10).mean.tolist(), rel=1e-6
    )


def test_parameters_that_nobody_can_turn_are_warned_of() -> None:
    found = tuning(imported(made(runs=9, noise=1e-3), counts="total"), counts="total")

    said = at_size(found, params=1e9, tokens=2e10).warnings

    assert said == ("N counts total parameters; the rule it starts from, non-embedding.",)
    assert in_rule_counts(tuning(None, counts="total"), 1e9) == (
        1e9, ("N counts total parameters and the rule non-embedding; N is taken as it stands.",),
    )  # fmt: skip


def test_a_size_smaller_than_its_embeddings_stops_nothing() -> None:
    def never(params: float, to: str) -> float:
        raise BadRuns(Problem("params_below_embeddings", f"A model of {params:.0f} has embeddings of more.", "", ""))

    found = tuning(imported(made(runs=9, noise=1e-3), counts="total"), counts="total", counted=never)

    assert [problem.code for problem in found.warnings] == ["counts_unlike"]
    assert found.source == "surface"
    assert in_rule_counts(tuning(None, counts="total", counted=never), 1e9)[0] == 1e9


def test_the_schedule_of_the_runs_is_known_from_their_words() -> None:
    rows = [
        f"1e8,2e9,{rate},1e5,{loss},{word}"
        for rate, loss, word in ((1e-3, 3, "WSD"), (2e-3, 3.1, "cosine"), (3e-3, 3.2, "wsd"))
    ]

    assert based(csv(*rows, header="params,tokens,lr,batch_tokens,loss,lr_scheduler")).schedule == "wsd"


def test_one_size_is_enough_for_itself() -> None:
    found = based(imported(made(noise=1e-3, sizes=SIZES[:1])))

    assert found.source == "surface"
