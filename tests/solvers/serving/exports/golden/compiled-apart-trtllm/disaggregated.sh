#!/usr/bin/env bash
# The server between the 3 replicas of 1 x TP1 + 2 x TP1.
set -euo pipefail

: "${PREFILL_0:?is not set: host and port of that replica, such as host-a:8000}"
: "${DECODE_0:?is not set: host and port of that replica, such as host-a:8000}"
: "${DECODE_1:?is not set: host and port of that replica, such as host-a:8000}"

HERE="$(cd "$(dirname "$0")" && pwd)"
OPTIONS="$(<"${HERE}/disaggregated.yaml")"$'\n'

OPTIONS="${OPTIONS//- PREFILL_0$'\n'/- ${PREFILL_0}$'\n'}"
OPTIONS="${OPTIONS//- DECODE_0$'\n'/- ${DECODE_0}$'\n'}"
OPTIONS="${OPTIONS//- DECODE_1$'\n'/- ${DECODE_1}$'\n'}"

FILE="$(mktemp)"
printf "%s" "${OPTIONS}" > "${FILE}"

exec trtllm-serve disaggregated --config_file "${FILE}" "$@"
