#!/usr/bin/env bash
# The programs that the tests start or build with, and no Python package brings: the machine's own, else
# Debian's, installed where we may; none is started. Arguments name some of the packages; without any, all.
# Ends with a failure that says how to get what is missing where it cannot be installed.
set -euo pipefail

# Each package, and what it is looked for by: one of these.
declare -A programs=(
  [chromium]="chromium chromium-browser google-chrome google-chrome-stable"
  [redis-server]=redis-server
  [nginx-light]=nginx
  [openjdk-17-jre-headless]=java
  [maven]=mvn
  [postgresql-15]=/usr/lib/postgresql/15/bin/postgres
)
if [ $# -eq 0 ]; then set -- "${!programs[@]}"; fi

is_there() {
  local name
  for name in ${programs[$1]}; do
    if PATH="$PATH:/usr/sbin" command -v "$name" >/dev/null; then return; fi
  done
  return 1
}

missing=()
for package in "$@"; do
  is_there "$package" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then exit; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "taskflow: the tests need ${missing[*]}; on Debian: apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "· installing ${missing[*]} from Debian" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# The packages would start their services: ours are children of the tests.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
fi
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
