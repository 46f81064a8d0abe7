#!/usr/bin/env bash
# vLLM: Llama 3.1 8B, 2 x TP1, for 12 requests/s on NVIDIA H100 SXM 80 GB.
# Starts one of 2 replicas for prompts and answers: 1 GPU; each has its own FIRST_GPU and PORT.
# Requests go to the least busy replica; what sends them there stands before the replicas.
set -euo pipefail

MODEL="${MODEL:-meta-llama/Llama-3.1-8B}"
PORT="${PORT:-8000}"

FIRST_GPU="${FIRST_GPU:-0}"
CUDA_VISIBLE_DEVICES="${CUDA_VISIBLE_DEVICES:-$(seq -s, "${FIRST_GPU}" "$((FIRST_GPU + 0))")}"
export CUDA_VISIBLE_DEVICES

ARGUMENTS=(
  "${MODEL}"
  --tensor-parallel-size 1
  --pipeline-parallel-size 1
  --max-model-len 16384
  --max-num-seqs 128
  --max-num-batched-tokens 2048
  --gpu-memory-utilization 0.9
  --block-size 16
  --enable-chunked-prefill
  --enable-prefix-caching
  --dtype bfloat16
  --kv-cache-dtype auto
  --port "${PORT}"
)

exec vllm serve "${ARGUMENTS[@]}" "$@"
