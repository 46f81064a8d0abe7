#!/usr/bin/env bash
# TensorRT-LLM: Llama 3.1 8B, 1 x TP1 + 2 x TP1, for 12 requests/s on NVIDIA H100 SXM 80 GB.
# Starts one of 2 replicas for answers: 1 GPU; each has its own FIRST_GPU and PORT.
set -euo pipefail

MODEL="${MODEL:-meta-llama/Llama-3.1-8B}"
HERE="$(cd "$(dirname "$0")" && pwd)"
PORT="${PORT:-8000}"

FIRST_GPU="${FIRST_GPU:-0}"
CUDA_VISIBLE_DEVICES="${CUDA_VISIBLE_DEVICES:-$(seq -s, "${FIRST_GPU}" "$((FIRST_GPU + 0))")}"
export CUDA_VISIBLE_DEVICES

ARGUMENTS=(
  "${MODEL}"
  --backend pytorch
  --config "${HERE}/trtllm-decode.yaml"
  --host 0.0.0.0
  --port "${PORT}"
)

exec trtllm-serve "${ARGUMENTS[@]}" "$@"
