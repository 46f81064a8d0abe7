"""The most output that one GPU can give, whatever the engine: by compute, by memory, by the network.

Symbols
    P_a active parameters   F peak FLOP/s   w weights a GPU reads   B bandwidth   n sequences that fit   i, o input and
    output tokens of a request   kv bytes of a token of context
    compute   F / (2 P_a) tokens a second, prompts and outputs together: the optimum of [zhu2025nanoflow, section 3]
    memory    n tokens for each reading of the weights and of n contexts: n B / (w + n (i + o / 2) kv), of outputs
    network   two all-reduces a layer, twice hidden bytes each way, at the rate of the link
All are for one GPU of a replica, so of a replica divided by its GPUs; `outputs` scales the first to output tokens.
"""

from dataclasses import dataclass

from solvers.cost.serving.job import ServingJob, peak_of
from solvers.cost.serving.memory import Memory
from solvers.cost.serving.work import work_of


@dataclass(frozen=True)
class Bound:
    """Output tokens a second of one GPU at the most; `network` is infinite where GPUs do not talk."""

    compute_tokens_per_s_per_gpu: float
    memory_tokens_per_s_per_gpu: float
    network_tokens_per_s_per_gpu: float

    @property
    def reached(self) -> float:
        """The least of them."""
        return min(self._by_name.values())

    @property
    def binding(self) -> str:
        """Which one that is."""
        return min(self._by_name, key=lambda name: self._by_name[name])

    @property
    def _by_name(self) -> dict[str, float]:
        return {
            "compute": self.compute_tokens_per_s_per_gpu,
            "memory": self.memory_tokens_per_s_per_gpu,
            "network": self.network_tokens_per_s_per_gpu,
        }


def compute_tokens_per_s(active_parameters: float, flops_per_s: float) -> float:
    """Tokens a second that one GPU multiplies through a model, prompts and outputs alike."""
    return flops_per_s / (2.0 * active_parameters)


def bound_of(job: ServingJob, memory: Memory, *, input_tokens: float, output_tokens: float) -> Bound:
    """The bounds of `job` for requests of so many tokens."""
    gpu, layout = job.node.gpu, job.layout
    peak = peak_of(gpu, job.numerics.expert_weights if job.model.moe else job.numerics.weights)
    every = compute_tokens_per_s(job.model.active_parameters, peak)
    share = output_tokens / (input_tokens + output_tokens)
    return Bound(
        compute_tokens_per_s_per_gpu=every * share,
        memory_tokens_per_s_per_gpu=_memory_bound(job, memory, input_tokens, output_tokens),
        network_tokens_per_s_per_gpu=_network_bound(job) * share if layout.tp > 1 else float("inf"),
    )


def _memory_bound(job: ServingJob, memory: Memory, input_tokens: float, output_tokens: float) -> float:
    context = input_tokens + output_tokens / 2.0
    held = context * memory.token_bytes + memory.sequence_bytes
    sequences = min(memory.kv_bytes / held if held else float("inf"), float(job.limits.max_num_seqs))
    read = memory.weights_bytes + sequences * held
    steps_per_s = job.node.gpu.memory_bytes_per_s / read
    return sequences * job.layout.dp * steps_per_s / (job.layout.tp * job.layout.dp) if read else float("inf")


def _network_bound(job: ServingJob) -> float:
    """Tokens a second: a GPU sends and gets (t - 1) / t of twice a token's hidden state in each all-reduce."""
    work, layout = work_of(job.model, job.layout, job.numerics, None), job.layout
    inside = layout.tp <= job.node.gpus
    link = job.node.link.bytes_per_s if inside else job.node.nic_bytes_per_s_per_gpu
    sent = work.reductions * 2.0 * work.hidden * 2.0 * (layout.tp - 1.0) / layout.tp
    return link / sent / layout.tp if link else float("inf")
