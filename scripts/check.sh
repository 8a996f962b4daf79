#!/usr/bin/env bash
# Everything that is checked without running the product. Any warning is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
step() { printf '\n\033[1m%s\033[0m\n' "$*"; }

step "ruff";           ruff format --check .; ruff check .
step "mypy";           mypy
step "import contracts"; lint-imports
step "hadolint";       hadolint Dockerfile
step "web";            python web/hatch_build.py check
if [ "${TASKFLOW_AUDIT:-1}" != 0 ]; then
  step "dependency audit"; scripts/audit.sh
fi
