"""The workload is what it says, and is the same each time."""

from itertools import count

from solvers.training.bench import SPEC, run, workload
from solvers.training.space import space_of
from solvers.training.spec import TrainingSpec


def test_every_layout_of_the_workload_is_evaluated() -> None:
    spec = TrainingSpec.model_validate(SPEC)

    evaluated = workload()()

    assert evaluated == space_of(spec, nodes=128).layouts.size


def test_a_repeat_is_timed_by_the_callers_clock() -> None:
    """A clock that ticks once a second at each look makes the repeat last one second."""
    ticks = count()

    result = run(lambda: float(next(ticks)))

    assert (result["seconds"], result["configs_per_s"]) == (1.0, result["configurations"])
    assert (result["plan_seconds"], result["plan_candidates"] > 300_000) == (1.0, True)
