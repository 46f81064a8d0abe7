"""Jobs that several tests share."""

from solvers.catalogue import model, node
from solvers.cost.serving.job import ServingJob


def job(name="llama-3.1-8b", on="dgx-h100", **more):
    return ServingJob(model(name), node(on), **more)
