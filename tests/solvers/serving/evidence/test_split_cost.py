import numpy as np
import pytest

from solvers import catalogue
from solvers.cost.serving.job import Layout, ServingJob
from solvers.cost.serving.steps import decode_steps, mixed_steps, ready, seconds_at
from solvers.serving.evidence.split_cost import decode_seconds, flat, prompt_seconds

JOBS = (
    ServingJob(model=catalogue.model("llama-3.1-8b"), node=catalogue.node("dgx-h100")),
    ServingJob(model=catalogue.model("deepseek-r1"), node=catalogue.node("dgx-h200"), layout=Layout(dp=8, ep=8)),
)


@pytest.mark.parametrize("job", JOBS)
def test_a_step_of_decodes_takes_what_step_cost_says(job: ServingJob) -> None:
    cost = ready(job)
    for decodes, context in ((1.0, 800.0), (17.0, 3000.0), (64.0, 1500.0)):
        steps = decode_steps(np.array([decodes]), np.array([context]), job=job)
        window = float(steps.decode_window[0])

        found = decode_seconds(decodes, decodes * context, window, 0, float(steps.total[0]), *flat(cost))

        assert found == pytest.approx(float(seconds_at(steps, cost)[0]))


@pytest.mark.parametrize("job", JOBS)
def test_a_step_of_prompts_takes_what_step_cost_says(job: ServingJob) -> None:
    cost, nothing = ready(job), np.zeros(1)
    for chunks, new in ((1.0, 300.0), (3.0, 1000.0)):
        steps = mixed_steps(nothing, nothing, chunks=np.array([chunks]), new=new, before=0.0, job=job)

        found = prompt_seconds(
            chunks * new, chunks, float(steps.pairs[0]), float(steps.pairs_window[0]), float(steps.context[0]),
            float(steps.total[0]), *flat(cost),
        )  # fmt: skip

        assert found == pytest.approx(float(seconds_at(steps, cost)[0]))
