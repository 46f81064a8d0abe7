#!/usr/bin/env bash
# Megatron-LM: 03-410m-2.6b, TP1 PP1 DP8 mb8 selective ZeRO-1, on 1 x 8 NVIDIA H100 SXM 80 GB.
# Run it on every node; NODE_RANK tells nodes apart, MASTER_ADDR is the address of node 0.
# Megatron-LM cannot recompute the activation of a dense feed-forward layer alone: it recomputes the layer,
# which takes less memory than planned and a longer step.
set -euo pipefail

: "${MEGATRON_DIR:?is not set: folder of a Megatron-LM checkout}"
: "${DATA_PATH:?is not set: prefix of the tokenised data that tools/preprocess_data.py of Megatron-LM writes}"
: "${TOKENIZER:?is not set: name or folder of a Hugging Face tokenizer}"
: "${CHECKPOINT_DIR:?is not set: folder for checkpoints that all nodes share}"
: "${ROTARY_BASE:?is not set: base of the rotary embedding, rope_theta in the config.json of the model}"

LR="${LR:-0.0012}"
TRAIN_STEPS="${TRAIN_STEPS:-5000}"
SAVE_INTERVAL="${SAVE_INTERVAL:-5000}"
MASTER_ADDR="${MASTER_ADDR:-localhost}"
NODE_RANK="${NODE_RANK:-0}"
MASTER_PORT="${MASTER_PORT:-29500}"
OWN="${CHECKPOINT_DIR}/03-410m-2.6b"
FROM="${OWN}"
export CUDA_DEVICE_MAX_CONNECTIONS=1

MODEL=(
  --num-layers 16
  --hidden-size 1024
  --ffn-hidden-size 4096
  --swiglu
  --num-attention-heads 16
  --kv-channels 64
  --group-query-attention
  --num-query-groups 4
  --seq-length 4096
  --position-embedding-type rope
  --rotary-base "${ROTARY_BASE}"
  --max-position-embeddings 4096
  --vocab-size 32000
  --normalization RMSNorm
  --disable-bias-linear
)

LAYOUT=(
  --tensor-model-parallel-size 1
  --pipeline-model-parallel-size 1
  --context-parallel-size 1
)

MEMORY=(
  --use-distributed-optimizer
  --ckpt-format torch_dist
  --overlap-grad-reduce
  --overlap-param-gather
  --recompute-granularity selective
  --recompute-modules layernorm mlp
)

NUMBERS=(
  --bf16
  --accumulate-allreduce-grads-in-fp32
  --attention-backend flash
  --attention-dropout 0.0
  --hidden-dropout 0.0
)

TRAINING=(
  --micro-batch-size 8
  --global-batch-size 128
  --train-iters "${TRAIN_STEPS}"
  --lr "${LR}"
  --data-path "${DATA_PATH}"
  --split '99,1,0'
  --tokenizer-type HuggingFaceTokenizer
  --tokenizer-model "${TOKENIZER}"
  --save "${OWN}"
  --load "${FROM}"
  --save-interval "${SAVE_INTERVAL}"
  --log-interval 1
  --log-throughput
)

TUNING=(
  --lr-decay-style WSD
  --lr-warmup-iters 200
  --lr-decay-iters 5000
  --lr-wsd-decay-style minus_sqrt
  --lr-wsd-decay-iters 1000
  --min-lr 0
  --weight-decay 0.1
  --adam-beta1 0.9
  --adam-beta2 0.95
)

exec torchrun \
  --nnodes 1 --nproc-per-node 8 \
  --node-rank "${NODE_RANK}" --master-addr "${MASTER_ADDR}" --master-port "${MASTER_PORT}" \
  "${MEGATRON_DIR}/pretrain_gpt.py" "${MODEL[@]}" "${LAYOUT[@]}" "${MEMORY[@]}" "${NUMBERS[@]}" "${TRAINING[@]}" "${TUNING[@]}"
