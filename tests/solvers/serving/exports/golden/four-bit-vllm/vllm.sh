#!/usr/bin/env bash
# vLLM: Llama 3.1 70B, 4 x TP2, for 12 requests/s on NVIDIA H100 SXM 80 GB.
# Starts one of 4 replicas for prompts and answers: 2 GPUs; each has its own FIRST_GPU and PORT.
# Requests go to the least busy replica; what sends them there stands before the replicas.
set -euo pipefail

: "${MODEL:?is not set: name or folder of a checkpoint of Llama 3.1 70B with 4-bit weights (AWQ or GPTQ)}"
: "${DRAFT_MODEL:?is not set: name or folder of the draft model}"

PORT="${PORT:-8000}"

FIRST_GPU="${FIRST_GPU:-0}"
CUDA_VISIBLE_DEVICES="${CUDA_VISIBLE_DEVICES:-$(seq -s, "${FIRST_GPU}" "$((FIRST_GPU + 1))")}"
export CUDA_VISIBLE_DEVICES

ARGUMENTS=(
  "${MODEL}"
  --tensor-parallel-size 2
  --pipeline-parallel-size 1
  --max-model-len 16384
  --max-num-seqs 128
  --max-num-batched-tokens 16384
  --gpu-memory-utilization 0.9
  --block-size 16
  --no-enable-chunked-prefill
  --enable-prefix-caching
  --dtype auto
  --kv-cache-dtype auto
  --speculative-config "{\"model\": \"${DRAFT_MODEL}\", \"num_speculative_tokens\": 3}"
  --port "${PORT}"
)

exec vllm serve "${ARGUMENTS[@]}" "$@"
