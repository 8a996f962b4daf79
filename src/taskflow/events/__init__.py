"""The event contract: topics, payloads and the CloudEvents envelope. Pure."""
