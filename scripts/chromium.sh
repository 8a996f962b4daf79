#!/usr/bin/env bash
# A Chromium for the tests of the page: the machine's own, else Debian's, installed where we may.
# Ends with a failure that says how to get one where there is none and none can be installed.
set -euo pipefail

find_chromium() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name"; then return; fi
  done
  return 1
}

if ! find_chromium >/dev/null; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "taskflow: the tests of the page need Chromium; on Debian: apt-get install chromium" >&2
    exit 1
  fi
  echo "· installing Chromium from Debian" >&2
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends chromium >/dev/null
fi

# The first start on a machine writes caches (of fonts, among others), and no test should wait for it.
profile="$(mktemp -d)"
trap 'rm -rf "$profile"' EXIT
timeout 120 "$(find_chromium)" --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
  --disable-background-networking --disable-component-update --disable-sync \
  --user-data-dir="$profile" --dump-dom about:blank >/dev/null 2>&1
