"""The workers of a question as jobs of the cost model, each with the limits that its engine had."""

from dataclasses import dataclass

from solvers.cost.serving.job import Layout, Limits, ServingJob
from solvers.serving.evidence.rows import Question

# Tokens of a step: vLLM's default on data-centre GPUs since V1 and TensorRT-LLM's, and what the public recipes set for
# SGLang (chunked-prefill-size 8192 to 32768).
BATCHED_TOKENS = {"vllm": 8192, "trtllm": 8192, "sglang": 16384}
# TensorRT-LLM takes a prompt whole, so its limit is set to hold one and the decodes (the recipes' own rule).
WHOLE_PROMPTS = ("trtllm",)
# SGLang runs prompts in steps of their own, before any decode.
PREFILL_FIRST = ("sglang",)
ROUND = 64


@dataclass(frozen=True)
class Worker:
    """One worker: its job, and how it takes prompts."""

    job: ServingJob
    prefill_first: bool
    chunked: bool


def worker_of(question: Question, layout: Layout, *, sequences: int, drafts: int, prefills: bool) -> Worker:
    """A worker of `question` that has up to `sequences` sequences on each rank."""
    engine = question.software.name
    decodes = sequences * (1 + drafts)
    whole = engine in WHOLE_PROMPTS
    tokens = max(BATCHED_TOKENS[engine], question.input_tokens + decodes if whole and prefills else decodes)
    limits = Limits(
        max_num_batched_tokens=-(-tokens // ROUND) * ROUND,
        max_num_seqs=max(-(-decodes // ROUND) * ROUND, ROUND),
        max_model_len=question.input_tokens + question.output_tokens + 200,
    )
    job = ServingJob(
        model=question.model,
        node=question.node,
        layout=layout,
        numerics=question.numerics,
        software=question.software,
        limits=limits,
    )
    return Worker(job=job, prefill_first=engine in PREFILL_FIRST, chunked=not whole)
