#!/usr/bin/env bash
# TensorRT-LLM: Llama 3.1 70B, 1 x TP4, for 12 requests/s on NVIDIA H100 SXM 80 GB.
# Starts the one replica for prompts and answers: 4 GPUs.
set -euo pipefail

MODEL="${MODEL:-meta-llama/Llama-3.1-70B}"
HERE="$(cd "$(dirname "$0")" && pwd)"
PORT="${PORT:-8000}"

FIRST_GPU="${FIRST_GPU:-0}"
CUDA_VISIBLE_DEVICES="${CUDA_VISIBLE_DEVICES:-$(seq -s, "${FIRST_GPU}" "$((FIRST_GPU + 3))")}"
export CUDA_VISIBLE_DEVICES

ARGUMENTS=(
  "${MODEL}"
  --backend pytorch
  --config "${HERE}/trtllm.yaml"
  --host 0.0.0.0
  --port "${PORT}"
)

exec trtllm-serve "${ARGUMENTS[@]}" "$@"
