#!/usr/bin/env bash
# Applies dynamo.yaml: Llama 3.1 70B, 1 x TP4 + 2 x TP2.
set -euo pipefail

: "${IMAGE:?is not set: container image with vLLM}"

HERE="$(cd "$(dirname "$0")" && pwd)"
MANIFEST="$(<"${HERE}/dynamo.yaml")"

# shellcheck disable=SC2016  # the text's own words
MANIFEST="${MANIFEST//'${IMAGE}'/${IMAGE}}"

kubectl apply -f - <<< "${MANIFEST}"
