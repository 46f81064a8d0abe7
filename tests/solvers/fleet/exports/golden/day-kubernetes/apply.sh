#!/usr/bin/env bash
# Applies fleet.yaml and what scales it: SCALING=load, hours, none.
# load: autoscaling.yaml. hours: schedule.yaml, with KEDA; hour 0 is in TIMEZONE.
set -euo pipefail

: "${IMAGE_VLLM:?is not set: container image with vLLM}"

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
  text="${text//'${IMAGE_VLLM}'/${IMAGE_VLLM}}"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${PROMETHEUS}'/${PROMETHEUS}}"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${TIMEZONE}'/${TIMEZONE}}"
  kubectl apply -f - <<< "${text}"
}

for file in "${FILES[@]}"; do
  put "${file}"
done
