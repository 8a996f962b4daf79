"""The audit trail: every event, for ever, in monthly partitions by ranges of time-ordered ids."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table, its partitions, what keeps it immutable, and grants."""
    op.execute(
        """
        CREATE TABLE audit.task_events (
          event_id uuid PRIMARY KEY,
          event_type text NOT NULL,
          task_id uuid NOT NULL,
          user_id uuid NOT NULL,
          timestamp timestamptz NOT NULL,
          payload jsonb NOT NULL,
          correlation_id text,
          partition_key date NOT NULL,
          actor text NOT NULL,
          version integer NOT NULL
        ) PARTITION BY RANGE (event_id);
        CREATE INDEX task_events_by_type ON audit.task_events (event_type, event_id);
        CREATE INDEX task_events_by_task ON audit.task_events (task_id, version, event_id);
        CREATE INDEX task_events_by_user ON audit.task_events (user_id, event_id);
        CREATE INDEX task_events_by_time ON audit.task_events (timestamp, event_id);
        CREATE TABLE audit.task_events_other PARTITION OF audit.task_events DEFAULT;

        CREATE FUNCTION audit.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'the audit trail is immutable' USING ERRCODE = 'insufficient_privilege';
        END $$;
        CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON audit.task_events
          FOR EACH ROW EXECUTE FUNCTION audit.refuse();
        CREATE TRIGGER not_truncated BEFORE TRUNCATE ON audit.task_events
          FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();
        CREATE TRIGGER not_truncated BEFORE TRUNCATE ON audit.task_events_other
          FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();

        -- The smallest UUIDv7 of an instant.
        CREATE FUNCTION audit.first_id_at(instant timestamptz) RETURNS uuid
        LANGUAGE sql IMMUTABLE AS $$
          SELECT (lpad(to_hex((extract(epoch FROM instant) * 1000)::bigint), 12, '0')
                  || '70008000000000000000')::uuid
        $$;

        -- Makes a month's partition; false when it is there, or the default one has rows of it.
        CREATE FUNCTION audit.make_partition(day date) RETURNS boolean
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
          RETURN true;
        END $$;
        REVOKE ALL ON FUNCTION audit.make_partition(date) FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION audit.make_partition(date) TO taskflow_audit;
        GRANT SELECT, INSERT ON audit.task_events TO taskflow_audit;
        SELECT audit.make_partition((now() AT TIME ZONE 'UTC')::date);
        """
    )
