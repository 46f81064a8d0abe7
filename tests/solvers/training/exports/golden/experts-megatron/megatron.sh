#!/usr/bin/env bash
# Megatron-LM: Qwen3 30B-A3B, TP1 PP1 DP64 EP8 mb2 selective ZeRO-3, on 8 x 8 NVIDIA H100 SXM 80 GB.
# Run it on every node; NODE_RANK tells nodes apart, MASTER_ADDR is the address of node 0.
set -euo pipefail

: "${MEGATRON_DIR:?is not set: folder of a Megatron-LM checkout}"
: "${DATA_PATH:?is not set: prefix of the tokenised data that tools/preprocess_data.py of Megatron-LM writes}"
: "${TOKENIZER:?is not set: name or folder of a Hugging Face tokenizer}"
: "${CHECKPOINT_DIR:?is not set: folder for checkpoints that all nodes share}"
: "${LR:?is not set: peak learning rate}"
: "${SAVE_INTERVAL:?is not set: steps between checkpoints}"
: "${ROTARY_BASE:?is not set: base of the rotary embedding, rope_theta in the config.json of the model}"
: "${MASTER_ADDR:?is not set: address of node 0}"
: "${NODE_RANK:?is not set: number of this node, 0 to 7}"

TRAIN_STEPS="${TRAIN_STEPS:-190735}"
MASTER_PORT="${MASTER_PORT:-29500}"
unset CUDA_DEVICE_MAX_CONNECTIONS

MODEL=(
  --num-layers 48
  --hidden-size 2048
  --ffn-hidden-size 768
  --swiglu
  --num-attention-heads 32
  --kv-channels 128
  --group-query-attention
  --num-query-groups 4
  --qk-layernorm
  --seq-length 4096
  --position-embedding-type rope
  --rotary-base "${ROTARY_BASE}"
  --max-position-embeddings 40960
  --vocab-size 151936
  --normalization RMSNorm
  --disable-bias-linear
  --untie-embeddings-and-output-weights
  --num-experts 128
  --moe-router-topk 8
  --moe-ffn-hidden-size 768
  --moe-layer-freq '([1]*48)'
  --moe-grouped-gemm
  --moe-token-dispatcher-type alltoall
)

LAYOUT=(
  --tensor-model-parallel-size 1
  --pipeline-model-parallel-size 1
  --context-parallel-size 1
  --expert-model-parallel-size 8
  --expert-tensor-parallel-size 1
)

MEMORY=(
  --use-distributed-optimizer
  --use-megatron-fsdp
  --data-parallel-sharding-strategy optim_grads_params
  --ckpt-format fsdp_dtensor
  --no-gradient-accumulation-fusion
  --overlap-grad-reduce
  --overlap-param-gather
  --recompute-granularity selective
  --recompute-modules layernorm moe_act
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
  --global-batch-size 512
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
  --nnodes 8 --nproc-per-node 8 \
  --node-rank "${NODE_RANK}" --master-addr "${MASTER_ADDR}" --master-port "${MASTER_PORT}" \
  "${MEGATRON_DIR}/pretrain_gpt.py" "${MODEL[@]}" "${LAYOUT[@]}" "${MEMORY[@]}" "${NUMBERS[@]}" "${TRAINING[@]}"
