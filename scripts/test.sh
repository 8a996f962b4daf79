#!/usr/bin/env bash
# All tests, two files at a time. Arguments go to pytest; `-n 0` is one at a time.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
# Tests start hundreds of processes: none is to compile again what the one before has.
unset PYTHONDONTWRITEBYTECODE
python web/hatch_build.py test
# In their order, the many short tests of tests/unit come last: nobody waits for one long file in the end.
exec python -m pytest -n 2 --dist loadfile --no-loadscope-reorder "$@"
