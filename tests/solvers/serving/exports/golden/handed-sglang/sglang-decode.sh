#!/usr/bin/env bash
# SGLang: Llama 3.1 8B, 2 x TP1 + 1 x TP1, for 12 requests/s on NVIDIA H100 SXM 80 GB.
# Starts the one replica for answers: 1 GPU; each has its own FIRST_GPU and PORT.
set -euo pipefail

MODEL="${MODEL:-meta-llama/Llama-3.1-8B}"
PORT="${PORT:-8000}"

FIRST_GPU="${FIRST_GPU:-0}"
CUDA_VISIBLE_DEVICES="${CUDA_VISIBLE_DEVICES:-$(seq -s, "${FIRST_GPU}" "$((FIRST_GPU + 0))")}"
export CUDA_VISIBLE_DEVICES

ARGUMENTS=(
  --model-path "${MODEL}"
  --tp-size 1
  --pp-size 1
  --context-length 16384
  --max-running-requests 128
  --chunked-prefill-size 2048
  --max-prefill-tokens 2048
  --mem-fraction-static 0.825
  --page-size 16
  --dtype bfloat16
  --kv-cache-dtype auto
  --disable-radix-cache
  --disaggregation-mode decode
  --disaggregation-transfer-backend nixl
  --disaggregation-bootstrap-port 8998
  --host 0.0.0.0
  --port "${PORT}"
)

exec python3 -m sglang.launch_server "${ARGUMENTS[@]}" "$@"
