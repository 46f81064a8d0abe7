#!/usr/bin/env bash
# vLLM: Llama 3.1 70B, 1 x TP4 + 2 x TP2, for 12 requests/s on NVIDIA H100 SXM 80 GB.
# Starts the one replica for prompts: 4 GPUs; each has its own FIRST_GPU and PORT.
set -euo pipefail

MODEL="${MODEL:-meta-llama/Llama-3.1-70B}"
PORT="${PORT:-8000}"

FIRST_GPU="${FIRST_GPU:-0}"
CUDA_VISIBLE_DEVICES="${CUDA_VISIBLE_DEVICES:-$(seq -s, "${FIRST_GPU}" "$((FIRST_GPU + 3))")}"
export CUDA_VISIBLE_DEVICES

ARGUMENTS=(
  "${MODEL}"
  --tensor-parallel-size 4
  --pipeline-parallel-size 1
  --max-model-len 16384
  --max-num-seqs 128
  --max-num-batched-tokens 8192
  --gpu-memory-utilization 0.9
  --block-size 16
  --enable-chunked-prefill
  --enable-prefix-caching
  --dtype auto
  --quantization fp8
  --kv-cache-dtype fp8
  --kv-transfer-config '{"kv_connector": "NixlConnector", "kv_role": "kv_both"}'
  --port "${PORT}"
)

exec vllm serve "${ARGUMENTS[@]}" "$@"
