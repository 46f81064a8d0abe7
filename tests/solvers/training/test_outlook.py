"""What calibration is asked about: the layouts as the search computed them."""

import numpy as np
import pytest

from solvers.cost.cluster import paced
from solvers.training.evidence.batch import evaluate
from solvers.training.outlook import batches_of_points
from solvers.training.pool import pool_of
from solvers.training.search import search
from solvers.training.spec import TrainingSpec


@pytest.mark.parametrize("scaling", ["tensor", "block"])
def test_calibration_sees_the_hardware_and_the_seconds_of_the_search(scaling: str) -> None:
    spec = TrainingSpec.model_validate(
        {
            "kind": "training", "model": "llama-3.1-8b", "hardware": {"node": "dgx-h100", "nodes": 1},
            "sequence_length": 4096, "global_batch": 32, "precision": "fp8", "calibration": "prior",
            "software": {"fp8_scaling": scaling}, "options": {"fix": {"tp": 1, "pp": 1, "cp": 1}},
        }
    )  # fmt: skip
    pool = pool_of([search(spec, nodes=1)])
    job = pool.found[0].job

    [batch] = batches_of_points(spec, pool, np.arange(pool.size))

    assert paced(batch.hardware, job.coefficients) == job.cluster
    assert evaluate(batch, job.coefficients).seconds.tolist() == pytest.approx(pool.step_time_s.tolist(), rel=1e-12)
