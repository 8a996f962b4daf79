#!/bin/sh
# Makes TaskFlow's topics; written by `taskflow topics script`.
set -eu
tool="${KAFKA_TOPICS_TOOL:-/opt/kafka/bin/kafka-topics.sh}"
config="${KAFKA_COMMAND_CONFIG:+--command-config $KAFKA_COMMAND_CONFIG}"
make() {
  # shellcheck disable=SC2086 # the tool and the configuration may be several words
  $tool --bootstrap-server "$KAFKA_BOOTSTRAP_SERVERS" $config --create --if-not-exists \
    --topic "$1" --partitions "$2" --replication-factor "${KAFKA_REPLICATION_FACTOR:-1}"
}
make taskflow.tasks.created 12
make taskflow.tasks.updated 12
make taskflow.tasks.completed 12
make taskflow.tasks.deleted 12
make taskflow.tasks.reminder-triggered 12
make taskflow.dlq.recurring-processor 3
make taskflow.dlq.reminder 3
make taskflow.dlq.notification 3
make taskflow.dlq.audit-logger 3
