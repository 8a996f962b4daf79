#!/usr/bin/env bash
# Prints the Secrets that k8s/overlays/dev needs, with fresh random values; keeps nothing. Once per cluster:
#   scripts/kubernetes_dev_secrets.sh | kubectl create -f -
# (`create` refuses to replace what is there: the database would not know another password.)
set -euo pipefail
command -v openssl >/dev/null || { echo "openssl is missing" >&2; exit 1; }
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
umask 077

random() { openssl rand -hex 24; }
# secret NAME KEY=VALUE…: a manifest; a value may have several lines.
secret() {
  local name="$1" pair; shift
  printf -- '---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\n  namespace: taskflow\nstringData:\n' "$name"
  for pair in "$@"; do
    printf '  %s: |-\n%s\n' "${pair%%=*}" "$(sed 's/^/    /' <<<"${pair#*=}")"
  done
}

postgres="$(random)"
redis="$(random)"
openssl genpkey -algorithm ed25519 -out "$folder/signing-key.pem" 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=taskflow.localhost \
  -addext subjectAltName=DNS:taskflow.localhost -keyout "$folder/tls.key" -out "$folder/tls.crt" 2>/dev/null

secret taskflow-postgres "password=$postgres"
for owner in owner task-api recurring-processor reminder notification audit-logger; do
  secret "taskflow-database-$owner" "url=postgresql://taskflow:$postgres@postgres:5432/taskflow"
done
secret taskflow-redis "url=redis://:$redis@redis:6379/0" "redis.conf=requirepass $redis
save \"\"
maxmemory-policy noeviction"
secret taskflow-kafka "brokers=kafka:9092"
secret taskflow-signing-key "signing-key.pem=$(cat "$folder/signing-key.pem")"
secret taskflow-verifying-key "verifying-key.pem=$(openssl pkey -in "$folder/signing-key.pem" -pubout)"
secret taskflow-web-push-key "web-push-key.pem=$(openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>/dev/null)"
secret taskflow-dapr-api-token "token=$(random)"
secret taskflow-app-api-token "token=$(random)"
secret taskflow-tls "tls.crt=$(cat "$folder/tls.crt")" "tls.key=$(cat "$folder/tls.key")"
