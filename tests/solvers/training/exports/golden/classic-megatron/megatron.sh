#!/usr/bin/env bash
# Megatron-LM: GPT-3 175B, TP8 PP8 VPP3 DP8 SP mb1 selective ZeRO-1, on 64 x 8 NVIDIA A100 SXM 80 GB.
# Run it on every node; NODE_RANK tells nodes apart, MASTER_ADDR is the address of node 0.
set -euo pipefail

: "${MEGATRON_DIR:?is not set: folder of a Megatron-LM checkout}"
: "${DATA_PATH:?is not set: prefix of the tokenised data that tools/preprocess_data.py of Megatron-LM writes}"
: "${TOKENIZER:?is not set: name or folder of a Hugging Face tokenizer}"
: "${CHECKPOINT_DIR:?is not set: folder for checkpoints that all nodes share}"
: "${LR:?is not set: peak learning rate}"
: "${SAVE_INTERVAL:?is not set: steps between checkpoints}"
: "${TRAIN_STEPS:?is not set: optimizer steps; the spec has no tokens to count them from}"
: "${MASTER_ADDR:?is not set: address of node 0}"
: "${NODE_RANK:?is not set: number of this node, 0 to 63}"

MASTER_PORT="${MASTER_PORT:-29500}"
export CUDA_DEVICE_MAX_CONNECTIONS=1

MODEL=(
  --num-layers 96
  --hidden-size 12288
  --ffn-hidden-size 49152
  --num-attention-heads 96
  --kv-channels 128
  --seq-length 2048
  --position-embedding-type learned_absolute
  --max-position-embeddings 2048
  --vocab-size 51200
  --normalization LayerNorm
)

LAYOUT=(
  --tensor-model-parallel-size 8
  --pipeline-model-parallel-size 8
  --context-parallel-size 1
  --num-layers-per-virtual-pipeline-stage 4
  --sequence-parallel
)

MEMORY=(
  --use-distributed-optimizer
  --ckpt-format torch_dist
  --recompute-granularity selective
  --recompute-modules core_attn
)

NUMBERS=(
  --fp16
  --attention-backend unfused
  --attention-dropout 0.1
  --hidden-dropout 0.1
)

TRAINING=(
  --micro-batch-size 1
  --global-batch-size 1536
  --train-iters "${TRAIN_STEPS}"
  --lr "${LR}"
  --data-path "${DATA_PATH}"
  --split '99,1,0'
  --tokenizer-type HuggingFaceTokenizer
  --tokenizer-model "${TOKENIZER}"
  --save "${CHECKPOINT_DIR}"
  --load "${CHECKPOINT_DIR}"
  --save-interval "${SAVE_INTERVAL}"
  --log-interval 1
  --log-throughput
)

exec torchrun \
  --nnodes 64 --nproc-per-node 8 \
  --node-rank "${NODE_RANK}" --master-addr "${MASTER_ADDR}" --master-port "${MASTER_PORT}" \
  "${MEGATRON_DIR}/pretrain_gpt.py" "${MODEL[@]}" "${LAYOUT[@]}" "${MEMORY[@]}" "${NUMBERS[@]}" "${TRAINING[@]}"
