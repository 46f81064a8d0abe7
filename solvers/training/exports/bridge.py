"""Megatron-Bridge (NeMo's successor for pretraining): a plan as a Python recipe that `torchrun` starts.

Names are those of Megatron-Bridge 0.3 to 0.6.
"""

from typing import Any

from solvers.documents import Document
from solvers.exports.refuse import Rule, check, unsaid
from solvers.exports.shell import one_line
from solvers.training.exports import megatron, megatron_model
from solvers.training.exports.planned import Planned, planned

FILE = "recipe.py"
MIXED = {
    ("bf16", False): "bf16_mixed",
    ("fp16", False): "fp16_mixed",
    ("bf16", True): "bf16_mixed",
    ("fp16", True): "fp16_mixed",
    ("fp8", False): "bf16_with_fp8_current_scaling_mixed",
    ("fp8", True): "bf16_with_mxfp8_mixed",
    ("fp4", True): "bf16_with_nvfp4_mixed",
}

RECIPE = '''"""Megatron-Bridge recipe: {title}.

{launch}
"""

import os
import sys

WANTED = {{
{wanted}
}}
missing = [f"{{name}} is not set: {{what}}." for name, what in WANTED.items() if not os.environ.get(name)]
if missing:
    sys.exit("\\n".join(missing))

import torch
{imports}
from megatron.bridge.recipes.utils.optimizer_utils import distributed_fused_adam_with_cosine_annealing{overlapped}
from megatron.bridge.training.config import (
    CheckpointConfig,
    ConfigContainer,
    DistributedDataParallelConfig,
    DistributedInitConfig,
    GPTDatasetConfig,
    LoggerConfig,
    RNGConfig,
    TokenizerConfig,
    TrainingConfig,
)
from megatron.bridge.training.gpt_step import forward_step
from megatron.bridge.training.pretrain import pretrain
from megatron.core.transformer.enums import AttnBackend

NODES, GPUS_PER_NODE = {nodes}, {gpus_per_node}
STEPS = {steps}


def recipe() -> ConfigContainer:
    """The planned run."""
    model = {model}
{settings}
    optimizer, scheduler = distributed_fused_adam_with_cosine_annealing(
        precision="{precision}",
        lr_warmup_iters=min(2000, STEPS // 10),
        lr_decay_iters=STEPS,
        max_lr=float(os.environ["LR"]),
    )
    optimizer.use_distributed_optimizer = {sharded}
    return ConfigContainer(
        model=model,
        train=TrainingConfig(train_iters=STEPS, global_batch_size={global_batch}, micro_batch_size={micro_batch}),
        optimizer=optimizer,
        scheduler=scheduler,
        ddp=DistributedDataParallelConfig(
{ddp}
        ),
        dist=DistributedInitConfig({dist}),
        dataset=GPTDatasetConfig(
            random_seed=1234,
            reset_attention_mask=False,
            reset_position_ids=False,
            eod_mask_loss=False,
            seq_length={sequence_length},
            blend=([os.environ["DATA_PATH"]], None),
            split="99,1,0",
            dataloader_type="single",
            skip_getting_attention_mask_from_dataset=True,
        ),
        tokenizer=TokenizerConfig(tokenizer_type="HuggingFaceTokenizer", tokenizer_model=os.environ["TOKENIZER"]),
        checkpoint=CheckpointConfig(
            save=os.environ["CHECKPOINT_DIR"],
            load=os.environ["CHECKPOINT_DIR"],
            save_interval={saves},
            ckpt_format="{checkpoints}",
        ),
        logger=LoggerConfig(log_interval=1, log_throughput=True),
        rng=RNGConfig(),
        mixed_precision="{mixed}",{overlap}
    )


if __name__ == "__main__":
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world != NODES * GPUS_PER_NODE:
        sys.exit(f"The plan is for {{NODES}} x {{GPUS_PER_NODE}} GPUs; torchrun started {{world}} processes.")
    pretrain(config=recipe(), forward_step_func=forward_step)
'''


def write(result: Document) -> dict[str, str]:
    """One module. CannotExpress where Megatron has no words for a part of the plan."""
    plan = planned(result)
    check(rules(plan))
    return {FILE: text(plan)}


def rules(plan: Planned) -> list[Rule]:
    """What Megatron cannot say; published models are built from their own configuration."""
    own = {rule.at for rule in megatron_model.rules(plan)} if plan.published_as else set()
    apart = ("expert_overlap", "optimizer_offload")
    latent = plan.model.mla is not None and not plan.published_as
    return [
        *(rule for rule in megatron.rules(plan) if rule.at not in own),
        *unsaid({k: v for k, v in plan.rare.items() if k in apart}, said=(), framework="The recipe"),
        Rule(latent, "/spec/model/mla", "The recipe builds latent attention of published models only."),
    ]


def text(plan: Planned) -> str:
    """The recipe."""
    precision = "fp16-mixed" if plan.precision == "fp16" else "bf16-mixed"
    return RECIPE.format(
        title=_words(f"{plan.title}, {plan.label}"),
        launch="\n".join(
            [
                f"Run on every node: torchrun --nnodes {plan.nodes} --nproc-per-node {plan.gpus_per_node} \\\\",
                '  --node-rank "$NODE_RANK" --master-addr "$MASTER_ADDR" recipe.py',
                *megatron.notes(plan),
            ]
        ),
        wanted="\n".join(f'    "{name}": "{what}",' for name, what in wanted(plan)),
        imports=_imports(plan),
        overlapped="\nfrom megatron.bridge.training.comm_overlap import CommOverlapConfig" if _overlaps(plan) else "",
        nodes=plan.nodes,
        gpus_per_node=plan.gpus_per_node,
        steps=plan.steps if plan.steps is not None else 'int(os.environ["TRAIN_STEPS"])',
        saves=_saves(plan),
        overlap="\n        comm_overlap=CommOverlapConfig(tp_comm_overlap=True)," if _overlaps(plan) else "",
        model=_model(plan),
        settings="\n".join(f"    model.{name} = {_code(value)}" for name, value in settings(plan).items()),
        precision=precision,
        sharded=plan.zero > 0,
        global_batch=plan.global_batch,
        micro_batch=plan.micro_batch,
        ddp="\n".join(f"            {name}={_code(value)}," for name, value in ddp(plan).items()),
        dist="use_megatron_fsdp=True" if plan.zero in megatron.SHARDING else "",
        sequence_length=plan.sequence_length,
        checkpoints="fsdp_dtensor" if plan.zero in megatron.SHARDING else "torch_dist",
        mixed=MIXED.get((plan.precision, plan.blackwell), "bf16_mixed"),
    )


def _overlaps(plan: Planned) -> bool:
    return "tensor_overlap" in plan.rare


def _saves(plan: Planned) -> str:
    given = '["SAVE_INTERVAL"]' if plan.save_every is None else f'.get("SAVE_INTERVAL", "{plan.save_every}")'
    return f"int(os.environ{given})"


def wanted(plan: Planned) -> list[tuple[str, str]]:
    """What the plan does not know and nothing starts without."""
    elsewhere = {"MEGATRON_DIR", "MASTER_ADDR", "NODE_RANK"} | ({"ROTARY_BASE"} if plan.published_as else set())
    return [(name, what) for name, what in megatron.wanted(plan) if name not in elsewhere]


def settings(plan: Planned) -> dict[str, Any]:
    """Attributes of the model provider that the plan fixes."""
    found: dict[str, Any] = {
        "seq_length": plan.sequence_length,
        "tensor_model_parallel_size": plan.tp,
        "pipeline_model_parallel_size": plan.pp,
        "virtual_pipeline_model_parallel_size": plan.vpp if plan.vpp > 1 else None,
        "pipeline_model_parallel_layout": None if plan.layers_evenly else megatron.stages(plan),
        "pipeline_dtype": Code("torch.float16" if plan.precision == "fp16" else "torch.bfloat16"),
        "context_parallel_size": plan.cp,
        "sequence_parallel": plan.sequence_parallel,
        "mtp_num_layers": plan.model.mtp_layers or None,
        **_recomputed(plan),
        "recompute_modules": megatron.modules(plan) if plan.recompute == "selective" else None,
        "attention_backend": Code(f"AttnBackend.{'unfused' if plan.attention == 'unfused' else 'flash'}"),
        "attention_dropout": 0.1 if plan.dropout else 0.0,
        "hidden_dropout": 0.1 if plan.dropout else 0.0,
    }
    if "cp_mode" in plan.rare:
        found["cp_comm_type"] = megatron.COPIES[plan.rare["cp_mode"]]
    if plan.experts:
        found["expert_model_parallel_size"] = plan.ep
        found["expert_tensor_parallel_size"] = 1 if plan.ep > 1 else plan.tp
    return found


def _recomputed(plan: Planned) -> dict[str, Any]:
    layers = plan.rare.get("recompute_layers", 0)
    full = plan.recompute == "full"
    return {
        "recompute_granularity": "full" if layers or full else None if plan.recompute == "none" else plan.recompute,
        "recompute_method": "block" if layers else "uniform" if full else None,
        "recompute_num_layers": layers // plan.vpp if layers else 1 if full else None,
    }


def ddp(plan: Planned) -> dict[str, Any]:
    """Arguments of the gradients' reduction."""
    overlap = plan.overlap and plan.dp * plan.cp > 1
    found: dict[str, Any] = {
        "use_distributed_optimizer": plan.zero > 0,
        "grad_reduce_in_fp32": plan.gradient_bytes == 4,
        "overlap_grad_reduce": overlap,
        "overlap_param_gather": overlap and plan.zero > 0,
    }
    if plan.zero in megatron.SHARDING:
        found |= {"use_megatron_fsdp": True, "data_parallel_sharding_strategy": megatron.SHARDING[plan.zero]}
    return found


class Code(str):
    """Text that is Python, not a string of it."""

    __slots__ = ()


def _code(value: Any) -> str:
    return str(value) if isinstance(value, Code) else repr(value).replace("'", '"')


def _imports(plan: Planned) -> str:
    if plan.published_as:
        return "from megatron.bridge import AutoBridge"
    functional = "" if plan.model.gated is False else "import torch.nn.functional as F\n"
    return f"{functional}from megatron.bridge.models.gpt_provider import GPTModelProvider"


def _model(plan: Planned) -> str:
    if plan.published_as:
        return f'AutoBridge.from_hf_pretrained("{plan.published_as}").to_megatron_provider(load_weights=False)'
    lines = "".join(f"        {name}={_code(value)},\n" for name, value in _sizes(plan).items())
    return f"GPTModelProvider(\n{lines}    )"


def _sizes(plan: Planned) -> dict[str, Any]:
    """Sizes of a model that is published nowhere."""
    model, moe = plan.model, plan.model.moe
    rope = not model.learned_positions
    found: dict[str, Any] = {
        "num_layers": model.layers,
        "hidden_size": model.hidden,
        "ffn_hidden_size": model.ffn or (moe.ffn if moe else 4 * model.hidden),
        "num_attention_heads": model.heads,
        "num_query_groups": model.kv_heads,
        "kv_channels": model.head_dim,
        "vocab_size": model.vocab,
        "normalization": "RMSNorm" if model.norm == "rmsnorm" else "LayerNorm",
        "gated_linear_unit": model.gated,
        **({"activation_func": Code("F.silu")} if model.gated else {}),
        "add_bias_linear": model.mlp_bias,
        "add_qkv_bias": model.qkv_bias,
        "qk_layernorm": model.qk_norm,
        "share_embeddings_and_output_weights": model.tied_embeddings,
        "position_embedding_type": "rope" if rope else "learned_absolute",
        **({"rotary_base": Code('int(float(os.environ["ROTARY_BASE"]))')} if rope else {}),
    }
    if window := model.window:
        found |= {"window_size": (window.size - 1, 0), "window_attn_skip_freq": window.full_every or None}
    if moe:
        found |= {
            "num_moe_experts": moe.experts,
            "moe_router_topk": moe.top_k,
            "moe_ffn_hidden_size": moe.ffn,
            "moe_layer_freq": [int(layer.feed_forward == "moe") for layer in model.layer_kinds],
            "moe_grouped_gemm": True,
            "moe_token_dispatcher_type": "alltoall",
            "moe_shared_expert_intermediate_size": moe.shared_ffn or None,
        }
    return found


def _words(text: str) -> str:
    """Text that cannot end the docstring it stands in."""
    return one_line(text).replace("\\", "/").replace('"', "'")
