#!/usr/bin/env bash
# All tests. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
# Tests start hundreds of processes: none is to compile again what the one before has.
unset PYTHONDONTWRITEBYTECODE
python web/hatch_build.py test
exec python -m pytest "$@"
