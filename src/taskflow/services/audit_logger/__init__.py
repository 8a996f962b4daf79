"""The audit logger (port 8004): an immutable trail of every event."""
