"""What became of each reminder: its timeline, its deliveries and their attempts; nagging."""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Make the tables, their indexes and grants; a timeline is only ever added to, or forgotten."""
    op.execute(
        """
        ALTER TABLE reminders.reminders
          ADD COLUMN nag_every_seconds integer,
          ADD COLUMN nag_times integer,
          ADD COLUMN nag_done integer NOT NULL DEFAULT 0,
          ADD COLUMN seen_at timestamptz;
        CREATE INDEX pending_by_user ON reminders.reminders (user_id, fire_at)
         WHERE status = 'pending';

        CREATE TABLE reminders.timeline (
          reminder_id uuid NOT NULL,
          id bigint GENERATED ALWAYS AS IDENTITY,
          at timestamptz NOT NULL,
          what text NOT NULL,
          facts jsonb NOT NULL,
          user_id uuid NOT NULL,
          PRIMARY KEY (reminder_id, id)
        );
        CREATE INDEX timeline_by_user ON reminders.timeline (user_id);
        CREATE TABLE reminders.digests (
          user_id uuid PRIMARY KEY,
          id uuid NOT NULL,
          size integer NOT NULL,
          open_until timestamptz NOT NULL
        );
        CREATE TABLE reminders.deliveries (
          id uuid PRIMARY KEY,
          user_id uuid NOT NULL,
          task_id uuid,
          kind text NOT NULL CHECK (kind IN ('reminder', 'digest')),
          state text NOT NULL
            CHECK (state IN ('waiting', 'claimed', 'delivered', 'dead', 'stopped')),
          channel_id uuid NOT NULL,
          channel_kind text NOT NULL,
          attempt integer NOT NULL DEFAULT 0,
          attempts integer NOT NULL DEFAULT 0,
          since timestamptz,
          tried uuid[] NOT NULL DEFAULT '{}',
          unreached uuid[] NOT NULL DEFAULT '{}',
          next_at timestamptz NOT NULL,
          claim uuid,
          reason text,
          created_at timestamptz NOT NULL,
          asked_at timestamptz,
          finished_at timestamptz
        );
        COMMENT ON COLUMN reminders.deliveries.next_at IS
          'When it is to be tried; of a claimed one until when the claim holds (its lease).';
        COMMENT ON COLUMN reminders.deliveries.asked_at IS
          'When its owner asked for it to be sent once more, whatever has become of the task.';
        CREATE INDEX deliveries_next ON reminders.deliveries (channel_kind, next_at)
         WHERE state IN ('waiting', 'claimed');
        CREATE INDEX deliveries_of_task ON reminders.deliveries (task_id)
         WHERE state IN ('waiting', 'claimed');
        CREATE INDEX deliveries_by_user ON reminders.deliveries (user_id);
        CREATE INDEX deliveries_finished ON reminders.deliveries (finished_at)
         WHERE finished_at IS NOT NULL;
        CREATE TABLE reminders.told (
          delivery_id uuid NOT NULL REFERENCES reminders.deliveries ON DELETE CASCADE,
          reminder_id uuid NOT NULL,
          fire_at timestamptz NOT NULL,
          PRIMARY KEY (delivery_id, reminder_id, fire_at)
        );
        CREATE INDEX told_by_reminder ON reminders.told (reminder_id);
        CREATE TABLE reminders.attempts (
          delivery_id uuid NOT NULL REFERENCES reminders.deliveries ON DELETE CASCADE,
          number integer NOT NULL,
          channel_id uuid NOT NULL,
          channel_kind text NOT NULL,
          channel_name text NOT NULL,
          attempt integer NOT NULL,
          at timestamptz NOT NULL,
          result text NOT NULL
            CHECK (result IN ('delivered', 'failed', 'refused', 'gone', 'unknown')),
          detail text NOT NULL,
          latency_ms integer,
          next_at timestamptz,
          PRIMARY KEY (delivery_id, number)
        );
        CREATE INDEX attempts_by_channel ON reminders.attempts (channel_id, at, delivery_id);

        GRANT SELECT, INSERT, DELETE ON reminders.timeline TO taskflow_reminders;
        GRANT SELECT, INSERT, UPDATE, DELETE
           ON reminders.digests, reminders.deliveries, reminders.told, reminders.attempts
           TO taskflow_reminders;
        """
    )
