"""The schema's migrations (Alembic), in order, written in plain SQL."""
