"""What every service shares: the app, the consumer, identity, problems, health, metrics, limits."""
