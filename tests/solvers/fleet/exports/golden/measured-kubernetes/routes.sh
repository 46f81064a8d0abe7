#!/usr/bin/env bash
# Applies routes.yaml.
set -euo pipefail

: "${GATEWAY:?is not set: name of the Gateway that takes the requests}"
: "${DOMAIN:?is not set: domain under which each service has its name}"

HERE="$(cd "$(dirname "$0")" && pwd)"

put() {
  local text
  text="$(<"${HERE}/$1")"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${GATEWAY}'/${GATEWAY}}"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${DOMAIN}'/${DOMAIN}}"
  kubectl apply -f - <<< "${text}"
}

put routes.yaml
