#!/usr/bin/env bash
# Makes the secrets of the distributed size, once: scripts/make_secrets.sh [FOLDER]
# What is there stays as it is, so it may run before every start. To make one anew, delete its file
# (and those that are made of it) first; docs/operate/compose.md says which, and what else to do.
# The folder is closed to everybody else (0700). The files in it are not: an account of a container
# reads them. Nothing secret is printed or stands on a command line.
set -euo pipefail
folder="${1:-${TASKFLOW_SECRETS:-secrets}}"

fail() { printf 'taskflow: %s\n' "$*" >&2; exit 1; }
command -v openssl >/dev/null || fail "openssl is needed and was not found (Debian: apt-get install openssl)"

umask 077
mkdir -p "$folder"
chmod 0700 "$folder"
cd "$folder"
draft="$(mktemp -d .draft-XXXXXX)"
trap 'rm -rf "$draft"' EXIT
made=0

# keep NAME: standard input becomes the file of that name; it is there whole, or not at all.
keep() {
  cat >"$draft/new"
  [ -s "$draft/new" ] || fail "nothing was made for $1"
  chmod 0644 "$draft/new"
  mv "$draft/new" "$1"
  made=$((made + 1))
  printf '· made %s/%s\n' "$folder" "$1"
}
# random NAME: 256 bits in hexadecimal, which needs no quoting anywhere.
random() { [ -e "$1" ] || openssl rand -hex 32 | keep "$1"; }

for name in postgres_password postgres_owner_password postgres_service_password redis_password \
  dapr_api_token app_api_token grafana_admin_password; do
  random "$name"
done

# What is made of them. `printf` belongs to the shell, so that no process list shows a secret.
[ -e database_owner_url ] || printf 'postgresql://taskflow_owner:%s@postgres:5432/taskflow\n' "$(<postgres_owner_password)" | keep database_owner_url
[ -e database_url ] || printf 'postgresql://taskflow_service:%s@postgres:5432/taskflow\n' "$(<postgres_service_password)" | keep database_url
[ -e redis_url ] || printf 'redis://taskflow:%s@redis:6379/0\n' "$(<redis_password)" | keep redis_url
[ -e dapr.env ] || printf 'DAPR_API_TOKEN=%s\nAPP_API_TOKEN=%s\n' "$(<dapr_api_token)" "$(<app_api_token)" | keep dapr.env
if [ ! -e redis_users ]; then
  hash="$(printf '%s' "$(<redis_password)" | openssl dgst -sha256 -r | cut -d' ' -f1)"
  printf 'user default off\nuser taskflow on #%s ~{taskflow:reminders}:* &taskflow:* +@all -@admin -@dangerous\n' "$hash" | keep redis_users
fi

# The key that signs access tokens, and its public half that everybody else verifies with.
[ -e signing_key.pem ] || openssl genpkey -algorithm ed25519 | keep signing_key.pem
[ -e verifying_key.pem ] || openssl pkey -in signing_key.pem -pubout | keep verifying_key.pem

# By what push services know us; browsers' subscriptions are bound to it.
[ -e web_push_key.pem ] || openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | keep web_push_key.pem

# A certificate for this machine alone; put one of your own in its place for any other name.
if [ ! -e tls_key.pem ]; then
  rm -f tls_certificate.pem
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | keep tls_key.pem
fi
[ -e tls_certificate.pem ] || openssl req -x509 -new -key tls_key.pem -days 825 -subj '/CN=localhost' \
  -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1' \
  -addext 'extendedKeyUsage=serverAuth' | keep tls_certificate.pem

[ "$made" -gt 0 ] || printf '· nothing to do: all secrets are in %s\n' "$folder"
