"""PostgreSQL: connections, the one place that commits, and the schema's migrations."""
