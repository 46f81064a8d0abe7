#!/usr/bin/env bash
# vLLM: DeepSeek-V3, 1 x TP8, for 12 requests/s on NVIDIA H200 SXM 141 GB.
# Starts the one replica for prompts and answers: 16 GPUs on 2 nodes; run it on each of them.
set -euo pipefail

: "${MASTER_ADDR:?is not set: name or address of the first node of this replica}"
: "${NODE_RANK:?is not set: number of this node within the replica, from 0}"

MODEL="${MODEL:-deepseek-ai/DeepSeek-V3}"
PORT="${PORT:-8000}"

FOLLOWS=()
[ "${NODE_RANK}" = 0 ] || FOLLOWS=(--headless)

ARGUMENTS=(
  "${MODEL}"
  --tensor-parallel-size 8
  --pipeline-parallel-size 1
  --data-parallel-size 2
  --enable-expert-parallel
  --max-model-len 16384
  --max-num-seqs 128
  --max-num-batched-tokens 2048
  --gpu-memory-utilization 0.9
  --block-size 16
  --enable-chunked-prefill
  --enable-prefix-caching
  --dtype auto
  --quantization fp8
  --kv-cache-dtype auto
  --port "${PORT}"
  "${FOLLOWS[@]}"
  --nnodes 2
  --node-rank "${NODE_RANK}"
  --master-addr "${MASTER_ADDR}"
)

exec vllm serve "${ARGUMENTS[@]}" "$@"
