#!/usr/bin/env bash
# Applies fleet.yaml and what scales it: SCALING=load, none.
# load: autoscaling.yaml.
set -euo pipefail

: "${IMAGE_OWN:?is not set: container image that serves own}"
: "${ARGUMENTS_OWN_MI300X_AZURE_SPOT_X1:?is not set: arguments of the image for own on 1 AMD Instinct MI300X 192 GB, port 8000, as a list in JSON}"

SCALING="${SCALING:-load}"

case "${SCALING}" in
  load) FILES=(fleet.yaml autoscaling.yaml) ;;
  none) FILES=(fleet.yaml) ;;
  *)
    echo "SCALING is ${SCALING}; it can be load or none." >&2
    exit 2
    ;;
esac

HERE="$(cd "$(dirname "$0")" && pwd)"

put() {
  local text
  text="$(<"${HERE}/$1")"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${IMAGE_OWN}'/${IMAGE_OWN}}"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${ARGUMENTS_OWN_MI300X_AZURE_SPOT_X1}'/${ARGUMENTS_OWN_MI300X_AZURE_SPOT_X1}}"
  kubectl apply -f - <<< "${text}"
}

for file in "${FILES[@]}"; do
  put "${file}"
done
