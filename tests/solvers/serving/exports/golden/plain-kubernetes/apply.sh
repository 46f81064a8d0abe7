#!/usr/bin/env bash
# Applies serve.yaml: Llama 3.1 8B, 2 x TP1.
set -euo pipefail

: "${IMAGE:?is not set: container image with vLLM}"

HERE="$(cd "$(dirname "$0")" && pwd)"
MANIFEST="$(<"${HERE}/serve.yaml")"

# shellcheck disable=SC2016  # the text's own words
MANIFEST="${MANIFEST//'${IMAGE}'/${IMAGE}}"

kubectl apply -f - <<< "${MANIFEST}"
