"""The notification service (port 8003): the list and the live stream."""
