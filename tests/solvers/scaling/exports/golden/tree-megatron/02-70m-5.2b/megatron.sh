#!/usr/bin/env bash
# Megatron-LM: 02-70m-5.2b, TP1 PP1 DP8 mb8 ZeRO-1, on 1 x 8 NVIDIA H100 SXM 80 GB.
# Run it on every node; NODE_RANK tells nodes apart, MASTER_ADDR is the address of node 0.
set -euo pipefail

: "${MEGATRON_DIR:?is not set: folder of a Megatron-LM checkout}"
: "${DATA_PATH:?is not set: prefix of the tokenised data that tools/preprocess_data.py of Megatron-LM writes}"
: "${TOKENIZER:?is not set: name or folder of a Hugging Face tokenizer}"
: "${CHECKPOINT_DIR:?is not set: folder for checkpoints that all nodes share}"
: "${ROTARY_BASE:?is not set: base of the rotary embedding, rope_theta in the config.json of the model}"

LR="${LR:-0.0021}"
TRAIN_STEPS="${TRAIN_STEPS:-20000}"
SAVE_INTERVAL="${SAVE_INTERVAL:-4000}"
MASTER_ADDR="${MASTER_ADDR:-localhost}"
NODE_RANK="${NODE_RANK:-0}"
MASTER_PORT="${MASTER_PORT:-29500}"
OWN="${CHECKPOINT_DIR}/02-70m-5.2b"
FROM="${OWN}"
STEP=()
if [ ! -f "${OWN}/latest_checkpointed_iteration.txt" ]; then
  FROM="${CHECKPOINT_DIR}/02-70m-5.2b-trunk-2"
  STEP=(--ckpt-step 16000)
fi
export CUDA_DEVICE_MAX_CONNECTIONS=1

MODEL=(
  --num-layers 8
  --hidden-size 512
  --ffn-hidden-size 2048
  --swiglu
  --num-attention-heads 8
  --kv-channels 64
  --group-query-attention
  --num-query-groups 2
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
  --global-batch-size 64
  --train-iters "${TRAIN_STEPS}"
  --lr "${LR}"
  --data-path "${DATA_PATH}"
  --split '99,1,0'
  --tokenizer-type HuggingFaceTokenizer
  --tokenizer-model "${TOKENIZER}"
  --save "${OWN}"
  --load "${FROM}"
  "${STEP[@]}"
  --save-interval "${SAVE_INTERVAL}"
  --log-interval 1
  --log-throughput
)

TUNING=(
  --lr-decay-style WSD
  --lr-warmup-iters 200
  --lr-decay-iters 20000
  --lr-wsd-decay-style minus_sqrt
  --lr-wsd-decay-iters 4000
  --min-lr 0
  --weight-decay 0.1
  --adam-beta1 0.9
  --adam-beta2 0.95
  --override-opt_param-scheduler
)

exec torchrun \
  --nnodes 1 --nproc-per-node 8 \
  --node-rank "${NODE_RANK}" --master-addr "${MASTER_ADDR}" --master-port "${MASTER_PORT}" \
  "${MEGATRON_DIR}/pretrain_gpt.py" "${MODEL[@]}" "${LAYOUT[@]}" "${MEMORY[@]}" "${NUMBERS[@]}" "${TRAINING[@]}" "${TUNING[@]}"
