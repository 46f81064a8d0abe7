#!/usr/bin/env bash
# torchtitan 0.2: 02-70m-5.2b-trunk-2, TP1 PP1 DP8 mb8 ZeRO-2. Run it on every node, beside torchtitan.toml.
set -euo pipefail

: "${HF_ASSETS:?is not set: folder with the tokenizer, as scripts/download_hf_assets.py of torchtitan fetches it}"
: "${DATASET:?is not set: name of a dataset that torchtitan knows, such as c4}"
: "${DUMP_DIR:?is not set: folder for checkpoints and logs that all nodes share}"
: "${ROTARY_BASE:?is not set: base of the rotary embedding, rope_theta in the config.json of the model}"

LR="${LR:-0.0021}"
SAVE_INTERVAL="${SAVE_INTERVAL:-12000}"
HERE="$(cd "$(dirname "$0")" && pwd)"
export PYTHONPATH="${HERE}${PYTHONPATH:+:${PYTHONPATH}}"

OPTIONS=(
  --job.config_file "${HERE}/torchtitan.toml"
  --job.dump_folder "${DUMP_DIR}/02-70m-5.2b-trunk-2"
  --checkpoint.initial_load_path "${DUMP_DIR}/02-70m-5.2b-trunk-1/checkpoint/step-4000"
  --model.hf_assets_path "${HF_ASSETS}"
  --training.dataset "${DATASET}"
  --checkpoint.interval "${SAVE_INTERVAL}"
  --optimizer.lr "${LR}"
)
if [ -n "${DATASET_PATH:-}" ]; then OPTIONS+=(--training.dataset_path "${DATASET_PATH}"); fi

exec torchrun \
  --nnodes 1 --nproc-per-node 8 \
  --rdzv-backend c10d --rdzv-id isoflop --rdzv-endpoint "localhost:${MASTER_PORT:-29500}" \
  -m torchtitan.train "${OPTIONS[@]}"
