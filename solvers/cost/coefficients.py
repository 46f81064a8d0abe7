"""Every number of the cost model that is neither geometry nor datasheet, each with its prior, bounds and source.

Calibration moves these within their bounds; nothing else in the kernel is free. Peaks, bandwidths, latencies and the
fraction of them that a large kernel reaches belong to the hardware and come from the catalogue.
"""

from dataclasses import dataclass, field, fields


@dataclass(frozen=True)
class Prior:
    """What is believed of a coefficient before any training run was measured."""

    low: float
    high: float
    source: str


def prior(value: float, low: float, high: float, source: str) -> float:
    default: float = field(default=value, metadata={"prior": Prior(low, high, source)})
    return default


@dataclass(frozen=True)
class Coefficients:
    """The coefficients, at their priors unless said otherwise. Units are in the names; the rest are fractions.

    Calibration also gives arrays, one value for each row of the shards: many vectors of coefficients in one call.
    """

    gemm_wave_elements: float = prior(
        1.8e6,
        2e5,
        8e6,
        "half a wave of 256 x 128 output tiles on the 108 SMs of an A100: wave quantisation wastes half a wave on"
        " average [nvidia2023matmul, wave quantization]",
    )
    gemm_wave_s: float = prior(
        5e-6,
        0.0,
        2e-5,
        "filling the pipeline of a tile and writing it out: some microseconds for each wave, whatever the rate, so that"
        " faster GPUs need longer inner dimensions [nvidia2023matmul, tile quantization]",
    )
    gemm_wave_hidden: float = prior(
        0.8,
        0.5,
        1.0,
        "share of a tile's filling and writing that persistent kernels hide behind the next tile where matrix units run"
        " asynchronously: two of the three parts of a tile's life [thakkar2023cutlass, ping-pong kernels]",
    )
    quantisation_passes: float = prior(
        1.0,
        0.2,
        2.5,
        "traffic of casts to FP8 or FP4 over one unfused cast of each operand; fused into the norm or activation before"
        " it a cast costs its writes only [micikevicius2022fp8; rouhani2023microscaling]",
    )
    scan_efficiency: float = prior(
        0.12,
        0.02,
        0.7,
        "share of the 16-bit rate of products that the chunked scan of a state-space layer reaches: on an A100 it takes"
        " as long as FlashAttention-2 at 2,048 tokens, with a fifth of its products [dao2024mamba2, figure 10]",
    )
    low_precision_efficiency: float = prior(
        0.85, 0.5, 1.0, "fraction of the 16-bit GEMM's share of peak that FP8 and FP4 GEMMs keep [micikevicius2022fp8]"
    )
    attention_forward: float = prior(
        0.73, 0.3, 1.0, "201 of 312 TFLOP/s forward, causal, head 128, over an achievable 0.87 [dao2023flashattention2]"
    )
    attention_backward: float = prior(
        0.62, 0.25, 1.0, "170 of 312 TFLOP/s backward, causal, over an achievable 0.87 [dao2023flashattention2]"
    )
    attention_first_generation: float = prior(
        0.5,
        0.3,
        1.0,
        "share of today's rate that the first FlashAttention kernels reach: 25-40 % of peak where the"
        " second generation reaches 50-73 % [dao2023flashattention2]",
    )
    attention_older_instructions: float = prior(
        0.55,
        0.3,
        1.0,
        "share of the rate that attention written for Ampere (first and second generation) keeps on GPUs with"
        " asynchronous matrix units: 35 % of an H100's peak, 64 % of an A100's [shah2024flashattention3, abstract;"
        " dao2023flashattention2]",
    )
    attention_half_length: float = prior(
        500.0, 0.0, 3000.0, "length at which causal attention reaches half of its rate [dao2023flashattention2]"
    )
    elementwise_passes: float = prior(
        1.0, 0.5, 2.0, "bytes of norms, residuals and activations when each is one fused pass [korthikanti2023reducing]"
    )
    kernel_gap_s: float = prior(
        1.5e-6, 0.0, 1e-5, "idle time between dependent kernels on a stream [zhang2019gpulaunch]"
    )
    graph_gap_s: float = prior(
        1e-6, 2e-7, 4e-6, "idle time between dependent kernels of a CUDA graph [zhang2019gpulaunch; nvidia2024graphs]"
    )
    dispatch_s: float = prior(
        1e-5,
        1e-6,
        5e-5,
        "time of the host to issue one operator eagerly, framework included [paszke2019pytorch];"
        " hidden where the GPU is slower",
    )
    loop_issue_s: float = prior(
        5e-6,
        1e-6,
        4e-5,
        "host time of a kernel in a loop over experts inside one operator: its launch, some microseconds, and the"
        " library's choice of an algorithm [zhang2019gpulaunch; paszke2019pytorch]",
    )
    collective_issue_s: float = prior(
        2e-5,
        0.0,
        1e-4,
        "host time of a collective for each doubling of its ranks: tens of microseconds to enqueue, and all wait for"
        " the last host [li2020pytorchddp]; counts only where the host is slower than the GPU, as in vTrain's"
        " single-node rows, which suggested the term",
    )
    loss_passes: float = prior(
        1.0,
        0.5,
        3.0,
        "bytes of cross entropy over those of its operators [paszke2019pytorch]; vTrain's single-node rows showed that"
        " the loss of a small model is worth a coefficient",
    )
    collective_start_s: float = prior(1.2e-5, 2e-6, 1e-4, "smallest all-reduce of NCCL inside a node [nccl2019latency]")
    gradient_overlap: float = prior(
        0.8, 0.0, 1.0, "share of the backward pass that gradient traffic can hide under [li2020pytorchddp]"
    )
    weight_overlap: float = prior(0.8, 0.0, 1.0, "share of a pass that ZeRO-3 gathers can hide under [zhao2023fsdp]")
    overlap_tax: float = prior(
        0.2,
        0.0,
        0.6,
        "compute lost for each second of traffic hidden under it: both want SMs and memory bandwidth [rashidi2021ace]",
    )
    attention_overlap: float = prior(
        0.8, 0.0, 1.0, "share of attention that the exchange of keys and values can hide under [liu2023ring]"
    )
    tensor_exposed: float = prior(
        1.0, 0.2, 1.0, "share of tensor-parallel collectives on the critical path [korthikanti2023reducing]"
    )
    tensor_overlap: float = prior(
        0.7,
        0.3,
        0.96,
        "share of tensor-parallel traffic that hides under the products it is split with, where the stack does so:"
        " up to 96 % [chang2024flux]",
    )
    expert_overlap: float = prior(
        0.7,
        0.2,
        1.0,
        "share of a layer's compute that the exchange of another micro-batch's tokens can hide under"
        " [deepseek2024v3, section 3.2.1]",
    )
    offload_overlap: float = prior(
        0.8, 0.0, 1.0, "share of a pass that traffic with the host can hide under [rajbhandari2021zeroinfinity]"
    )
    host_memory_efficiency: float = prior(
        0.75, 0.5, 0.95, "share of the host's memory bandwidth that streams of all its cores reach [mccalpin1995stream]"
    )
    pipeline_exposed: float = prior(
        0.5,
        0.0,
        1.0,
        "share of point-to-point transfers on the critical path when the stack overlaps them, all of"
        " them when it does not [narayanan2021efficient]",
    )
    straggler_spread: float = prior(
        0.01,
        0.0,
        0.04,
        "standard deviation of the speed of equal GPUs: 8 % between best and worst of a cluster on"
        " training jobs [sinha2022variability]; a step waits for the slowest",
    )
    expert_exposed: float = prior(
        0.8,
        0.1,
        1.0,
        "share of the exchange with experts on the critical path: shared experts run beside it, and stacks that cut a"
        " micro-batch in two hide most of it [deepseek2024v3, section 3.2.1]",
    )
    expert_imbalance: float = prior(
        1.1, 1.0, 2.0, "busiest expert group over the mean under a balancing loss [fedus2022switch]"
    )
    optimizer_passes: float = prior(
        1.2,
        1.0,
        3.0,
        "traffic of Adam over its least: gradient norm and scaling read gradients again [shoeybi2019megatron]",
    )
    step_overhead_s: float = prior(0.02, 0.0, 0.5, "data, logging and barriers once a step [narayanan2021efficient]")
    context_bytes: float = prior(
        2.0e9, 5e8, 6e9, "CUDA context, cuBLAS workspaces and NCCL channels of a rank [nvidia2024nccl]"
    )
    fragmentation: float = prior(
        0.04, 0.0, 0.2, "share of activation bytes lost in the caching allocator [guo2024gmlake]"
    )
    logits_held: float = prior(
        1.0,
        0.5,
        1.5,
        "bytes of the logits over those of the loss's definition: kernels that work in pieces or in place hold less,"
        " vocabularies that are padded more [paszke2019pytorch]",
    )
    weight_buffers: float = prior(
        2.0, 1.0, 4.0, "gathered layers alive at once under ZeRO-3: the running one and its prefetch [zhao2023fsdp]"
    )


PRIORS: dict[str, Prior] = {item.name: item.metadata["prior"] for item in fields(Coefficients)}
DEFAULT = Coefficients()
