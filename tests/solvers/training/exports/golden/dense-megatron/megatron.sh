#!/usr/bin/env bash
# Megatron-LM: Llama 3.1 70B, TP4 PP4 VPP5 DP32 SP mb1 selective ZeRO-1, on 64 x 8 NVIDIA H100 SXM 80 GB.
# Run it on every node; NODE_RANK tells nodes apart, MASTER_ADDR is the address of node 0.
# Megatron-LM cannot recompute the activation of a dense feed-forward layer alone: it recomputes the layer,
# which takes less memory than planned and a longer step.
set -euo pipefail

: "${MEGATRON_DIR:?is not set: folder of a Megatron-LM checkout}"
: "${DATA_PATH:?is not set: prefix of the tokenised data that tools/preprocess_data.py of Megatron-LM writes}"
: "${TOKENIZER:?is not set: name or folder of a Hugging Face tokenizer}"
: "${CHECKPOINT_DIR:?is not set: folder for checkpoints that all nodes share}"
: "${LR:?is not set: peak learning rate}"
: "${ROTARY_BASE:?is not set: base of the rotary embedding, rope_theta in the config.json of the model}"
: "${MASTER_ADDR:?is not set: address of node 0}"
: "${NODE_RANK:?is not set: number of this node, 0 to 63}"

TRAIN_STEPS="${TRAIN_STEPS:-166894}"
SAVE_INTERVAL="${SAVE_INTERVAL:-296}"
MASTER_PORT="${MASTER_PORT:-29500}"
export CUDA_DEVICE_MAX_CONNECTIONS=1

MODEL=(
  --num-layers 80
  --hidden-size 8192
  --ffn-hidden-size 28672
  --swiglu
  --num-attention-heads 64
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
  --tensor-model-parallel-size 4
  --pipeline-model-parallel-size 4
  --context-parallel-size 1
  --num-layers-per-virtual-pipeline-stage 4
  --sequence-parallel
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
  --micro-batch-size 1
  --global-batch-size 1024
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
