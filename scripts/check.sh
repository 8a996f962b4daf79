#!/usr/bin/env bash
# Everything that is checked without running the product. Any warning is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
step() { printf '\n\033[1m%s\033[0m\n' "$*"; }

# Beside the others, for it and mypy take longest, on one core each; what it says comes in its turn.
said="$(mktemp)"
python web/hatch_build.py check >"$said" 2>&1 &
web=$!
trap 'kill "$web" 2>/dev/null || true; rm -f "$said"' EXIT

step "ruff";           ruff format --check .; ruff check .
step "mypy";           mypy
step "import contracts"; lint-imports
step "hadolint";       hadolint Dockerfile
step "web";            code=0; wait "$web" || code=$?; cat "$said"; [ "$code" = 0 ]
if [ "${TASKFLOW_AUDIT:-1}" != 0 ]; then
  step "dependency audit"; scripts/audit.sh
fi
