#!/usr/bin/env bash
# Applies serve.yaml: Llama 3.1 70B, 1 x TP4.
set -euo pipefail

: "${IMAGE:?is not set: container image with TensorRT-LLM}"

HERE="$(cd "$(dirname "$0")" && pwd)"
MANIFEST="$(<"${HERE}/serve.yaml")"

# shellcheck disable=SC2016  # the text's own words
MANIFEST="${MANIFEST//'${IMAGE}'/${IMAGE}}"

kubectl apply -f - <<< "${MANIFEST}"
