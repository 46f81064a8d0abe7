#!/usr/bin/env bash
# Applies nodepools.yaml.
set -euo pipefail

: "${NODE_CLASS:?is not set: name of the node class that says image, network and disks of new nodes}"
: "${MACHINE_MI300X_AZURE_SPOT_X1:?is not set: name in your cloud of a machine with 1 mi300x}"

HERE="$(cd "$(dirname "$0")" && pwd)"

put() {
  local text
  text="$(<"${HERE}/$1")"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${NODE_CLASS}'/${NODE_CLASS}}"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${MACHINE_MI300X_AZURE_SPOT_X1}'/${MACHINE_MI300X_AZURE_SPOT_X1}}"
  kubectl apply -f - <<< "${text}"
}

put nodepools.yaml
