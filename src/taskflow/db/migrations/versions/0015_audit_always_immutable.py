"""The audit trail refuses changes in every session, also in one that says it only replicates."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Make the triggers fire always, those of partitions to come too."""
    op.execute(PRESENT)
    op.execute(TO_COME)


# Of the row trigger each partition has a copy, which follows the table's own, now and later on;
# what refuses to truncate belongs to each partition by itself.
PRESENT = """
ALTER TABLE audit.task_events ENABLE ALWAYS TRIGGER immutable;
ALTER TABLE audit.task_events ENABLE ALWAYS TRIGGER not_truncated;
DO $$
DECLARE
  name text;
BEGIN
  FOR name IN SELECT inhrelid::regclass::text FROM pg_inherits
               WHERE inhparent = 'audit.task_events'::regclass
  LOOP
    EXECUTE 'ALTER TABLE ' || name || ' ENABLE ALWAYS TRIGGER immutable';
    EXECUTE 'ALTER TABLE ' || name || ' ENABLE ALWAYS TRIGGER not_truncated';
  END LOOP;
END $$;
"""

# As it was, but for the last statement.
TO_COME = """
CREATE OR REPLACE FUNCTION audit.make_partition(day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  first timestamptz := date_trunc('month', day::timestamp) AT TIME ZONE 'UTC';
  next timestamptz := (date_trunc('month', day::timestamp) + interval '1 month')
                      AT TIME ZONE 'UTC';
  low uuid := audit.first_id_at(first);
  high uuid := audit.first_id_at(next);
  name text := 'task_events_' || to_char(first AT TIME ZONE 'UTC', 'YYYY_MM');
BEGIN
  PERFORM pg_advisory_xact_lock(7310201442051337002);
  IF to_regclass('audit.' || name) IS NOT NULL OR EXISTS (
    SELECT FROM audit.task_events_other WHERE event_id >= low AND event_id < high
  ) THEN
    RETURN false;
  END IF;
  EXECUTE 'CREATE TABLE audit.' || quote_ident(name)
    || ' PARTITION OF audit.task_events FOR VALUES FROM (' || quote_literal(low)
    || ') TO (' || quote_literal(high) || ')';
  EXECUTE 'CREATE TRIGGER not_truncated BEFORE TRUNCATE ON audit.' || quote_ident(name)
    || ' FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse()';
  EXECUTE 'ALTER TABLE audit.' || quote_ident(name) || ' ENABLE ALWAYS TRIGGER not_truncated';
  RETURN true;
END $$;
"""
