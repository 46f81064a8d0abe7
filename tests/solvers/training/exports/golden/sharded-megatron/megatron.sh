#!/usr/bin/env bash
# Megatron-LM: Llama 3.1 8B, TP1 PP1 DP8 mb2 full ZeRO-3, on 1 x 8 NVIDIA H100 SXM 80 GB.
# Run it on every node; NODE_RANK tells nodes apart, MASTER_ADDR is the address of node 0.
set -euo pipefail

: "${MEGATRON_DIR:?is not set: folder of a Megatron-LM checkout}"
: "${DATA_PATH:?is not set: prefix of the tokenised data that tools/preprocess_data.py of Megatron-LM writes}"
: "${TOKENIZER:?is not set: name or folder of a Hugging Face tokenizer}"
: "${CHECKPOINT_DIR:?is not set: folder for checkpoints that all nodes share}"
: "${LR:?is not set: peak learning rate}"
: "${ROTARY_BASE:?is not set: base of the rotary embedding, rope_theta in the config.json of the model}"

TRAIN_STEPS="${TRAIN_STEPS:-38147}"
SAVE_INTERVAL="${SAVE_INTERVAL:-14902}"
MASTER_ADDR="${MASTER_ADDR:-localhost}"
NODE_RANK="${NODE_RANK:-0}"
MASTER_PORT="${MASTER_PORT:-29500}"
unset CUDA_DEVICE_MAX_CONNECTIONS

MODEL=(
  --num-layers 32
  --hidden-size 4096
  --ffn-hidden-size 14336
  --swiglu
  --num-attention-heads 32
  --kv-channels 128
  --group-query-attention
  --num-query-groups 8
  --seq-length 8192
  --position-embedding-type rope
  --rotary-base "${ROTARY_BASE}"
  --max-position-embeddings 131072
  --vocab-size 128256
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
  --data-parallel-sharding-strategy optim_grads_params
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
  --fp8-format hybrid
  --fp8-recipe tensorwise
  --accumulate-allreduce-grads-in-fp32
  --attention-backend flash
  --attention-dropout 0.0
  --hidden-dropout 0.0
)

TRAINING=(
  --micro-batch-size 2
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
  --nnodes 1 --nproc-per-node 8 \
  --node-rank "${NODE_RANK}" --master-addr "${MASTER_ADDR}" --master-port "${MASTER_PORT}" \
  "${MEGATRON_DIR}/pretrain_gpt.py" "${MODEL[@]}" "${LAYOUT[@]}" "${MEMORY[@]}" "${NUMBERS[@]}" "${TRAINING[@]}"
