"""Carries messages from the outbox to the consumers: in this process, or through Dapr."""
