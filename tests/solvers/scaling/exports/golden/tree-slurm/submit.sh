#!/usr/bin/env bash
# Submits the ladder scaling-01234567: 6 runs, each in the order of its trunk. Arguments go to every sbatch:
# ./submit.sh --partition=gpu --account=team --time=1-0
# A piece that fails leaves what waits for it pending: see `scontrol show job`, mend it, submit again.
set -euo pipefail

: "${MEGATRON_DIR:?is not set: folder of a Megatron-LM checkout}"
: "${DATA_PATH:?is not set: prefix of the tokenised data that tools/preprocess_data.py of Megatron-LM writes}"
: "${TOKENIZER:?is not set: name or folder of a Hugging Face tokenizer}"
: "${CHECKPOINT_DIR:?is not set: folder for checkpoints that all nodes share}"
: "${ROTARY_BASE:?is not set: base of the rotary embedding, rope_theta in the config.json of the model}"

cd "$(dirname "$0")"

ARRAY_1="$(sbatch --parsable --array=1,5 \
  --nodes=1 --gpus-per-node=8 \
  "$@" ladder.sbatch)"
ARRAY_1="${ARRAY_1%%;*}"
echo "array ${ARRAY_1}: tasks 1,5"

ARRAY_2="$(sbatch --parsable --array=2-3 \
  --nodes=1 --gpus-per-node=8 \
  --dependency="afterok:${ARRAY_1}_1" \
  "$@" ladder.sbatch)"
ARRAY_2="${ARRAY_2%%;*}"
echo "array ${ARRAY_2}: tasks 2-3"

ARRAY_3="$(sbatch --parsable --array=4 \
  --nodes=1 --gpus-per-node=8 \
  --dependency="afterok:${ARRAY_2}_3" \
  "$@" ladder.sbatch)"
ARRAY_3="${ARRAY_3%%;*}"
echo "array ${ARRAY_3}: tasks 4"

ARRAY_4="$(sbatch --parsable --array=6 \
  --nodes=1 --gpus-per-node=2 \
  "$@" ladder.sbatch)"
ARRAY_4="${ARRAY_4%%;*}"
echo "array ${ARRAY_4}: tasks 6"
