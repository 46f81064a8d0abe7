"""Megatron-Bridge recipe: Llama 3.1 8B, TP1 PP1 DP8 mb2 full ZeRO-3.

Run on every node: torchrun --nnodes 1 --nproc-per-node 8 \\
  --node-rank "$NODE_RANK" --master-addr "$MASTER_ADDR" recipe.py
"""

import os
import sys

WANTED = {
    "DATA_PATH": "prefix of the tokenised data that tools/preprocess_data.py of Megatron-LM writes",
    "TOKENIZER": "name or folder of a Hugging Face tokenizer",
    "CHECKPOINT_DIR": "folder for checkpoints that all nodes share",
    "LR": "peak learning rate",
}
missing = [f"{name} is not set: {what}." for name, what in WANTED.items() if not os.environ.get(name)]
if missing:
    sys.exit("\n".join(missing))

import torch
from megatron.bridge import AutoBridge
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

NODES, GPUS_PER_NODE = 1, 8
STEPS = 38147


def recipe() -> ConfigContainer:
    """The planned run."""
    model = AutoBridge.from_hf_pretrained("meta-llama/Llama-3.1-8B").to_megatron_provider(load_weights=False)
    model.seq_length = 8192
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
        train=TrainingConfig(train_iters=STEPS, global_batch_size=64, micro_batch_size=2),
        optimizer=optimizer,
        scheduler=scheduler,
        ddp=DistributedDataParallelConfig(
            use_distributed_optimizer=True,
            grad_reduce_in_fp32=True,
            overlap_grad_reduce=True,
            overlap_param_gather=True,
            use_megatron_fsdp=True,
            data_parallel_sharding_strategy="optim_grads_params",
        ),
        dist=DistributedInitConfig(use_megatron_fsdp=True),
        dataset=GPTDatasetConfig(
            random_seed=1234,
            reset_attention_mask=False,
            reset_position_ids=False,
            eod_mask_loss=False,
            seq_length=8192,
            blend=([os.environ["DATA_PATH"]], None),
            split="99,1,0",
            dataloader_type="single",
            skip_getting_attention_mask_from_dataset=True,
        ),
        tokenizer=TokenizerConfig(tokenizer_type="HuggingFaceTokenizer", tokenizer_model=os.environ["TOKENIZER"]),
        checkpoint=CheckpointConfig(
            save=os.environ["CHECKPOINT_DIR"],
            load=os.environ["CHECKPOINT_DIR"],
            save_interval=int(os.environ.get("SAVE_INTERVAL", "14902")),
            ckpt_format="fsdp_dtensor",
        ),
        logger=LoggerConfig(log_interval=1, log_throughput=True),
        rng=RNGConfig(),
        mixed_precision="bf16_with_fp8_current_scaling_mixed",
    )


if __name__ == "__main__":
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world != NODES * GPUS_PER_NODE:
        sys.exit(f"The plan is for {NODES} x {GPUS_PER_NODE} GPUs; torchrun started {world} processes.")
    pretrain(config=recipe(), forward_step_func=forward_step)
