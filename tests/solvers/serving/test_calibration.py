import pytest

from solvers import catalogue
from solvers.cost.serving.coefficients import DEFAULT, PRIORS
from solvers.cost.serving.job import Numerics, ServingJob, Software
from solvers.serving import calibration
from solvers.serving.evidence.features import load_of

JOB = ServingJob(model=catalogue.model("llama-3.1-8b"), node=catalogue.node("dgx-h100"), software=Software("trtllm"))
LOAD = load_of(inputs=1024.0, outputs=512.0)


def test_the_priors_are_the_cost_models_own() -> None:
    assert calibration.coefficients("prior") == DEFAULT
    assert (calibration.name_of("prior"), calibration.data_of("prior")) == ("prior", {})


def test_the_published_calibration_names_its_file() -> None:
    assert calibration.name_of("published") == f"published-{calibration.digest()[:12]}"
    assert calibration.data_of("published") == {"posterior.json": calibration.digest()}


def test_the_file_holds_no_rows() -> None:
    assert set(calibration.document()) == {"how", "measurements", "level", "families", "token", "first"}


def test_draws_lie_within_the_priors_bounds_and_are_the_same_for_a_seed() -> None:
    once, again = (calibration.draws("published", count=5, seed=3) for _ in range(2))

    assert once == again
    assert len({draw.step_s for draw in once}) == 5
    for draw in once:
        assert all(prior.low <= getattr(draw, name) <= prior.high for name, prior in PRIORS.items())


def test_a_job_like_those_measured_is_less_open_than_one_that_nobody_measured() -> None:
    known = calibration.step_factor(JOB, "published", load=LOAD, disaggregated=False, drafts=0)
    unlike = ServingJob(model=catalogue.model("opt-66b"), node=JOB.node, numerics=Numerics("w8a8"))

    mean, spread = calibration.step_factor(unlike, "published", load=LOAD, disaggregated=False, drafts=0)

    assert known[1] < spread
    assert mean == 0.0


def test_what_was_measured_of_a_job_depends_on_its_load() -> None:
    short, long = (
        calibration.step_factor(
            JOB, "published", load=load_of(inputs=inputs, outputs=512.0), disaggregated=False, drafts=0
        )
        for inputs in (128.0, 4096.0)
    )

    assert short != long


@pytest.mark.parametrize("name", ["acceptance", "together", "missed_sglang"])
def test_waiting_is_calibrated_too(name: str) -> None:
    assert getattr(calibration.waiting("published"), name) > 0.0
