#!/usr/bin/env bash
# Megatron-LM: the big run, TP2 PP1 DP32 SP mb2 ZeRO-1, on 8 x 8 NVIDIA H100 SXM 80 GB.
# Run it on every node; NODE_RANK tells nodes apart, MASTER_ADDR is the address of node 0.
set -euo pipefail

: "${MEGATRON_DIR:?is not set: folder of a Megatron-LM checkout}"
: "${DATA_PATH:?is not set: prefix of the tokenised data that tools/preprocess_data.py of Megatron-LM writes}"
: "${TOKENIZER:?is not set: name or folder of a Hugging Face tokenizer}"
: "${CHECKPOINT_DIR:?is not set: folder for checkpoints that all nodes share}"
: "${SAVE_INTERVAL:?is not set: steps between checkpoints}"
: "${ROTARY_BASE:?is not set: base of the rotary embedding, rope_theta in the config.json of the model}"
: "${MASTER_ADDR:?is not set: address of node 0}"
: "${NODE_RANK:?is not set: number of this node, 0 to 7}"

LR="${LR:-0.0004}"
TRAIN_STEPS="${TRAIN_STEPS:-50000}"
MASTER_PORT="${MASTER_PORT:-29500}"
OWN="${CHECKPOINT_DIR}/big-run"
FROM="${OWN}"
export CUDA_DEVICE_MAX_CONNECTIONS=1

MODEL=(
  --num-layers 32
  --hidden-size 4096
  --ffn-hidden-size 16384
  --swiglu
  --num-attention-heads 64
  --kv-channels 64
  --group-query-attention
  --num-query-groups 16
  --seq-length 4096
  --position-embedding-type rope
  --rotary-base "${ROTARY_BASE}"
  --max-position-embeddings 4096
  --vocab-size 32000
  --normalization RMSNorm
  --disable-bias-linear
)

LAYOUT=(
  --tensor-model-parallel-size 2
  --pipeline-model-parallel-size 1
  --context-parallel-size 1
  --sequence-parallel
)

MEMORY=(
  --use-distributed-optimizer
  --ckpt-format torch_dist
  --overlap-grad-reduce
  --overlap-param-gather
)

NUMBERS=(
  --bf16
  --accumulate-allreduce-grads-in-fp32
  --attention-backend flash
  --attention-dropout 0.0
  --hidden-dropout 0.0
)

TRAINING=(
  --micro-batch-size 2
  --global-batch-size 1024
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
  --lr-decay-iters 50000
  --lr-wsd-decay-style minus_sqrt
  --lr-wsd-decay-iters 10000
  --min-lr 0
  --weight-decay 0.1
  --adam-beta1 0.9
  --adam-beta2 0.95
)

exec torchrun \
  --nnodes 8 --nproc-per-node 8 \
  --node-rank "${NODE_RANK}" --master-addr "${MASTER_ADDR}" --master-port "${MASTER_PORT}" \
  "${MEGATRON_DIR}/pretrain_gpt.py" "${MODEL[@]}" "${LAYOUT[@]}" "${MEMORY[@]}" "${NUMBERS[@]}" "${TRAINING[@]}" "${TUNING[@]}"
