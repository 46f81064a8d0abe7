#!/usr/bin/env bash
# Megatron-LM: DeepSeek-V3, TP1 PP16 DP128 EP64 mb1 ZeRO-1, on 256 x 8 NVIDIA H800 SXM 80 GB.
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
: "${NODE_RANK:?is not set: number of this node, 0 to 255}"

TRAIN_STEPS="${TRAIN_STEPS:-235240}"
MASTER_PORT="${MASTER_PORT:-29500}"
export CUDA_DEVICE_MAX_CONNECTIONS=1

MODEL=(
  --num-layers 61
  --hidden-size 7168
  --ffn-hidden-size 18432
  --swiglu
  --num-attention-heads 128
  --multi-latent-attention
  --q-lora-rank 1536
  --kv-lora-rank 512
  --qk-head-dim 128
  --qk-pos-emb-head-dim 64
  --v-head-dim 128
  --seq-length 4096
  --position-embedding-type rope
  --rotary-base "${ROTARY_BASE}"
  --max-position-embeddings 163840
  --vocab-size 129280
  --normalization RMSNorm
  --disable-bias-linear
  --untie-embeddings-and-output-weights
  --num-experts 256
  --moe-router-topk 8
  --moe-ffn-hidden-size 2048
  --moe-layer-freq '([0]*3+[1]*58)'
  --moe-grouped-gemm
  --moe-token-dispatcher-type alltoall
  --moe-shared-expert-intermediate-size 2048
  --moe-router-enable-expert-bias
  --moe-router-score-function sigmoid
  --mtp-num-layers 1
)

LAYOUT=(
  --tensor-model-parallel-size 1
  --pipeline-model-parallel-size 16
  --context-parallel-size 1
  --pipeline-model-parallel-layout 'Ettt|tttt|tttt|tttt|tttt|tttt|tttt|tttt|tttt|tttt|tttt|tttt|tttt|tttt|ttt|tttmL'
  --expert-model-parallel-size 64
  --expert-tensor-parallel-size 1
)

MEMORY=(
  --use-distributed-optimizer
  --ckpt-format torch_dist
  --overlap-grad-reduce
  --overlap-param-gather
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
  --micro-batch-size 1
  --global-batch-size 15360
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
  --nnodes 256 --nproc-per-node 8 \
  --node-rank "${NODE_RANK}" --master-addr "${MASTER_ADDR}" --master-port "${MASTER_PORT}" \
  "${MEGATRON_DIR}/pretrain_gpt.py" "${MODEL[@]}" "${LAYOUT[@]}" "${MEMORY[@]}" "${NUMBERS[@]}" "${TRAINING[@]}"
