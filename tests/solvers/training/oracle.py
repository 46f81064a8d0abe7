"""The cost model once more, one layout at a time, in plain Python and without arrays.

Written from the mathematics at the heads of the modules, for dense models with softmax attention under flash kernels.
It shares the records of the catalogue with the kernel, and no function.
"""

import math
from dataclasses import dataclass
from itertools import product

from solvers.catalogue import price_of
from solvers.training import calibration
from solvers.training.spec import TrainingSpec

C = calibration.coefficients("published")


@dataclass(frozen=True)
class Layout:
    """One layout."""

    tp: int
    cp: int
    pp: int
    dp: int
    mb: int
    sp: bool
    schedule: str
    vpp: int
    recompute: str
    zero: int


def layouts(spec: TrainingSpec) -> list[Layout]:
    """Everything that divides, by trying everything."""
    gpus, model, batch = spec.hardware.gpus, spec.model, spec.global_batch
    found = []
    for tp, cp, pp in product(range(1, gpus + 1), repeat=3):
        if gpus % (tp * cp * pp) or model.heads % tp or (model.kv_heads % tp and tp % model.kv_heads):
            continue
        if pp > model.layers or (cp > 1 and spec.sequence_length % (2 * cp)):
            continue
        dp = gpus // (tp * cp * pp)
        if batch % dp:
            continue
        for mb in range(1, batch // dp + 1):
            if (batch // dp) % mb == 0:
                found += _finer(spec, tp, cp, pp, dp, mb)
    return found


def _finer(spec: TrainingSpec, tp: int, cp: int, pp: int, dp: int, mb: int) -> list[Layout]:
    schedules = [("1f1b", 1)]
    if pp > 1:
        schedules.append(("gpipe", 1))
        if spec.model.layers % pp == 0:
            held = spec.model.layers // pp
            schedules += [("interleaved", v) for v in range(2, held + 1) if held % v == 0]
    return [
        Layout(tp, cp, pp, dp, mb, sp, schedule, vpp, recompute, zero)
        for sp in ([False, True] if tp > 1 else [False])
        for schedule, vpp in schedules
        for recompute in ("none", "selective", "full")
        for zero in (range(4) if dp * cp > 1 else [0])
    ]


class Oracle:
    """Seconds and bytes of layouts of one spec."""

    def __init__(self, spec: TrainingSpec) -> None:
        node, gpu = spec.hardware.node, spec.hardware.node.gpu
        self.spec, self.model, self.gpus, self.domain = spec, spec.model, spec.hardware.gpus, node.gpus
        pace = 1 + C.straggler_spread * math.sqrt(2 * math.log(self.gpus))
        self.rate = gpu.peak(spec.precision) * gpu.achievable_compute / pace
        self.hbm = gpu.memory_bytes_per_s * gpu.achievable_memory / pace
        self.near, self.near_latency = node.link.bytes_per_s * node.link.achievable, node.link.latency_s
        nic = node.nic
        self.far = node.nic_bytes_per_s_per_gpu * nic.achievable if nic else math.inf
        self.far_latency = nic.latency_s if nic else 0.0
        model = spec.model
        self.h, self.f, self.s, self.width = model.hidden, model.ffn, spec.sequence_length, model.heads * model.head_dim
        self.kv = 2 * model.kv_heads * model.head_dim
        self.gates = 2 if model.gated else 1
        gemms = self.h * (self.width + self.kv) + self.width * self.h + (self.gates + 1) * self.h * self.f
        norm = self.h * (2 if model.norm == "layernorm" else 1)
        self.gemm_parameters, self.norms = gemms, 2 * norm
        self.table = model.vocab * self.h

    def gemm(self, rows: float, columns: float, inner: float) -> float:
        waves = (rows * columns + C.gemm_wave_elements) / (2 * C.gemm_wave_elements)
        compute = 2 * (rows * columns + C.gemm_wave_elements) * inner / self.rate + waves * C.gemm_wave_s
        return max(compute, 2 * (rows * inner + inner * columns + rows * columns) / self.hbm)

    def gather(self, size: float, group: int, stride: int, messages: int = 1) -> float:
        if group == 1:
            return 0.0
        inside = min(max(self.domain // stride, 1), group)
        outside = math.ceil(group / inside)
        hop = self.far_latency + (inside - 1) * self.near_latency
        latency = C.collective_start_s + self.near_latency * math.log2(inside) + (outside - 1) * hop
        sent = size * (1 - 1 / inside) / self.near + size / inside * (1 - 1 / outside) / self.far
        return sent + messages * latency

    def forward(self, x: Layout) -> dict[str, float]:
        """Seconds of one layer and micro-batch."""
        tokens = x.mb * self.s / x.cp
        kv_cut = min(x.tp, self.model.kv_heads)
        products = (
            self.gemm(tokens, self.width / x.tp + self.kv / kv_cut, self.h)
            + self.gemm(tokens, self.h, self.width / x.tp)
            + self.gemm(tokens, self.gates * self.f / x.tp, self.h)
            + self.gemm(tokens, self.h, self.f / x.tp)
        )
        flops = 2 * self.s**2 * self.width * x.mb / (x.tp * x.cp)
        slower = 1 + C.attention_half_length * x.cp / self.s
        forward = flops * slower / (self.rate_16() * C.attention_forward)
        backward = 2.5 * flops * slower / (self.rate_16() * C.attention_backward)
        rotated = 0 if self.model.learned_positions else 4 * (self.width + self.kv / 2)
        moved = 2 * 10 * self.h * tokens / (x.tp if x.sp else 1)
        moved += (2 * (self.gates + 1) * self.f + rotated) * tokens / x.tp
        elementwise = moved * C.elementwise_passes / self.hbm
        reduction = 2 * self.gather(2 * tokens * self.h, x.tp, 1) * C.tensor_exposed
        if x.sp and x.tp <= self.domain and self.spec.software.overlap:
            # Two collectives a layer, mostly beside the products.
            reduction -= (1 - C.overlap_tax) * min(C.tensor_overlap * reduction, products / 2)
        exchange = self.gather(2 * x.mb * self.s * self.kv / kv_cut, x.cp, x.tp)
        kernels = 4 + 1 + 16
        issue = kernels * C.dispatch_s + 2 * (2 if x.sp else 1) * math.log2(x.tp) * C.collective_issue_s
        ahead = products + forward + elementwise
        behind = 2 * (products + elementwise) + backward
        return {
            "forward": ahead, "backward": behind, "selective": elementwise, "tensor": 2 * reduction,
            "cp_forward": self.beside(exchange, forward), "cp_backward": self.beside(2 * exchange, backward),
            "launch_forward": kernels * C.kernel_gap_s + max(issue - ahead - 2 * reduction, 0),
            "launch_backward": 2 * kernels * C.kernel_gap_s + max(issue - behind - 2 * reduction, 0),
        }  # fmt: skip

    def rate_16(self) -> float:
        gpu = self.spec.hardware.node.gpu
        return self.rate * gpu.peak("bf16") / gpu.peak(self.spec.precision)

    @staticmethod
    def beside(traffic: float, attention: float) -> float:
        left = max(traffic - C.attention_overlap * attention, 0)
        return left + C.overlap_tax * (traffic - left)

    def held(self, pp: int) -> list[int]:
        most = -(-self.model.layers // pp)
        counts = [most] * pp
        order = [pp - 1, 0, *reversed(range(1, pp - 1))]
        for stage in order[: pp * most - self.model.layers]:
            counts[stage] -= 1
        return counts

    def step(self, x: Layout) -> float:
        """Seconds of a step."""
        layer = self.forward(x)
        full = x.recompute == "full"
        again = layer["forward"] if full else layer["selective"] if x.recompute == "selective" else 0.0
        one = layer["forward"] + layer["backward"] + again + (2 + full) * layer["tensor"]
        one += layer["cp_forward"] * (1 + full) + layer["cp_backward"]
        one += layer["launch_forward"] * (1 + full) + layer["launch_backward"]
        tokens = x.mb * self.s / x.cp
        head = 3 * self.head_gemm(tokens, x.tp) + 22 * C.loss_passes * tokens * self.model.vocab / x.tp / self.hbm
        head += 2 * self.gather(2 * tokens * self.h, x.tp, 1)
        embed = 6 * self.h * tokens / self.hbm
        send, sends = self.transfers(x, tokens)
        held = self.held(x.pp)
        stages = [count * one for count in held]
        stages[-1] += head
        m = self.spec.global_batch // (x.dp * x.mb)
        slow = max(stages) + send
        if x.pp == 1:
            steady, bubble = m * (slow + 2 * embed), 0.0
        else:
            # Both ends of the embedding's table are outside of the slowest stage and stand in the pipeline's fill.
            steady, others = m * slow, sum(stages) + sends + 2 * embed - slow
            short = (x.vpp - 1) * (x.pp - m % x.pp) if x.vpp > 1 and m % x.pp else 0
            bubble = (others + short * slow) / x.vpp
        ahead = max(held) * (layer["forward"] + layer["tensor"] + layer["cp_forward"] + layer["launch_forward"])
        data = self.data(x, max(held), ahead, max(held) * one - ahead, m)
        return steady + bubble + data + C.step_overhead_s

    def head_gemm(self, tokens: float, tp: int) -> float:
        keep, self.rate = self.rate, self.rate_16()
        seconds = self.gemm(tokens, self.model.vocab / tp, self.h)
        self.rate = keep
        return seconds

    def transfers(self, x: Layout, tokens: float) -> tuple[float, float]:
        """Seconds of the slowest stage's sends and of all stages' for a micro-batch."""
        if x.pp == 1:
            return 0.0, 0.0
        size = 2 * self.h * tokens / x.tp
        shown = C.pipeline_exposed if self.spec.software.overlap else 1.0
        gathered = 0.0 if x.sp else self.gather(2 * tokens * self.h, x.tp, 1)
        near = (size / self.near + self.near_latency) * shown + gathered
        far = (size / self.far + self.far_latency) * shown + gathered if self.far else near
        # A hop leaves its node where the last rank of a stage and the first of the next are in different ones.
        ranks = self.gpus // x.pp
        uneven = self.gpus > self.domain and self.domain % ranks != 0
        hops = [far if uneven or (s + 1) * ranks % self.domain == 0 else near for s in range(x.pp - 1)]
        both = [hops[max(s - 1, 0)] + hops[min(s, x.pp - 2)] for s in range(x.pp)]
        return x.vpp * max(both), x.vpp * sum(both)

    def parameters(self, x: Layout, layers: int, *, embedding: bool, head: bool) -> float:
        kv = self.h * self.kv
        layer = (self.gemm_parameters - kv) / x.tp + kv / min(x.tp, self.model.kv_heads) + self.norms
        return layers * layer + (embedding + head) * self.table / x.tp

    def data(self, x: Layout, layers: int, ahead: float, behind: float, m: int) -> float:
        parameters = self.parameters(x, layers, embedding=True, head=x.pp == 1)
        copies = x.dp * x.cp
        messages = layers if x.zero == 3 else 1
        gather = self.gather(2 * parameters, copies, x.tp, messages)
        reduce = self.gather(self.spec.software.gradient_bytes * parameters, copies, x.tp, messages)

        def exposed(traffic: float, cover: float) -> float:
            after = max(traffic / layers, traffic - (cover if self.spec.software.overlap else 0.0))
            return after + C.overlap_tax * (traffic - after)

        g, w = C.gradient_overlap, C.weight_overlap
        seconds = {
            0: exposed(2 * reduce, g * behind),
            1: exposed(reduce, g * behind) + exposed(gather, w * ahead),
            2: m * exposed(reduce, g * behind) + exposed(gather, w * ahead),
            3: m * (exposed(gather, w * ahead) + exposed(gather + reduce, w * behind)),
        }[x.zero]
        updated = parameters / copies if x.zero else parameters
        return seconds + updated * 30 * C.optimizer_passes / self.hbm

    def memory(self, x: Layout) -> float:
        """Bytes of the fullest of all stages."""
        return max(self.stage(x, number, count) for number, count in enumerate(self.held(x.pp)))

    def stage(self, x: Layout, number: int, layers: int) -> float:
        copies, last = x.dp * x.cp, number == x.pp - 1
        parameters = self.parameters(x, layers, embedding=number == 0, head=last)
        cut = [copies if x.zero >= level else 1 for level in (3, 2, 1)]
        states = parameters * (2 / cut[0] + self.spec.software.gradient_bytes / cut[1] + 12 / cut[2])
        m = self.spec.global_batch // (x.dp * x.mb)
        if x.schedule == "gpipe":
            flying: float = m
        elif x.schedule == "interleaved":
            flying = min(m * x.vpp, 2 * (x.pp - number - 1) + (x.vpp - 1) * x.pp + 1) / x.vpp
        else:
            flying = min(m, x.pp - number)
        kept, whole = self.stored(x, x.recompute), self.stored(x, "none")
        tokens, along = x.mb * self.s / x.cp, x.tp if x.sp else 1
        layer = self.parameters(x, 1, embedding=False, head=False)
        mlp, attention = 2 * (self.gates + 1) * self.f, 8 * self.width + 2 * self.kv
        working = whole - kept + tokens * (max(mlp, attention) / x.tp + 4 * self.h) + (6 * layer if x.zero >= 2 else 0)
        entry = 4 * self.h * tokens / along
        waiting = m - 1 if x.schedule == "gpipe" else 0
        logits = C.logits_held * (6 + 4 * waiting) * tokens * self.model.vocab / x.tp + (1 + waiting) * entry
        logits *= last
        alive = flying * layers * kept + max(logits, working)
        gathered = C.weight_buffers * 2 * layer if x.zero == 3 else 0.0
        gathered += 2 * self.parameters(x, 0, embedding=number == 0, head=last) if x.zero == 3 else 0.0
        return states + alive * (1 + C.fragmentation) + gathered + C.context_bytes

    def stored(self, x: Layout, recompute: str) -> float:
        tokens, along = x.mb * self.s / x.cp, x.tp if x.sp else 1
        if recompute == "full":
            return 2 * self.h * tokens / along
        sequence = 4 * self.h + (4 * self.h if recompute == "none" else 0)
        tensor = 4 * self.width + 4 * self.model.heads + 2 * self.gates * self.f
        tensor += 2 * self.f if recompute == "none" else 0
        return tokens * (sequence / along + tensor / x.tp + 2 * self.kv / min(x.tp, self.model.kv_heads))

    def cost(self, seconds: float) -> float:
        """Dollars of a step."""
        price = price_of(self.spec.hardware.node)
        return seconds * self.gpus * (price.usd_per_gpu_hour if price else 0.0) / 3600
