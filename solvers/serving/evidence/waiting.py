"""What a closed loop adds to the steps: coefficients of waiting, drafting and transfer, each with its prior."""

from dataclasses import dataclass, fields

from solvers.cost.coefficients import Prior, prior


@dataclass(frozen=True)
class Waiting:
    """Coefficients of closed loops, at their priors unless said otherwise."""

    frontend_s: float = prior(
        0.02, 0.001, 0.2, "tokenising, routing and the first answer's way back, for a request: estimate"
    )
    frontend_token_s: float = prior(2e-6, 2e-8, 5e-5, "the same for each token of a prompt: estimate")
    missed_vllm: float = prior(
        0.3,
        0.02,
        8.0,
        "steps that go by before vLLM sees a new request, beside those that its loop makes it wait: estimate",
    )
    missed_sglang: float = prior(4.0, 0.1, 40.0, "the same in SGLang, beside those between its looks: estimate")
    missed_trtllm: float = prior(0.3, 0.02, 8.0, "the same in TensorRT-LLM: estimate")
    looked: float = prior(
        0.7, 0.3, 1.0, "share of the steps between two of SGLang's looks for requests that one waits: half where they"
        " come evenly, more where they come together: estimate",
    )  # fmt: skip
    layer_vllm_s: float = prior(
        1e-4, 1e-5, 2e-3, "time of a layer over what step cost says, in the step of a prompt, which no graph replays:"
        " estimate",
    )  # fmt: skip
    layer_sglang_s: float = prior(1e-3, 1e-4, 5e-3, "the same in SGLang: estimate")
    layer_trtllm_s: float = prior(1e-3, 1e-4, 5e-3, "the same in TensorRT-LLM: estimate")
    balanced: float = prior(
        25.0, 2.0, 60.0, "steps that TensorRT-LLM's attention ranks wait until each has a prompt: up to 60 in the"
        " public recipes (timeout_iters)",
    )  # fmt: skip
    handed: float = prior(
        16.0, 1.0, 60.0, "decode steps that go by before a first token is seen where prefill is elsewhere: estimate"
    )
    prompt: float = prior(1.0, 0.5, 2.5, "time of a prompt's own steps over what step cost says: estimate")
    prompt_ranks_sglang: float = prior(
        1.5, 0.5, 5.0, "the same in SGLang where prefill has workers of its own with ranks of attention: estimate"
    )
    prompt_ranks_trtllm: float = prior(1.0, 0.4, 2.5, "the same in TensorRT-LLM: estimate")
    prompt_ranks_four_bit: float = prior(
        0.75, 0.4, 1.4, "the same with four-bit experts over that: tokens travel to them in four bits too: estimate"
    )
    together: float = prior(
        0.1, 0.005, 0.6, "share of requests that wait in line with all others: a tenth start at once where ten times"
        " the clients are sent (the public benchmark's own rule)",
    )  # fmt: skip
    transfer_s: float = prior(0.05, 0.002, 1.0, "from the end of a prefill to the first token elsewhere: estimate")
    transfer_token_s: float = prior(2e-6, 2e-8, 1e-4, "the same for each token of a prompt: estimate")
    acceptance: float = prior(
        0.7, 0.3, 0.98, "chance that a drafted token is right where all before it are: 0.85 to 0.9 for the second"
        " token in [deepseek2024v3, section 5.4.3], less on random text",
    )  # fmt: skip
    draft_share: float = prior(
        0.06,
        0.01,
        0.4,
        "time of a drafted token over that of the step: one layer of some sixty, and its head: estimate",
    )


def missed_steps(waiting: Waiting, engine: str) -> float:
    """Steps that go by before `engine` sees a new request."""
    known = {"vllm": waiting.missed_vllm, "sglang": waiting.missed_sglang, "trtllm": waiting.missed_trtllm}
    return known[engine]


def layer_seconds(waiting: Waiting, engine: str) -> float:
    """Seconds of a layer in the step of a prompt, over what step cost says."""
    known = {"vllm": waiting.layer_vllm_s, "sglang": waiting.layer_sglang_s, "trtllm": waiting.layer_trtllm_s}
    return known[engine]


def prompt_share(waiting: Waiting, engine: str, *, ranked: bool, four_bit: bool) -> float:
    """Time of prefill workers' steps over what step cost says; `ranked`: attention is data parallel."""
    if not ranked:
        return waiting.prompt
    known = {"sglang": waiting.prompt_ranks_sglang, "trtllm": waiting.prompt_ranks_trtllm}
    return known.get(engine, waiting.prompt) * (waiting.prompt_ranks_four_bit if four_bit else 1.0)


PRIORS: dict[str, Prior] = {item.name: item.metadata["prior"] for item in fields(Waiting)}
DEFAULT = Waiting()
