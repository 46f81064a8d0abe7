#!/usr/bin/env bash
# Applies fleet.yaml and what scales it: SCALING=load, hours, none.
# load: autoscaling.yaml. hours: schedule.yaml, with KEDA; hour 0 is in TIMEZONE.
set -euo pipefail

: "${IMAGE_SGLANG:?is not set: container image with SGLang}"
: "${IMAGE_TRTLLM:?is not set: container image with TensorRT-LLM}"
: "${MODEL_RAG_FP8:?is not set: name or folder of a checkpoint of Llama 3.1 70B with FP8 weights}"

SCALING="${SCALING:-load}"
PROMETHEUS="${PROMETHEUS:-}"
TIMEZONE="${TIMEZONE:-Etc/UTC}"

case "${SCALING}" in
  load) FILES=(fleet.yaml autoscaling.yaml) ;;
  hours)
    : "${PROMETHEUS:?is not set: address of the Prometheus server, http://NAME:9090}"
    FILES=(fleet.yaml schedule.yaml)
    ;;
  none) FILES=(fleet.yaml) ;;
  *)
    echo "SCALING is ${SCALING}; it can be load, hours or none." >&2
    exit 2
    ;;
esac

HERE="$(cd "$(dirname "$0")" && pwd)"

put() {
  local text
  text="$(<"${HERE}/$1")"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${IMAGE_SGLANG}'/${IMAGE_SGLANG}}"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${IMAGE_TRTLLM}'/${IMAGE_TRTLLM}}"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${MODEL_RAG_FP8}'/${MODEL_RAG_FP8}}"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${PROMETHEUS}'/${PROMETHEUS}}"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${TIMEZONE}'/${TIMEZONE}}"
  kubectl apply -f - <<< "${text}"
}

for file in "${FILES[@]}"; do
  put "${file}"
done
