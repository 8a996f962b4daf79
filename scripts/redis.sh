#!/usr/bin/env bash
# A Redis for the tests: the machine's own, else Debian's, installed where we may; none is started.
# Ends with a failure that says how to get one where there is none and none can be installed.
set -euo pipefail

if command -v redis-server >/dev/null; then exit; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "taskflow: the tests of replicas need Redis; on Debian: apt-get install redis-server" >&2
  exit 1
fi
echo "· installing Redis from Debian" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# Its package would start it as a service: ours are children of the tests.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
fi
apt-get install -y -qq --no-install-recommends redis-server >/dev/null
