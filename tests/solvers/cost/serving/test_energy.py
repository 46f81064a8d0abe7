"""Joules of a token."""

import numpy as np
import pytest

from solvers.cost.power import draw_of
from solvers.cost.serving.energy import energy_j_per_token, step_energy_j
from solvers.cost.serving.job import Layout
from solvers.cost.serving.steps import decode_steps, mixed_steps, step_seconds, terms
from tests.solvers.cost.serving.jobs import job


def _decode(one, batch):
    steps = decode_steps(np.array([batch]), np.array([500.0]), job=one)
    return steps, terms(steps, one)


def test_a_step_draws_between_waiting_and_computing():
    one = job(layout=Layout(tp=8))
    steps, found = _decode(one, 32.0)
    draw, seconds = draw_of(one.node), step_seconds(steps, one)

    joules = step_energy_j(found, steps, one)

    assert np.all(joules < draw.computing_w * seconds)
    assert np.all(joules > draw.waiting_w * seconds)


def test_larger_batches_spend_less_on_a_token():
    one = job()

    few, many = (energy_j_per_token(*_decode(one, batch)[::-1], one)[0] for batch in (1.0, 64.0))

    assert many < few / 20.0


def test_a_prompt_computes_all_the_time_that_it_does_not_wait():
    one = job()
    zero = np.zeros(1)
    steps = mixed_steps(zero, zero, chunks=np.ones(1), new=4096.0, before=0.0, job=one)
    found = terms(steps, one)
    waiting = sum(found[name] for name in ("collectives", "exchange", "launch", "pipeline", "host"))
    draw = draw_of(one.node)

    joules = step_energy_j(found, steps, one)

    busy = step_seconds(steps, one) - waiting
    assert joules == pytest.approx((busy * draw.computing_w + waiting * draw.waiting_w) / 8)


def test_a_node_of_unknown_power_has_no_energy():
    one = job()
    gpu = one.node.gpu.model_copy(update={"power_w": None})
    unknown = job()
    unknown = type(unknown)(one.model, one.node.model_copy(update={"gpu": gpu, "power_w": None}))
    steps, found = _decode(unknown, 1.0)

    assert step_energy_j(found, steps, unknown) is None
    assert energy_j_per_token(found, steps, unknown) is None
