"""DeepSpeed: a plan as its JSON file, and the Hugging Face Trainer's arguments for what the file does not hold."""

import json

from solvers.documents import Document
from solvers.exports.refuse import Rule, check, layout, unsaid
from solvers.exports.shell import Argument, Need, Raw, arguments, counted, needs, script
from solvers.training.exports.planned import Planned, planned
from solvers.training.exports.wanted import SAVES, STEPS

CONFIG, LAUNCH = "deepspeed.json", "deepspeed.sh"
SAID = ("optimizer_offload", "quantized_weights", "quantized_gradients")


def write(result: Document) -> dict[str, str]:
    """The files. CannotExpress where DeepSpeed's configuration has no words for a part of the plan."""
    plan = planned(result)
    check(rules(plan))
    return {CONFIG: json.dumps(document(plan), indent=2) + "\n", LAUNCH: _launch(plan)}


def rules(plan: Planned) -> list[Rule]:
    """What the configuration file cannot say."""
    return [
        Rule(
            plan.pp > 1,
            layout("pp"),
            f"DeepSpeed builds its {plan.pp} stages ({plan.schedule}) in the model's code, not in its configuration.",
            "Plan again with `options: {forbid: [pp]}`.",
        ),
        Rule(
            plan.cp > 1,
            layout("cp"),
            "DeepSpeed has no context parallelism.",
            "Plan again with `options: {forbid: [cp]}`.",
        ),
        Rule(
            plan.ep > 1,
            layout("ep"),
            "DeepSpeed places experts in the model's code, not in its configuration.",
            "Plan again with `options: {forbid: [ep]}`.",
        ),
        Rule(
            plan.sequence_parallel,
            layout("sequence_parallel"),
            "DeepSpeed's tensor parallelism keeps the whole sequence.",
            "Plan again with `options: {forbid: [sequence_parallel]}`.",
        ),
        Rule(
            plan.tp > 1 and plan.zero == 3,
            layout("zero"),
            "DeepSpeed does not shard weights (ZeRO-3) under tensor parallelism.",
            "Plan again with `options: {forbid: [zero3]}`.",
        ),
        Rule(
            plan.recompute == "selective",
            layout("recompute"),
            "The Trainer recomputes whole layers or nothing.",
            "Plan again with `options: {forbid: [recompute_selective]}`.",
        ),
        Rule(
            plan.precision in ("fp8", "fp4"), "/spec/precision", f"DeepSpeed's configuration has no {plan.precision}."
        ),
        *unsaid(plan.rare, said=SAID, framework="DeepSpeed's configuration"),
        Rule(plan.dropout, "/spec/software/dropout", "Dropout is the model's own setting, not DeepSpeed's."),
        Rule(
            not plan.published_as and not _llama(plan),
            "/spec/model",
            "The Trainer builds models that are published, or shaped as Llama.",
        ),
    ]


def document(plan: Planned) -> Document:
    """The configuration: what the plan fixes, and nothing else."""
    found: Document = {
        "train_batch_size": plan.global_batch,
        "train_micro_batch_size_per_gpu": plan.micro_batch,
        "gradient_accumulation_steps": plan.micro_batches,
        "bf16": {"enabled": plan.precision == "bf16"},
        "fp16": {"enabled": plan.precision == "fp16"},
        "data_types": {"grad_accum_dtype": "fp32" if plan.gradient_bytes == 4 else plan.precision},
        "zero_optimization": {
            "stage": plan.zero,
            "overlap_comm": plan.overlap,
            "contiguous_gradients": True,
            **(
                {"offload_optimizer": {"device": "cpu", "pin_memory": True}} if "optimizer_offload" in plan.rare else {}
            ),
            **{f"zero_{name}": True for name in SAID[1:] if name in plan.rare},
        },
    }
    return found if plan.tp == 1 else {**found, "tensor_parallel": {"autotp_size": plan.tp}}


def _llama(plan: Planned) -> bool:
    """Whether LlamaConfig can say the model."""
    model = plan.model
    odd = (model.moe, model.mla, model.mamba, model.linear, model.window, model.pattern, model.qkv_bias, model.mlp_bias)
    return not any(odd) and model.gated and model.norm == "rmsnorm" and model.norms == 2 and not model.qk_norm


def _model(plan: Planned) -> list[Argument]:
    if plan.published_as:
        return [("--config_name", plan.published_as)]
    model = plan.model
    sizes = {
        "hidden_size": model.hidden,
        "intermediate_size": model.ffn,
        "num_hidden_layers": model.layers,
        "num_attention_heads": model.heads,
        "num_key_value_heads": model.kv_heads,
        "head_dim": model.head_dim,
        "vocab_size": model.vocab,
        "max_position_embeddings": max(model.context, plan.sequence_length),
        "tie_word_embeddings": str(model.tied_embeddings),
    }
    told = ",".join(f"{name}={value}" for name, value in sizes.items())
    return [("--model_type", "llama"), ("--config_overrides", Raw(f'"{told},rope_theta=${{ROTARY_BASE}}"'))]


def _launch(plan: Planned) -> str:
    saves, steps = counted("SAVE_INTERVAL", plan.save_every, SAVES), counted("TRAIN_STEPS", plan.steps, STEPS)
    wanted: list[Need] = [
        ("TRAIN_SCRIPT", "run_clm.py of the transformers examples, or a script that takes its arguments"),
        ("TOKENIZER", "name or folder of a Hugging Face tokenizer"),
        ("DATASET", "name of a Hugging Face dataset"),
        ("CHECKPOINT_DIR", "folder for checkpoints that all nodes share"),
        ("LR", "peak learning rate"),
        *saves[0],
        *steps[0],
    ]
    if not plan.published_as:
        wanted.append(("ROTARY_BASE", "base of the rotary embedding, rope_theta in the config.json of the model"))
    if plan.nodes > 1:
        wanted += [("MASTER_ADDR", "address of node 0"), ("NODE_RANK", f"number of this node, 0 to {plan.nodes - 1}")]
    attention = {"unfused": "eager"}.get(plan.attention, "flash_attention_2")
    training: list[Argument] = [
        *_model(plan),
        ("--tokenizer_name", Raw('"${TOKENIZER}"')),
        ("--dataset_name", Raw('"${DATASET}"')),
        ("--do_train",),
        ("--deepspeed", Raw(f'"${{HERE}}/{CONFIG}"')),
        ("--per_device_train_batch_size", str(plan.micro_batch)),
        ("--gradient_accumulation_steps", str(plan.micro_batches)),
        ("--block_size", str(plan.sequence_length)),
        ("--max_steps", Raw('"${TRAIN_STEPS}"')),
        (f"--{plan.precision}",),
        ("--attn_implementation", attention),
        ("--learning_rate", Raw('"${LR}"')),
        ("--save_steps", Raw('"${SAVE_INTERVAL}"')),
        ("--output_dir", Raw('"${CHECKPOINT_DIR}"')),
        *([("--gradient_checkpointing",)] if plan.recompute == "full" else []),
    ]
    where = ' --node-rank "${NODE_RANK}" --master-addr "${MASTER_ADDR}"' if plan.nodes > 1 else ""
    return script(
        [f"DeepSpeed: {plan.title}, {plan.label}. Run it on every node, beside {CONFIG}."],
        needs(wanted),
        "\n".join(['HERE="$(cd "$(dirname "$0")" && pwd)"', *steps[1], *saves[1]]),
        arguments("TRAINING", training),
        "exec torchrun \\\n"
        f"  --nnodes {plan.nodes} --nproc-per-node {plan.gpus_per_node}{where}"
        ' --master-port "${MASTER_PORT:-29500}" \\\n'
        '  "${TRAIN_SCRIPT}" "${TRAINING[@]}"',
    )
