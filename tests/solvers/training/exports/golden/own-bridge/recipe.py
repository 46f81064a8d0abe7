"""Megatron-Bridge recipe: your own model, TP1 PP1 DP16 mb4 full ZeRO-2.

Run on every node: torchrun --nnodes 2 --nproc-per-node 8 \\
  --node-rank "$NODE_RANK" --master-addr "$MASTER_ADDR" recipe.py
"""

import os
import sys

WANTED = {
    "DATA_PATH": "prefix of the tokenised data that tools/preprocess_data.py of Megatron-LM writes",
    "TOKENIZER": "name or folder of a Hugging Face tokenizer",
    "CHECKPOINT_DIR": "folder for checkpoints that all nodes share",
    "LR": "peak learning rate",
    "SAVE_INTERVAL": "steps between checkpoints",
    "TRAIN_STEPS": "optimizer steps; the spec has no tokens to count them from",
    "ROTARY_BASE": "base of the rotary embedding, rope_theta in the config.json of the model",
}
missing = [f"{name} is not set: {what}." for name, what in WANTED.items() if not os.environ.get(name)]
if missing:
    sys.exit("\n".join(missing))

import torch
import torch.nn.functional as F
from megatron.bridge.models.gpt_provider import GPTModelProvider
from megatron.bridge.recipes.utils.optimizer_utils import distributed_fused_adam_with_cosine_annealing
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

NODES, GPUS_PER_NODE = 2, 8
STEPS = int(os.environ["TRAIN_STEPS"])


def recipe() -> ConfigContainer:
    """The planned run."""
    model = GPTModelProvider(
        num_layers=16,
        hidden_size=2048,
        ffn_hidden_size=8192,
        num_attention_heads=32,
        num_query_groups=8,
        kv_channels=64,
        vocab_size=32000,
        normalization="RMSNorm",
        gated_linear_unit=True,
        activation_func=F.silu,
        add_bias_linear=False,
        add_qkv_bias=False,
        qk_layernorm=False,
        share_embeddings_and_output_weights=False,
        position_embedding_type="rope",
        rotary_base=int(float(os.environ["ROTARY_BASE"])),
    )
    model.seq_length = 2048
    model.tensor_model_parallel_size = 1
    model.pipeline_model_parallel_size = 1
    model.virtual_pipeline_model_parallel_size = None
    model.pipeline_model_parallel_layout = None
    model.pipeline_dtype = torch.bfloat16
    model.context_parallel_size = 1
    model.sequence_parallel = False
    model.mtp_num_layers = None
    model.recompute_granularity = "full"
    model.recompute_method = "uniform"
    model.recompute_num_layers = 1
    model.recompute_modules = None
    model.attention_backend = AttnBackend.flash
    model.attention_dropout = 0.0
    model.hidden_dropout = 0.0
    optimizer, scheduler = distributed_fused_adam_with_cosine_annealing(
        precision="bf16-mixed",
        lr_warmup_iters=min(2000, STEPS // 10),
        lr_decay_iters=STEPS,
        max_lr=float(os.environ["LR"]),
    )
    optimizer.use_distributed_optimizer = True
    return ConfigContainer(
        model=model,
        train=TrainingConfig(train_iters=STEPS, global_batch_size=64, micro_batch_size=4),
        optimizer=optimizer,
        scheduler=scheduler,
        ddp=DistributedDataParallelConfig(
            use_distributed_optimizer=True,
            grad_reduce_in_fp32=True,
            overlap_grad_reduce=True,
            overlap_param_gather=True,
            use_megatron_fsdp=True,
            data_parallel_sharding_strategy="optim_grads",
        ),
        dist=DistributedInitConfig(use_megatron_fsdp=True),
        dataset=GPTDatasetConfig(
            random_seed=1234,
            reset_attention_mask=False,
            reset_position_ids=False,
            eod_mask_loss=False,
            seq_length=2048,
            blend=([os.environ["DATA_PATH"]], None),
            split="99,1,0",
            dataloader_type="single",
            skip_getting_attention_mask_from_dataset=True,
        ),
        tokenizer=TokenizerConfig(tokenizer_type="HuggingFaceTokenizer", tokenizer_model=os.environ["TOKENIZER"]),
        checkpoint=CheckpointConfig(
            save=os.environ["CHECKPOINT_DIR"],
            load=os.environ["CHECKPOINT_DIR"],
            save_interval=int(os.environ["SAVE_INTERVAL"]),
            ckpt_format="fsdp_dtensor",
        ),
        logger=LoggerConfig(log_interval=1, log_throughput=True),
        rng=RNGConfig(),
        mixed_precision="bf16_mixed",
    )


if __name__ == "__main__":
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world != NODES * GPUS_PER_NODE:
        sys.exit(f"The plan is for {NODES} x {GPUS_PER_NODE} GPUs; torchrun started {world} processes.")
    pretrain(config=recipe(), forward_step_func=forward_step)
