"""Megatron-LM: a plan as the arguments of `pretrain_gpt.py` behind `torchrun`, one node a call.

Arguments are those of Megatron core 0.16, whose parser reads the golden files.
"""

from solvers.documents import Document
from solvers.exports.refuse import Rule, check, layout, unsaid
from solvers.exports.shell import Argument, Need, Raw, arguments, counted, needs, script
from solvers.training.exports import megatron_model, megatron_tuned
from solvers.training.exports.planned import Planned, planned
from solvers.training.exports.wanted import RATE, SAVES, STEPS

FILE = "megatron.sh"
# FSDP inside Megatron shards what ZeRO-2 and ZeRO-3 shard.
COPIES = {"ring": "p2p", "all_gather": "all_gather", "all_to_all": "a2a"}
SAID = ("cp_mode", "recompute_layers", "optimizer_offload", "expert_overlap", "tensor_overlap")
SHARDING = {2: "optim_grads", 3: "optim_grads_params"}


def write(result: Document) -> dict[str, str]:
    """One script. CannotExpress where Megatron-LM has no words for a part of the plan."""
    plan = planned(result)
    check(rules(plan))
    return {FILE: text(plan)}


def rules(plan: Planned) -> list[Rule]:
    """What Megatron-LM cannot say."""
    uneven_micro_batches = plan.vpp > 1 and plan.micro_batches % plan.pp > 0
    return [
        Rule(plan.schedule not in ("1f1b", "interleaved"), layout("schedule"), _schedule(plan)),
        Rule(
            plan.zero > 1 and plan.pp > 1,
            layout("zero"),
            f"Megatron-LM does not shard {'weights' if plan.zero == 3 else 'gradients'} (ZeRO-{plan.zero}) of stages"
            " of a pipeline.",
            "Plan again with `options: {forbid: [zero2, zero3]}`, or with `fix: {pp: 1}`.",
        ),
        Rule(
            uneven_micro_batches,
            layout("vpp"),
            f"Interleaved stages want micro-batches in groups of {plan.pp}; the plan has {plan.micro_batches}.",
            "Plan again with `options: {forbid: [interleaved]}`, or with another global batch.",
        ),
        Rule(
            plan.experts > 0 and plan.tp > 1 and not plan.sequence_parallel,
            layout("sequence_parallel"),
            "Megatron-LM's experts under tensor parallelism want sequence parallelism.",
            "Plan again with `options: {fix: {sequence_parallel: true}}`.",
        ),
        Rule(
            plan.precision == "fp8" and not _nvidia(plan), "/spec/precision", "FP8 is Transformer Engine's, on NVIDIA."
        ),
        *_rare_rules(plan),
        *megatron_model.rules(plan),
    ]


def _rare_rules(plan: Planned) -> list[Rule]:
    layers = plan.rare.get("recompute_layers", 0)
    return [
        *unsaid(plan.rare, said=SAID, framework="Megatron-LM"),
        Rule(
            layers > 0 and (plan.recompute != "none" or layers % plan.vpp > 0),
            layout("recompute_layers"),
            "Megatron-LM recomputes whole layers of every chunk alike, and then nothing else.",
        ),
        Rule(
            "expert_overlap" in plan.rare and plan.pp > 1 and plan.vpp == 1,
            layout("expert_overlap"),
            "Megatron-LM overlaps the exchange with experts in interleaved pipelines, or without one.",
        ),
    ]


def text(plan: Planned) -> str:
    """The script."""
    return script(
        [
            f"Megatron-LM: {plan.title}, {plan.label}, on {plan.nodes} x {plan.gpus_per_node} {plan.gpu.shown}.",
            "Run it on every node; NODE_RANK tells nodes apart, MASTER_ADDR is the address of node 0.",
            *notes(plan),
        ],
        needs(wanted(plan)),
        "\n".join([*_defaults(plan), *megatron_tuned.lines(plan.tuned), _connections(plan)]),
        *(arguments(name, given) for name, given in groups(plan)),
        _launch(plan),
    )


def notes(plan: Planned) -> list[str]:
    """Where the file does more or less than the plan."""
    if plan.recompute == "selective" and "mlp" in modules(plan):
        return [
            "Megatron-LM cannot recompute the activation of a dense feed-forward layer alone: it recomputes the layer,",
            "which takes less memory than planned and a longer step.",
        ]
    return []


def wanted(plan: Planned) -> list[Need]:
    """What the plan does not know and nothing starts without."""
    found: list[Need] = [
        ("MEGATRON_DIR", "folder of a Megatron-LM checkout"),
        ("DATA_PATH", "prefix of the tokenised data that tools/preprocess_data.py of Megatron-LM writes"),
        ("TOKENIZER", "name or folder of a Hugging Face tokenizer"),
        ("CHECKPOINT_DIR", "folder for checkpoints that all nodes share"),
        *_counts(plan)[0],
    ]
    if not plan.model.learned_positions:
        found.append(("ROTARY_BASE", "base of the rotary embedding, rope_theta in the config.json of the model"))
    if plan.nodes > 1:
        found += [("MASTER_ADDR", "address of node 0"), ("NODE_RANK", f"number of this node, 0 to {plan.nodes - 1}")]
    return found


def groups(plan: Planned) -> list[tuple[str, list[Argument]]]:
    """All arguments, by subject."""
    return [
        ("MODEL", megatron_model.arguments(plan)),
        ("LAYOUT", _layout(plan)),
        ("MEMORY", _memory(plan)),
        ("NUMBERS", _numbers(plan)),
        ("TRAINING", _training(plan)),
        *([("TUNING", megatron_tuned.arguments(plan.tuned))] if plan.tuned else []),
    ]


def _schedule(plan: Planned) -> str:
    return f"Megatron-LM runs 1F1B and interleaved pipelines, no {plan.schedule}."


def _layout(plan: Planned) -> list[Argument]:
    found: list[Argument] = [
        ("--tensor-model-parallel-size", str(plan.tp)),
        ("--pipeline-model-parallel-size", str(plan.pp)),
        ("--context-parallel-size", str(plan.cp)),
    ]
    if plan.layers_evenly and plan.vpp > 1:
        found.append(("--num-layers-per-virtual-pipeline-stage", str(plan.layers_per_stage[0] // plan.vpp)))
    elif not plan.layers_evenly:
        found.append(("--pipeline-model-parallel-layout", stages(plan)))
    if plan.sequence_parallel:
        found.append(("--sequence-parallel",))
    found += [("--cp-comm-type", COPIES[plan.rare["cp_mode"]])] if "cp_mode" in plan.rare else []
    found += [("--tp-comm-overlap",)] if "tensor_overlap" in plan.rare else []
    found += [("--overlap-moe-expert-parallel-comm",)] if "expert_overlap" in plan.rare else []
    if plan.experts:
        found.append(("--expert-model-parallel-size", str(plan.ep)))
        found.append(("--expert-tensor-parallel-size", str(1 if plan.ep > 1 else plan.tp)))
    return found


def stages(plan: Planned) -> str:
    """Layers of each chunk, in Megatron-LM's letters: E embedding, t layer, m multi-token prediction, L loss."""
    parts = ["t" * layers for layers in plan.layers_per_chunk]
    parts[0] = "E" + parts[0]
    parts[-1] += "m" * plan.model.mtp_layers + "L"
    return "|".join(parts)


def _memory(plan: Planned) -> list[Argument]:
    """Sharding of the model's state, and recomputation."""
    found: list[Argument] = []
    if plan.zero:
        found.append(("--use-distributed-optimizer",))
    if plan.zero in SHARDING:
        found += [
            ("--use-megatron-fsdp",),
            ("--data-parallel-sharding-strategy", SHARDING[plan.zero]),
            ("--ckpt-format", "fsdp_dtensor"),
            ("--no-gradient-accumulation-fusion",),
        ]
    else:
        found.append(("--ckpt-format", "torch_dist"))
    if plan.overlap and plan.dp * plan.cp > 1:
        found.append(("--overlap-grad-reduce",))
        found += [("--overlap-param-gather",)] if plan.zero else []
    if "optimizer_offload" in plan.rare:
        found += [
            ("--optimizer-cpu-offload",),
            ("--optimizer-offload-fraction", "1.0"),
            ("--use-precision-aware-optimizer",),
        ]
    if layers := plan.rare.get("recompute_layers"):
        found += [
            ("--recompute-granularity", "full"),
            ("--recompute-method", "block"),
            ("--recompute-num-layers", str(layers // plan.vpp)),
        ]
    elif plan.recompute == "full":
        found += [
            ("--recompute-granularity", "full"),
            ("--recompute-method", "uniform"),
            ("--recompute-num-layers", "1"),
        ]
    elif plan.recompute == "selective":
        found += [("--recompute-granularity", "selective"), ("--recompute-modules", *modules(plan))]
    return found


def modules(plan: Planned) -> list[str]:
    """What selective recomputation computes again: scores that are kept, or else norms and activations."""
    if plan.attention == "unfused":
        return ["core_attn"]
    moe = plan.model.moe
    return [
        "layernorm",
        *(["mlp"] if plan.model.mlp_layers else []),
        *(["moe_act"] if moe else []),
        *(["shared_experts"] if moe and moe.shared_ffn else []),
    ]


def _numbers(plan: Planned) -> list[Argument]:
    """Precision of products, gradients and attention."""
    found: list[Argument] = [("--fp16",) if plan.precision == "fp16" else ("--bf16",)]
    if plan.precision == "fp8":
        recipe = ("e4m3", "mxfp8") if plan.blackwell else ("hybrid", "tensorwise")
        found += [("--fp8-format", recipe[0]), ("--fp8-recipe", recipe[1])]
    elif plan.precision == "fp4":
        found += [("--fp4-format", "e2m1"), ("--fp4-recipe", "nvfp4")]
    if plan.gradient_bytes == 4:
        found.append(("--accumulate-allreduce-grads-in-fp32",))
    elif plan.precision != "fp16":
        found.append(("--grad-reduce-in-bf16",))
    dropout = "0.1" if plan.dropout else "0.0"
    return [
        *found,
        ("--attention-backend", "unfused" if plan.attention == "unfused" else "flash"),
        ("--attention-dropout", dropout),
        ("--hidden-dropout", dropout),
    ]


def _training(plan: Planned) -> list[Argument]:
    return [
        ("--micro-batch-size", str(plan.micro_batch)),
        ("--global-batch-size", str(plan.global_batch)),
        ("--train-iters", Raw('"${TRAIN_STEPS}"')),
        ("--lr", Raw('"${LR}"')),
        ("--data-path", Raw('"${DATA_PATH}"')),
        ("--split", "99,1,0"),
        ("--tokenizer-type", "HuggingFaceTokenizer"),
        ("--tokenizer-model", Raw('"${TOKENIZER}"')),
        *megatron_tuned.checkpoints(plan.tuned),
        ("--save-interval", Raw('"${SAVE_INTERVAL}"')),
        ("--log-interval", "1"),
        ("--log-throughput",),
    ]


def _counts(plan: Planned) -> tuple[list[Need], list[str]]:
    rate = counted("LR", plan.tuned.learning_rate if plan.tuned else None, RATE)
    steps, saves = counted("TRAIN_STEPS", plan.steps, STEPS), counted("SAVE_INTERVAL", plan.save_every, SAVES)
    return [*rate[0], *saves[0], *steps[0]], [*rate[1], *steps[1], *saves[1]]


def _defaults(plan: Planned) -> list[str]:
    one = ['MASTER_ADDR="${MASTER_ADDR:-localhost}"', 'NODE_RANK="${NODE_RANK:-0}"'] if plan.nodes == 1 else []
    return [*_counts(plan)[1], *one, 'MASTER_PORT="${MASTER_PORT:-29500}"']


def _connections(plan: Planned) -> str:
    """Megatron-LM checks it: one queue keeps tensor-parallel traffic in order, FSDP wants several."""
    return "unset CUDA_DEVICE_MAX_CONNECTIONS" if plan.zero in SHARDING else "export CUDA_DEVICE_MAX_CONNECTIONS=1"


def _nvidia(plan: Planned) -> bool:
    return plan.gpu.vendor.upper() != "AMD"


def _launch(plan: Planned) -> str:
    names = " ".join(f'"${{{name}[@]}}"' for name, _ in groups(plan))
    return (
        "exec torchrun \\\n"
        f"  --nnodes {plan.nodes} --nproc-per-node {plan.gpus_per_node} \\\n"
        '  --node-rank "${NODE_RANK}" --master-addr "${MASTER_ADDR}" --master-port "${MASTER_PORT}" \\\n'
        f'  "${{MEGATRON_DIR}}/pretrain_gpt.py" {names}'
    )
