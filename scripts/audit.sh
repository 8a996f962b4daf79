#!/usr/bin/env bash
# Known vulnerabilities in what is installed for running. A machine that cannot ask says so, and goes on.
set -uo pipefail
cd "$(dirname "$0")/.."
answer=$(timeout 60 pip-audit --progress-spinner off --require-hashes --disable-pip -r requirements/otel.txt 2>&1)
code=$?
printf '%s\n' "$answer" | tail -n 20
if [ $code -ne 0 ] && printf '%s' "$answer" | grep -qiE 'connection|service|timed? ?out|resolve|HTTPError|proxy' || [ $code -eq 124 ]; then
  echo "the vulnerability database cannot be reached from here; nothing was audited"
  exit 0
fi
exit $code
