#!/usr/bin/env bash
# Applies nodepools.yaml.
set -euo pipefail

: "${NODE_CLASS:?is not set: name of the node class that says image, network and disks of new nodes}"
: "${NODE_CLASS_GROUP:?is not set: API group of the node classes of your cloud}"
: "${NODE_CLASS_KIND:?is not set: kind of the node classes of your cloud}"
: "${MACHINE_H100_X1:?is not set: name in your cloud of a machine with 1 h100-sxm}"
: "${MACHINE_H100_X4:?is not set: name in your cloud of a machine with 4 h100-sxm}"
: "${MACHINE_H100_SPOT_X1:?is not set: name in your cloud of a machine with 1 h100-sxm}"

HERE="$(cd "$(dirname "$0")" && pwd)"

put() {
  local text
  text="$(<"${HERE}/$1")"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${NODE_CLASS}'/${NODE_CLASS}}"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${NODE_CLASS_GROUP}'/${NODE_CLASS_GROUP}}"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${NODE_CLASS_KIND}'/${NODE_CLASS_KIND}}"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${MACHINE_H100_X1}'/${MACHINE_H100_X1}}"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${MACHINE_H100_X4}'/${MACHINE_H100_X4}}"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${MACHINE_H100_SPOT_X1}'/${MACHINE_H100_SPOT_X1}}"
  kubectl apply -f - <<< "${text}"
}

put nodepools.yaml
