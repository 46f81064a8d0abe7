import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import lambertw

from solvers.cost.checkpoint import availability, daly_interval_s, overheads, young_interval_s

CASES = [
    # write, mtbf, detection, restart
    (60.0, 4 * 3600.0, 600.0, 300.0),
    (10.0, 3600.0, 300.0, 600.0),
    (300.0, 86400.0, 0.0, 900.0),
    (120.0, 1800.0, 60.0, 120.0),
]


def simulated_goodput(interval, write, mtbf, detection, restart, *, segments, seed):
    """Work over time when failures strike exponentially, played event by event."""
    draw = np.random.default_rng(seed)
    clock, saved = 0.0, 0
    while saved < segments:
        until_failure = draw.exponential(mtbf)
        if until_failure >= interval + write:
            clock, saved = clock + interval + write, saved + 1
            continue
        clock += until_failure + detection
        while (again := draw.exponential(mtbf)) < restart:
            clock += again + detection
        clock += restart
    return segments * interval / clock


@pytest.mark.parametrize(("write", "mtbf", "detection", "restart"), CASES)
def test_the_closed_form_is_what_a_simulation_of_failures_gives(write, mtbf, detection, restart):
    interval = daly_interval_s(write_s=write, mtbf_s=mtbf)

    found = overheads(interval_s=interval, write_s=write, mtbf_s=mtbf, detection_s=detection, restart_s=restart)

    simulated = simulated_goodput(interval, write, mtbf, detection, restart, segments=60_000, seed=7)
    assert found.goodput == pytest.approx(simulated, rel=0.01)


@pytest.mark.parametrize(("write", "mtbf", "detection", "restart"), CASES)
def test_no_simulated_interval_is_better_than_daly_s_by_two_percent_of_goodput(write, mtbf, detection, restart):
    best = daly_interval_s(write_s=write, mtbf_s=mtbf)

    found = overheads(interval_s=best, write_s=write, mtbf_s=mtbf, detection_s=detection, restart_s=restart)
    simulated = [
        simulated_goodput(best * factor, write, mtbf, detection, restart, segments=30_000, seed=11)
        for factor in (0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0)
    ]

    assert max(simulated) <= found.goodput * 1.02


@pytest.mark.parametrize(("write", "mtbf", "detection", "restart"), CASES)
def test_daly_s_interval_is_near_the_exact_optimum(write, mtbf, detection, restart):
    exact = mtbf * float(1.0 + lambertw(-math.exp(-write / mtbf - 1.0)).real)

    near, best = (
        overheads(interval_s=interval, write_s=write, mtbf_s=mtbf, detection_s=detection, restart_s=restart).goodput
        for interval in (daly_interval_s(write_s=write, mtbf_s=mtbf), exact)
    )

    assert best * (1 - 1e-4) <= near <= best


def test_young_s_interval_is_the_root_of_twice_the_write_times_the_mtbf():
    assert young_interval_s(write_s=60.0, mtbf_s=7200.0) == math.sqrt(2 * 60.0 * 7200.0)


def test_the_parts_add_up_to_the_run():
    found = overheads(interval_s=1800, write_s=60, mtbf_s=14400, detection_s=600, restart_s=300, available=0.9)

    parts = found.seconds(1e6)

    assert list(parts) == ["training", "checkpoints", "lost", "detection", "restart", "waiting"]
    assert sum(parts.values()) == pytest.approx(1e6 / found.goodput)
    assert parts["waiting"] == pytest.approx(0.1 * sum(parts.values()))


@given(write=st.floats(0.1, 1e4), mtbf=st.floats(60, 1e8), detection=st.floats(0, 1e4), restart=st.floats(0, 1e4))
def test_rarer_failures_never_lower_the_goodput_and_nothing_overflows(write, mtbf, detection, restart):
    def goodput(mtbf_s):
        interval = daly_interval_s(write_s=write, mtbf_s=mtbf_s)
        return overheads(
            interval_s=interval, write_s=write, mtbf_s=mtbf_s, detection_s=detection, restart_s=restart
        ).goodput

    assert 0.0 < goodput(mtbf) <= goodput(2 * mtbf) * (1 + 1e-9) <= 1.0 + 1e-9


def test_when_saving_takes_longer_than_two_failures_the_interval_is_one_of_them():
    assert daly_interval_s(write_s=7200.0, mtbf_s=3600.0) == 3600.0


def test_availability_is_the_poisson_chance_that_spares_suffice():
    mean = 36.0 / 24.0

    found = [availability(spares=n, repair_s=36 * 3600.0, between_s=24 * 3600.0) for n in (0, 1, 2)]

    first, second, third = math.exp(-mean), math.exp(-mean) * mean, math.exp(-mean) * mean**2 / 2
    assert found == pytest.approx([first, first + second, first + second + third])


def test_spares_of_a_hopeless_cluster_are_not_zero():
    assert availability(spares=0, repair_s=1e9, between_s=1.0) > 0.0
