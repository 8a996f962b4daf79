#!/usr/bin/env bash
# Writes contracts/ from the code, and the page's types from contracts/openapi.json.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
python -m taskflow.runner.contracts contracts
python web/hatch_build.py generate
