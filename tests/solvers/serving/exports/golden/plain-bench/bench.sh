#!/usr/bin/env bash
# Asks Llama 3.1 8B, 2 x TP1, for 12 requests/s and counts those within ttft:500, tpot:50 ms.
# The plan holds where at least 90 % of the requests are good.
set -euo pipefail

MODEL="${MODEL:-meta-llama/Llama-3.1-8B}"
BASE_URL="${BASE_URL:-http://127.0.0.1:8000}"

ARGUMENTS=(
  --backend openai
  --base-url "${BASE_URL}"
  --endpoint /v1/completions
  --model "${MODEL}"
  --dataset-name random
  --random-input-len 1024
  --random-output-len 256
  --ignore-eos
  --num-prompts 3600
  --request-rate 12
  --burstiness 1
  --seed 0
  --percentile-metrics 'ttft,tpot,e2el'
  --metric-percentiles '50,90,99,90'
  --goodput ttft:500 tpot:50
)

exec vllm bench serve "${ARGUMENTS[@]}" "$@"
