"""Series follow the newest state of each of their tasks, and know which ones nobody touched."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the tables, their indexes and grants."""
    op.execute(
        """
        ALTER TABLE recurring.series RENAME TO old_series;
        ALTER TABLE recurring.instances RENAME TO old_instances;
        ALTER TABLE recurring.old_series RENAME CONSTRAINT series_pkey TO old_series_pkey;
        ALTER TABLE recurring.old_instances
          RENAME CONSTRAINT instances_pkey TO old_instances_pkey;

        CREATE TABLE recurring.series (
          id uuid PRIMARY KEY,
          user_id uuid NOT NULL,
          recurrence jsonb,
          timezone text NOT NULL,
          all_day boolean NOT NULL,
          start_at text NOT NULL,
          used integer NOT NULL,
          made integer NOT NULL,
          status text NOT NULL CHECK (status IN ('active', 'ended')),
          current_task_id uuid NOT NULL,
          created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL
        );

        CREATE TABLE recurring.instances (
          task_id uuid PRIMARY KEY,
          series_id uuid NOT NULL REFERENCES recurring.series ON DELETE CASCADE,
          title text NOT NULL,
          position integer NOT NULL,
          version integer NOT NULL,
          own_version integer NOT NULL,
          status text NOT NULL CHECK (status IN ('pending', 'completed')),
          is_deleted boolean NOT NULL,
          is_withdrawn boolean NOT NULL,
          repeats boolean NOT NULL,
          occurrence_date text NOT NULL,
          due_date text,
          planned_date text,
          completed_at timestamptz
        );

        -- The tasks are the truth; only where a rule counts from is told by nothing else.
        INSERT INTO recurring.series
        SELECT known.id, known.user_id, known.recurrence, known.timezone, known.all_day,
               CASE WHEN known.all_day
                    THEN to_char(known.start_at AT TIME ZONE known.timezone, 'YYYY-MM-DD')
                    ELSE to_char(known.start_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
               END,
               0, known.made, known.status, newest.id, newest.created_at, known.updated_at
          FROM recurring.old_series AS known
         CROSS JOIN LATERAL (
               SELECT id, created_at FROM tasks.tasks
                WHERE series_id = known.id
                ORDER BY (status = 'pending' AND deleted_at IS NULL) DESC, created_at DESC, id DESC
                LIMIT 1
               ) AS newest;

        INSERT INTO recurring.instances
        SELECT id, series_id, title, place, version,
               CASE WHEN version = 1 AND place > 1 THEN 1 ELSE 0 END,
               status, deleted_at IS NOT NULL, false, recurrence IS NOT NULL,
               coalesce(occurrence_date, ''), due, due, completed_at
          FROM (SELECT *,
                       row_number() OVER (PARTITION BY series_id ORDER BY created_at, id) AS place,
                       CASE WHEN all_day THEN to_char(due_at AT TIME ZONE timezone, 'YYYY-MM-DD')
                            ELSE to_char(due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                        END AS due
                  FROM tasks.tasks
                 WHERE series_id IN (SELECT id FROM recurring.series)) AS task;

        DROP TABLE recurring.old_instances, recurring.old_series;

        CREATE INDEX series_by_user ON recurring.series (user_id, id)
          WHERE recurrence IS NOT NULL;
        CREATE INDEX series_active ON recurring.series (id) WHERE status = 'active';
        CREATE INDEX instances_open ON recurring.instances (series_id)
          WHERE status = 'pending' AND NOT is_deleted;
        CREATE INDEX instances_by_position ON recurring.instances (series_id, position, task_id);
        CREATE INDEX instances_by_occurrence ON recurring.instances (series_id, occurrence_date);

        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA recurring
          TO taskflow_recurring;
        """
    )
