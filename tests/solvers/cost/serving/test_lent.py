"""What steps lose when they take another GPU's curves: known where a GPU has its own to compare."""

import numpy as np
import pytest

from solvers.cost.serving import lookup
from solvers.cost.serving.job import Numerics, Software
from solvers.cost.serving.lookup import GENERATIONS, LENT_FAR, LENT_NEAR, curves_of
from solvers.cost.serving.steps import decode_steps, mixed_steps, step_seconds
from tests.solvers.cost.serving.jobs import job

NODES = {
    "h100-sxm": "dgx-h100", "h200-sxm": "hgx-h200", "b200": "dgx-b200", "b300": "dgx-b300", "gb200": "gb200-nvl72",
    "gb300": "gb300-nvl72", "l40s": "l40s-server", "a100-80": "dgx-a100-80", "rtx-pro-6000": "rtx-pro-6000-server",
}  # fmt: skip
JOBS = [(engine, weights) for engine in ("vllm", "sglang", "trtllm") for weights in ("bf16", "w4a16")]


def logs(on):
    """Logarithms of the seconds of some steps of each job on that GPU [jobs, steps]."""
    lookup._curves.cache_clear()
    found = []
    for engine, weights in JOBS:
        one = job(on=NODES[on], software=Software(engine), numerics=Numerics(weights))
        decodes = decode_steps(np.array([1.0, 16.0, 128.0]), np.full(3, 1000.0), job=one)
        chunk = mixed_steps(np.array([16.0]), np.array([1000.0]), chunks=np.ones(1), new=1024.0, before=0.0, job=one)
        found.append(np.log(np.concatenate([step_seconds(decodes, one), step_seconds(chunk, one)])))
    return np.array(found)


@pytest.fixture
def off(monkeypatch):
    """The root mean square of the difference that another's curves make, for a GPU and those that are looked past."""
    known = lookup._relatives

    def rms(on, without):
        own = logs(on)
        with monkeypatch.context() as patch:
            patch.setattr(lookup, "_relatives", lambda key: tuple(name for name in known(key) if name not in without))
            lent = logs(on)
        lookup._curves.cache_clear()
        return float(np.sqrt(np.mean((lent - own) ** 2)))

    return rms


def test_curves_of_a_sister_leave_this_much_open(off):
    sisters = [name for names in GENERATIONS.values() if len(names) > 1 for name in names]

    worst = max(off(name, {name}) for name in sisters)

    assert worst == pytest.approx(LENT_NEAR, rel=0.25)


def test_curves_of_another_generation_leave_this_much_open(off):
    generations = [np.mean([off(name, set(names)) ** 2 for name in names]) for names in GENERATIONS.values()]

    assert float(np.sqrt(np.mean(generations))) == pytest.approx(LENT_FAR, rel=0.25)


@pytest.mark.parametrize(
    ("on", "lent"),
    [
        ("dgx-h100", 0.0),
        ("h100-pcie-server", LENT_NEAR),
        ("g6", LENT_NEAR),
        ("frontier-mi250x", LENT_FAR),
        ("mi300x-server", LENT_FAR),
    ],
)
def test_a_gpu_without_curves_takes_a_sisters_or_a_strangers(on, lent):
    assert curves_of(job(on=on)).lent == lent
