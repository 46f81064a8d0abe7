#!/usr/bin/env bash
# Megatron-LM: your own model, TP1 PP1 DP16 mb4 full ZeRO-2, on 2 x 8 NVIDIA H100 SXM 80 GB.
# Run it on every node; NODE_RANK tells nodes apart, MASTER_ADDR is the address of node 0.
set -euo pipefail

: "${MEGATRON_DIR:?is not set: folder of a Megatron-LM checkout}"
: "${DATA_PATH:?is not set: prefix of the tokenised data that tools/preprocess_data.py of Megatron-LM writes}"
: "${TOKENIZER:?is not set: name or folder of a Hugging Face tokenizer}"
: "${CHECKPOINT_DIR:?is not set: folder for checkpoints that all nodes share}"
: "${LR:?is not set: peak learning rate}"
: "${SAVE_INTERVAL:?is not set: steps between checkpoints}"
: "${TRAIN_STEPS:?is not set: optimizer steps; the spec has no tokens to count them from}"
: "${ROTARY_BASE:?is not set: base of the rotary embedding, rope_theta in the config.json of the model}"
: "${MASTER_ADDR:?is not set: address of node 0}"
: "${NODE_RANK:?is not set: number of this node, 0 to 1}"

MASTER_PORT="${MASTER_PORT:-29500}"
unset CUDA_DEVICE_MAX_CONNECTIONS

MODEL=(
  --num-layers 16
  --hidden-size 2048
  --ffn-hidden-size 8192
  --swiglu
  --num-attention-heads 32
  --kv-channels 64
  --group-query-attention
  --num-query-groups 8
  --seq-length 2048
  --position-embedding-type rope
  --rotary-base "${ROTARY_BASE}"
  --max-position-embeddings 2048
  --vocab-size 32000
  --normalization RMSNorm
  --disable-bias-linear
  --untie-embeddings-and-output-weights
)

LAYOUT=(
  --tensor-model-parallel-size 1
  --pipeline-model-parallel-size 1
  --context-parallel-size 1
)

MEMORY=(
  --use-distributed-optimizer
  --use-megatron-fsdp
  --data-parallel-sharding-strategy optim_grads
  --ckpt-format fsdp_dtensor
  --no-gradient-accumulation-fusion
  --overlap-grad-reduce
  --overlap-param-gather
  --recompute-granularity full
  --recompute-method uniform
  --recompute-num-layers 1
)

NUMBERS=(
  --bf16
  --accumulate-allreduce-grads-in-fp32
  --attention-backend flash
  --attention-dropout 0.0
  --hidden-dropout 0.0
)

TRAINING=(
  --micro-batch-size 4
  --global-batch-size 64
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
  --nnodes 2 --nproc-per-node 8 \
  --node-rank "${NODE_RANK}" --master-addr "${MASTER_ADDR}" --master-port "${MASTER_PORT}" \
  "${MEGATRON_DIR}/pretrain_gpt.py" "${MODEL[@]}" "${LAYOUT[@]}" "${MEMORY[@]}" "${NUMBERS[@]}" "${TRAINING[@]}"
