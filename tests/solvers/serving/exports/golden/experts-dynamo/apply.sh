#!/usr/bin/env bash
# Applies dynamo.yaml: Qwen3 235B-A22B, 2 x TP1.
set -euo pipefail

: "${IMAGE:?is not set: container image with SGLang}"

HERE="$(cd "$(dirname "$0")" && pwd)"
MANIFEST="$(<"${HERE}/dynamo.yaml")"

# shellcheck disable=SC2016  # the text's own words
MANIFEST="${MANIFEST//'${IMAGE}'/${IMAGE}}"

kubectl apply -f - <<< "${MANIFEST}"
