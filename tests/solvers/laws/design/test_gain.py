from dataclasses import replace

import numpy as np
import pytest

from solvers.laws.design.belief import of_fit, of_prior, with_runs
from solvers.laws.design.choose import chosen
from solvers.laws.design.gain import PLAIN, half_width, half_width_with, half_widths
from solvers.laws.fit import fit
from solvers.laws.law import joined
from solvers.laws.loss import get
from solvers.laws.predict.interval import interval
from solvers.laws.predict.mixture import mixture, tell
from solvers.laws.predict.shipped import shipped
from tests.solvers.laws.design.questions import AIM, known, made, of_laws, possible, question
from tests.solvers.laws.predict.ladders import ladder


def test_the_half_width_of_one_law_is_its_fits_own() -> None:
    fitted = known()

    found = half_width(question().state, AIM, PLAIN)

    assert found == pytest.approx(PLAIN.reach * fitted.log_loss(AIM.inputs)[1][0])


def test_the_half_width_of_several_laws_is_that_of_their_forecast() -> None:
    mix, doubt = mixture(ladder(noise=3e-3)), shipped()

    found = half_width(of_laws(possible(sizes=4, lengths=4)).state, AIM, doubt)

    told = interval(tell(mix, AIM.inputs), doubt)
    assert found == pytest.approx(float(np.log(told.high[0] / told.value[0])))


def test_all_candidates_at_once_give_what_each_alone_does() -> None:
    asked = of_laws(possible(sizes=4, lengths=4))

    found = half_widths(asked.state, AIM, asked.doubt)

    alone = [half_width(with_runs(asked.state, (k,)), AIM, asked.doubt) for k in range(16)]
    assert found == pytest.approx(alone)


def test_what_lasts_is_beside_all_that_runs_narrow_and_changes_no_choice() -> None:
    asked = of_laws(possible(sizes=4, lengths=4))
    lasts = replace(asked, target=replace(AIM, lasting=np.array([0.03])))

    widths = [asked.half_width, asked.after((3, 7)), *half_widths(asked.state, AIM, asked.doubt)]
    found = [lasts.half_width, lasts.after((3, 7)), *half_widths(lasts.state, lasts.target, lasts.doubt)]

    assert found == pytest.approx(np.hypot(widths, 0.03), rel=1e-12)
    spend = 0.3 * float(asked.candidates.cost.sum())
    assert chosen(lasts, spend=spend).chosen == chosen(asked, spend=spend).chosen


def test_runs_together_tell_what_they_tell_one_after_the_other() -> None:
    asked = question()

    together = half_width_with(asked.state, AIM, PLAIN, (3, 60))

    assert together == pytest.approx(half_width(with_runs(with_runs(asked.state, (60,)), (3,)), AIM, PLAIN))


def test_a_run_never_makes_one_law_less_sure() -> None:
    asked = question()

    assert (half_widths(asked.state, AIM, PLAIN) <= asked.half_width).all()


def test_noisier_runs_tell_less() -> None:
    quiet = possible(sizes=4, lengths=4)
    loud = replace(quiet, noise=np.full(16, 3.0))

    widths = [half_widths(of_fit(known(), one, AIM), AIM, PLAIN) for one in (quiet, loud)]

    assert (widths[0] < widths[1]).all()


def test_what_several_runs_were_expected_to_do_is_what_they_do() -> None:
    candidates, ladder_ = possible(sizes=8, lengths=8), ladder(noise=3e-3)
    asked, runs = question(candidates), (7, 40, 56, 63, 62, 55)
    expected = asked.half_width - asked.after(runs)

    widths = [
        PLAIN.reach * fit(get("chinchilla"), joined(ladder_, more)).log_loss(AIM.inputs)[1][0]
        for more in (made(candidates, runs, noise=3e-3, seed=seed) for seed in range(12))
    ]

    assert asked.half_width - float(np.median(widths)) == pytest.approx(expected, rel=0.3)


def test_before_any_run_other_families_tell_what_would_be_learned() -> None:
    candidates = possible(sizes=4, lengths=4)
    state = of_prior(candidates, AIM)

    after = half_width(with_runs(state, (0, 3, 12, 15)), AIM, PLAIN)

    assert after < 0.5 * half_width(state, AIM, PLAIN)


def test_a_set_is_judged_the_same_among_all_candidates_and_alone() -> None:
    asked = of_laws(possible(sizes=6, lengths=6))
    runs = (31, 4, 17)

    alone = half_width_with(asked.state, AIM, asked.doubt, runs)

    assert alone == pytest.approx(half_width(with_runs(asked.state, runs), AIM, asked.doubt), rel=1e-12)
    assert half_width_with(asked.state, AIM, asked.doubt, ()) == asked.half_width
