#!/usr/bin/env bash
# SGLang's router before the 2 replicas of 2 x TP1.
set -euo pipefail

: "${SERVE_URLS:?is not set: addresses of the 2 replicas, with spaces between, such as http://host-a:8000}"

read -r -a SERVE_URLS <<< "${SERVE_URLS}"
[ "${#SERVE_URLS[@]}" -eq 2 ] || { echo "SERVE_URLS holds ${#SERVE_URLS[@]} addresses, the plan has 2 replicas" >&2; exit 2; }

ARGUMENTS=(--worker-urls "${SERVE_URLS[@]}" --policy cache_aware)

exec python3 -m sglang_router.launch_router "${ARGUMENTS[@]}" --port "${PORT:-8080}" "$@"
