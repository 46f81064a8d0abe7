#!/usr/bin/env bash
# DeepSpeed: your own model, TP1 PP1 DP16 mb4 full ZeRO-2. Run it on every node, beside deepspeed.json.
set -euo pipefail

: "${TRAIN_SCRIPT:?is not set: run_clm.py of the transformers examples, or a script that takes its arguments}"
: "${TOKENIZER:?is not set: name or folder of a Hugging Face tokenizer}"
: "${DATASET:?is not set: name of a Hugging Face dataset}"
: "${CHECKPOINT_DIR:?is not set: folder for checkpoints that all nodes share}"
: "${LR:?is not set: peak learning rate}"
: "${SAVE_INTERVAL:?is not set: steps between checkpoints}"
: "${TRAIN_STEPS:?is not set: optimizer steps; the spec has no tokens to count them from}"
: "${ROTARY_BASE:?is not set: base of the rotary embedding, rope_theta in the config.json of the model}"
: "${MASTER_ADDR:?is not set: address of node 0}"
: "${NODE_RANK:?is not set: number of this node, 0 to 1}"

HERE="$(cd "$(dirname "$0")" && pwd)"

TRAINING=(
  --model_type llama
  --config_overrides "hidden_size=2048,intermediate_size=8192,num_hidden_layers=16,num_attention_heads=32,num_key_value_heads=8,head_dim=64,vocab_size=32000,max_position_embeddings=2048,tie_word_embeddings=False,rope_theta=${ROTARY_BASE}"
  --tokenizer_name "${TOKENIZER}"
  --dataset_name "${DATASET}"
  --do_train
  --deepspeed "${HERE}/deepspeed.json"
  --per_device_train_batch_size 4
  --gradient_accumulation_steps 1
  --block_size 2048
  --max_steps "${TRAIN_STEPS}"
  --bf16
  --attn_implementation flash_attention_2
  --learning_rate "${LR}"
  --save_steps "${SAVE_INTERVAL}"
  --output_dir "${CHECKPOINT_DIR}"
  --gradient_checkpointing
)

exec torchrun \
  --nnodes 2 --nproc-per-node 8 --node-rank "${NODE_RANK}" --master-addr "${MASTER_ADDR}" --master-port "${MASTER_PORT:-29500}" \
  "${TRAIN_SCRIPT}" "${TRAINING[@]}"
