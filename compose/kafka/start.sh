#!/bin/sh
# Prepares the data of a new broker, and becomes the broker.
set -eu
bin="${KAFKA_HOME:-/opt/kafka}/bin"
config="${KAFKA_CONFIG:-/etc/taskflow/server.properties}"
"$bin/kafka-storage.sh" format --standalone --ignore-formatted --cluster-id "$KAFKA_CLUSTER_ID" --config "$config"
exec "$bin/kafka-server-start.sh" "$config"
