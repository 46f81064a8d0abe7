#!/usr/bin/env bash
# SGLang: Qwen3 235B-A22B, 2 x TP1, for 12 requests/s on NVIDIA H100 SXM 80 GB.
# Starts one of 2 replicas for prompts and answers: 8 GPUs; each has its own FIRST_GPU and PORT.
# Requests go to the replica with their prefix; what sends them there stands before the replicas.
set -euo pipefail

MODEL="${MODEL:-Qwen/Qwen3-235B-A22B}"
PORT="${PORT:-8000}"

ARGUMENTS=(
  --model-path "${MODEL}"
  --tp-size 8
  --pp-size 1
  --dp-size 8
  --enable-dp-attention
  --ep-size 8
  --context-length 16384
  --max-running-requests 1024
  --chunked-prefill-size 16384
  --max-prefill-tokens 16384
  --mem-fraction-static 0.825
  --page-size 16
  --dtype bfloat16
  --kv-cache-dtype fp8_e4m3
  --enable-mixed-chunk
  --enable-priority-scheduling
  --schedule-low-priority-values-first
  --enable-lora
  --max-loras-per-batch 4
  --max-lora-rank 16
  --lora-target-modules all
  --host 0.0.0.0
  --port "${PORT}"
)

exec python3 -m sglang.launch_server "${ARGUMENTS[@]}" "$@"
