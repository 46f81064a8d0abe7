#!/usr/bin/env bash
# Installs DeepSeek-V3, 1 x TP8, with the chart of llm-d's model service.
set -euo pipefail

: "${IMAGE:?is not set: container image with vLLM}"

HERE="$(cd "$(dirname "$0")" && pwd)"
VALUES="$(<"${HERE}/values.yaml")"

# shellcheck disable=SC2016  # the text's own words
VALUES="${VALUES//'${IMAGE}'/${IMAGE}}"

helm upgrade --install isoflop-01234567 "${CHART:-llm-d-modelservice/llm-d-modelservice}" --values - "$@" <<< "${VALUES}"
