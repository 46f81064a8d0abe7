#!/usr/bin/env bash
# SGLang's router before the 3 replicas of 2 x TP1 + 1 x TP1.
set -euo pipefail

: "${PREFILL_URLS:?is not set: addresses of the 2 replicas, with spaces between, such as http://host-a:8000}"
: "${DECODE_URLS:?is not set: addresses of the 1 replicas, with spaces between, such as http://host-a:8000}"

read -r -a PREFILL_URLS <<< "${PREFILL_URLS}"
[ "${#PREFILL_URLS[@]}" -eq 2 ] || { echo "PREFILL_URLS holds ${#PREFILL_URLS[@]} addresses, the plan has 2 replicas" >&2; exit 2; }
read -r -a DECODE_URLS <<< "${DECODE_URLS}"
[ "${#DECODE_URLS[@]}" -eq 1 ] || { echo "DECODE_URLS holds ${#DECODE_URLS[@]} addresses, the plan has 1 replicas" >&2; exit 2; }

ARGUMENTS=(--pd-disaggregation --prefill-policy round_robin --decode-policy round_robin)
for url in "${PREFILL_URLS[@]}"; do
  ARGUMENTS+=(--prefill "${url}" 8998)
done
for url in "${DECODE_URLS[@]}"; do
  ARGUMENTS+=(--decode "${url}")
done

exec python3 -m sglang_router.launch_router "${ARGUMENTS[@]}" --port "${PORT:-8080}" "$@"
