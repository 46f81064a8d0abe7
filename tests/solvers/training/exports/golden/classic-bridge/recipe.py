"""Megatron-Bridge recipe: GPT-3 175B, TP8 PP8 VPP3 DP8 SP mb1 selective ZeRO-1.

Run on every node: torchrun --nnodes 64 --nproc-per-node 8 \\
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
}
missing = [f"{name} is not set: {what}." for name, what in WANTED.items() if not os.environ.get(name)]
if missing:
    sys.exit("\n".join(missing))

import torch
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

NODES, GPUS_PER_NODE = 64, 8
STEPS = int(os.environ["TRAIN_STEPS"])


def recipe() -> ConfigContainer:
    """The planned run."""
    model = GPTModelProvider(
        num_layers=96,
        hidden_size=12288,
        ffn_hidden_size=49152,
        num_attention_heads=96,
        num_query_groups=96,
        kv_channels=128,
        vocab_size=51200,
        normalization="LayerNorm",
        gated_linear_unit=False,
        add_bias_linear=True,
        add_qkv_bias=True,
        qk_layernorm=False,
        share_embeddings_and_output_weights=True,
        position_embedding_type="learned_absolute",
    )
    model.seq_length = 2048
    model.tensor_model_parallel_size = 8
    model.pipeline_model_parallel_size = 8
    model.virtual_pipeline_model_parallel_size = 3
    model.pipeline_model_parallel_layout = None
    model.pipeline_dtype = torch.float16
    model.context_parallel_size = 1
    model.sequence_parallel = True
    model.mtp_num_layers = None
    model.recompute_granularity = "selective"
    model.recompute_method = None
    model.recompute_num_layers = None
    model.recompute_modules = ["core_attn"]
    model.attention_backend = AttnBackend.unfused
    model.attention_dropout = 0.1
    model.hidden_dropout = 0.1
    optimizer, scheduler = distributed_fused_adam_with_cosine_annealing(
        precision="fp16-mixed",
        lr_warmup_iters=min(2000, STEPS // 10),
        lr_decay_iters=STEPS,
        max_lr=float(os.environ["LR"]),
    )
    optimizer.use_distributed_optimizer = True
    return ConfigContainer(
        model=model,
        train=TrainingConfig(train_iters=STEPS, global_batch_size=1536, micro_batch_size=1),
        optimizer=optimizer,
        scheduler=scheduler,
        ddp=DistributedDataParallelConfig(
            use_distributed_optimizer=True,
            grad_reduce_in_fp32=False,
            overlap_grad_reduce=False,
            overlap_param_gather=False,
        ),
        dist=DistributedInitConfig(),
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
            ckpt_format="torch_dist",
        ),
        logger=LoggerConfig(log_interval=1, log_throughput=True),
        rng=RNGConfig(),
        mixed_precision="fp16_mixed",
    )


if __name__ == "__main__":
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world != NODES * GPUS_PER_NODE:
        sys.exit(f"The plan is for {NODES} x {GPUS_PER_NODE} GPUs; torchrun started {world} processes.")
    pretrain(config=recipe(), forward_step_func=forward_step)
