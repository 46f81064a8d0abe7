"""The formats of serving plans, in the order in which menus list them."""

from collections.abc import Callable

from solvers.documents import Document
from solvers.errors import CannotExpress, Problem
from solvers.exports.formats import Writers, exports
from solvers.serving.exports import bench, compose, dynamo, kubernetes, llmd, sglang, trtllm, vllm

ENGINES = {"vllm": "vLLM", "sglang": "SGLang", "trtllm": "TensorRT-LLM"}
WRITERS: Writers = {
    "vllm": ("vLLM: `vllm serve` and its arguments, a script for each pool", vllm.write),
    "sglang": ("SGLang: server and router arguments, as scripts", sglang.write),
    "trtllm": ("TensorRT-LLM: options as YAML and trtllm-serve", trtllm.write),
    "dynamo": ("Dynamo: a DynamoGraphDeployment", dynamo.write),
    "llm-d": ("llm-d: values of the model service's Helm chart", llmd.write),
    "kubernetes": ("Kubernetes: StatefulSet or LeaderWorkerSet, Service, balancer", kubernetes.write),
    "compose": ("Docker compose: all replicas on one machine", compose.write),
    "bench": ("vllm bench serve: asks the running plan for what it promises", bench.write),
}


def _own(name: str) -> Callable[[Document], dict[str, str]]:
    """An engine's own format says only plans for that engine: another's settings would be other seconds."""

    def write(result: Document) -> dict[str, str]:
        planned_for = result.get("plan", {}).get("engine", {}).get("name", name)
        if planned_for != name:
            message = (
                f"The plan's seconds are those of {ENGINES.get(planned_for, planned_for)}, not of {ENGINES[name]}."
            )
            hint = f"Plan again with `engine: {{name: {name}}}`."
            raise CannotExpress(Problem("cannot_express", message, "/plan/engine/name", hint))
        return WRITERS[name][1](result)

    return write


EXPORTS = exports(
    {name: (title, _own(name) if name in ENGINES else writer) for name, (title, writer) in WRITERS.items()},
    kind="serving",
)
