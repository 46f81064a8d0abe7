#!/usr/bin/env bash
# Applies job.yaml: Megatron-LM, Llama 3.1 70B, TP4 PP4 VPP5 DP32 SP mb1 selective ZeRO-1. Paths are those inside the pods.
set -euo pipefail

: "${IMAGE:?is not set: container image with Megatron-LM}"
: "${DATA_CLAIM:?is not set: persistent volume claim that pods see as /data}"
: "${MEGATRON_DIR:?is not set: folder of a Megatron-LM checkout}"
: "${DATA_PATH:?is not set: prefix of the tokenised data that tools/preprocess_data.py of Megatron-LM writes}"
: "${TOKENIZER:?is not set: name or folder of a Hugging Face tokenizer}"
: "${CHECKPOINT_DIR:?is not set: folder for checkpoints that all nodes share}"
: "${LR:?is not set: peak learning rate}"
: "${ROTARY_BASE:?is not set: base of the rotary embedding, rope_theta in the config.json of the model}"

HERE="$(cd "$(dirname "$0")" && pwd)"
MANIFEST="$(<"${HERE}/job.yaml")"
# shellcheck disable=SC2016  # the manifest's own words
MANIFEST="${MANIFEST//'${IMAGE}'/${IMAGE}}"
# shellcheck disable=SC2016
MANIFEST="${MANIFEST//'${DATA_CLAIM}'/${DATA_CLAIM}}"

kubectl create configmap isoflop-01234567-scripts \
  --from-file="${HERE}/megatron.sh" \
  --dry-run=client -o yaml | kubectl apply -f -

kubectl create configmap isoflop-01234567-settings \
  --from-literal=MEGATRON_DIR="${MEGATRON_DIR}" \
  --from-literal=DATA_PATH="${DATA_PATH}" \
  --from-literal=TOKENIZER="${TOKENIZER}" \
  --from-literal=CHECKPOINT_DIR="${CHECKPOINT_DIR}" \
  --from-literal=LR="${LR}" \
  --from-literal=ROTARY_BASE="${ROTARY_BASE}" \
  --dry-run=client -o yaml | kubectl apply -f -

kubectl apply -f - <<< "${MANIFEST}"
