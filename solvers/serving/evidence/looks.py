"""What engines let a new request wait for, as the public recipes set it.

SGLang's `--scheduler-recv-interval`: with N it reads its socket once in N decode steps. `data/looks.csv` holds the
settings of InferenceX (Apache-2.0) by model, GPU, precision, day and concurrency; no measurement is in it.
"""

import csv
from collections import defaultdict
from functools import cache
from importlib.resources import files

from solvers import catalogue
from solvers.serving.evidence.columns import gpu_and_precision
from solvers.serving.evidence.recipes import shape_of
from solvers.serving.evidence.rows import Question, Reading

SGLANG, TRTLLM = "sglang", "trtllm"
EACH = 1.0


@cache
def _settings() -> dict[tuple[object, str, str], list[tuple[str, int, float]]]:
    """Day, least concurrency and interval, by model's shape, GPU and precision."""
    found: dict[tuple[object, str, str], list[tuple[str, int, float]]] = defaultdict(list)
    text = (files("solvers.serving") / "data" / "looks.csv").read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        key = (shape_of(catalogue.model(row["model"])), row["gpu"], row["precision"])
        found[key].append((row["since"], int(row["clients"]), float(row["interval"])))
    return found


def steps_between(question: Question, reading: Reading) -> float:
    """Steps between two looks; 1 where no recipe says more, attention is data parallel, or prefill is elsewhere."""
    if question.software.name != SGLANG or reading.prefill is not None or reading.serve.layout.dp > 1:
        return EACH
    gpu, precision = gpu_and_precision(question.row)
    day = (question.row.get("measured") or "").strip()
    stood = [one for one in _settings().get((shape_of(question.model), gpu, precision), []) if not day or one[0] <= day]
    newest = max((since for since, _, _ in stood), default="")
    fitting = [(least, steps) for since, least, steps in stood if since == newest and least <= question.clients]
    return max(fitting)[1] if fitting else EACH


def balanced(question: Question, reading: Reading) -> float:
    """1 where TensorRT-LLM's attention ranks wait until each has a prompt (attention_dp_config), else 0."""
    return float(question.software.name == TRTLLM and reading.prefill is None and reading.serve.layout.dp > 1)
