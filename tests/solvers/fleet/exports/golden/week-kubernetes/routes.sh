#!/usr/bin/env bash
# Applies routes.yaml, then routes-schedule.yaml; hour 0 is in TIMEZONE.
set -euo pipefail

: "${GATEWAY:?is not set: name of the Gateway that takes the requests}"
: "${DOMAIN:?is not set: domain under which each service has its name}"

TIMEZONE="${TIMEZONE:-Etc/UTC}"

HERE="$(cd "$(dirname "$0")" && pwd)"

put() {
  local text
  text="$(<"${HERE}/$1")"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${GATEWAY}'/${GATEWAY}}"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${DOMAIN}'/${DOMAIN}}"
  # shellcheck disable=SC2016  # the text's own words
  text="${text//'${TIMEZONE}'/${TIMEZONE}}"
  kubectl apply -f - <<< "${text}"
}

put routes.yaml
put routes-schedule.yaml
