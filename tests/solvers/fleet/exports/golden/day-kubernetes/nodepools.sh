#!/usr/bin/env bash
# Applies nodepools.yaml.
set -euo pipefail

: "${NODE_CLASS:?is not set: name of the node class that says image, network and disks of new nodes}"

HERE="$(cd "$(dirname "$0")" && pwd)"

put() {
  local text
  text="$(<"${HERE}/$1")"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${NODE_CLASS}'/${NODE_CLASS}}"
  kubectl apply -f - <<< "${text}"
}

put nodepools.yaml
