"""Every number of serving's step cost that is neither geometry, nor datasheet, nor an operator's curve.

Curves say what kernels reach alone on a quiet GPU; these say what they reach in an engine, and what the engine adds.
Calibration moves them within their bounds; all else is fixed.
"""

from dataclasses import dataclass, fields

from solvers.cost.coefficients import Prior, prior


@dataclass(frozen=True)
class Coefficients:
    """The coefficients, at their priors unless said otherwise. Units are in the names; the rest are fractions."""

    product_memory: float = prior(
        1.0, 0.6, 1.4, "bandwidth of products in an engine over that of the operator's curve: estimate"
    )
    product_compute: float = prior(
        1.0, 0.6, 1.4, "speed of large products in an engine over that of the operator's curve: estimate"
    )
    expert_memory: float = prior(
        1.0, 0.5, 1.6, "bandwidth of experts' products in an engine over that of the operator's curve: estimate"
    )
    expert_compute: float = prior(
        1.0, 0.5, 1.6, "speed of experts' products in an engine over that of the operator's curve: estimate"
    )
    expert_skew: float = prior(
        0.15, 0.0, 1.0, "load of the busiest group of experts over the mean, beside chance [fedus2022switch]"
    )
    expert_popularity: float = prior(
        100.0,
        2.0,
        1000.0,
        "popularity of the most popular expert over the least one's, evenly spread in logarithm: as in the rows that"
        " the curves were fitted to; traffic's own: estimate",
    )
    decode_attention: float = prior(1.0, 0.5, 1.6, "speed of decodes' attention over its curve: estimate")
    prefill_attention: float = prior(1.0, 0.5, 1.6, "speed of chunks' attention over its curve: estimate")
    mixed_decode: float = prior(
        2.0,
        1.0,
        3.0,
        "time of decodes' attention beside a chunk over that alone where one kernel of FlashAttention 2 serves both and"
        " does not split contexts: 2.3 and 2.1 in vLLM 0.19's profiles of two workstation GPUs [cho2025llmservingsim]",
    )
    latent_attention: float = prior(1.0, 0.4, 1.8, "speed of latent attention of decodes over its curve: estimate")
    scan_passes: float = prior(
        1.0,
        0.4,
        2.5,
        "traffic of the scans of layers with a state over that of the operator's table: estimate",
    )
    reduce_latency: float = prior(
        1.0, 0.7, 3.0, "time of an all-reduce in an engine over that of its curve: ranks that arrive late: estimate"
    )
    reduce_library_s: float = prior(1.6e-5, 6e-6, 6e-5, "smallest all-reduce of NCCL across nodes [nccl2019latency]")
    reduce_bandwidth: float = prior(1.0, 0.5, 1.2, "bandwidth of all-reduces in an engine over their curve's: estimate")
    exchange_start_s: float = prior(
        1.4e-5, 5e-6, 2e-4, "smallest exchange of tokens with experts, one way, low latency [aiconfigurator2026]"
    )
    exchange_bandwidth: float = prior(
        1.0, 0.4, 1.5, "bandwidth of an exchange in an engine over that of the operator's table: estimate"
    )
    elementwise_passes: float = prior(
        0.7, 0.2, 2.0, "bytes of norms, residuals and activations over one unfused pass each: estimate"
    )
    graph_gap_s: float = prior(
        1.2e-6, 3e-7, 4e-6, "idle time between dependent kernels of a CUDA graph [zhang2019gpulaunch; nvidia2024graphs]"
    )
    eager_gap_s: float = prior(
        2e-6, 5e-7, 8e-6, "idle time between kernels of a step that is not replayed from one graph [zhang2019gpulaunch]"
    )
    dispatch_s: float = prior(
        1.5e-5,
        3e-6,
        4e-5,
        "host time of a kernel that no graph replays, framework included [paszke2019pytorch]; counts where the"
        " device is faster",
    )
    step_s: float = prior(
        5e-4, 5e-5, 4e-3, "device time of a step beside the model: inputs, logits, sampling: estimate"
    )
    sampler_bytes: float = prior(
        6.0,
        2.0,
        60.0,
        "bytes a logit moves in sampling: 0.7 us a sequence on an RTX 4090 in vLLM 0.19's profile, greedy"
        " [cho2025llmservingsim]; sorting takes more",
    )
    host_vllm_s: float = prior(3e-3, 5e-4, 1.5e-2, "vLLM's scheduling, inputs and outputs of a step: estimate")
    host_sglang_s: float = prior(2e-3, 3e-4, 1.5e-2, "SGLang's: estimate")
    host_trtllm_s: float = prior(1.5e-3, 3e-4, 1.5e-2, "TensorRT-LLM's: estimate")
    host_sequence_s: float = prior(8e-6, 1e-6, 6e-5, "host time of each sequence in a step: estimate")
    # What a device has of its own, 1 but where it was measured: rows, columns and inner size that a product is padded
    # by, and arithmetic of decodes' attention, over those of the curve.
    tiles: float = 1.0
    decode_compute: float = 1.0

    def host_s(self, engine: str) -> float:
        """Host time of a step of `engine`."""
        known = {"vllm": self.host_vllm_s, "sglang": self.host_sglang_s, "trtllm": self.host_trtllm_s}
        return known[engine]


PRIORS: dict[str, Prior] = {item.name: item.metadata["prior"] for item in fields(Coefficients) if item.metadata}
DEFAULT = Coefficients()
