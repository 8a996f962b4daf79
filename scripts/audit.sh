#!/usr/bin/env bash
# Known vulnerabilities in what is installed for running. Where the database of vulnerabilities cannot be
# asked this warns and passes, unless TASKFLOW_AUDIT=required, as in the workflow that publishes.
set -uo pipefail
cd "$(dirname "$0")/.."
report="$(mktemp)"
trap 'rm -f "$report"' EXIT
command -v pip-audit >/dev/null || { echo "pip-audit is missing; run make setup" >&2; exit 1; }
# The machine's own certificates: a company's proxy is trusted like everywhere else on it.
store="$(python -c 'import ssl; print(ssl.get_default_verify_paths().cafile or "")')"
[ -n "$store" ] || store=/etc/ssl/certs/ca-certificates.crt
if [ -z "${REQUESTS_CA_BUNDLE:-}" ] && [ -f "$store" ]; then export REQUESTS_CA_BUNDLE="$store"; fi
complaint="$(timeout 120 pip-audit --progress-spinner off --require-hashes --disable-pip \
  --format json --output "$report" -r requirements/otel.txt 2>&1)"
python - "$report" "${TASKFLOW_AUDIT:-1}" "$complaint" <<'PYTHON'
import json
import os
import sys
from pathlib import Path

path, mode, complaint = sys.argv[1:]
text = Path(path).read_text()
packages = json.loads(text)["dependencies"] if text else []
unknown = [one["name"] for one in packages if "skip_reason" in one]
found = [(one["name"], one["version"], bad["id"]) for one in packages for bad in one.get("vulns", [])]
for name, version, identity in found:
    print(f"{name} {version}: {identity}")
audited = len(packages) - len(unknown)
print(f"{audited} packages audited, {len(found)} vulnerabilities, {len(unknown)} could not be looked up")
if not audited or unknown:
    reasons = [one["skip_reason"] for one in packages if "skip_reason" in one]
    why = (reasons or complaint.strip().splitlines()[-1:] or ["no answer in time"])[0]
    some = f"in {len(unknown)} packages" if audited else "in any package"
    warning = f"nobody has looked for known vulnerabilities {some}: {why}"
    print(f"::warning::{warning}" if "GITHUB_ACTIONS" in os.environ else f"WARNING: {warning}")
sys.exit(bool(found or (mode == "required" and (unknown or not audited))))
PYTHON
