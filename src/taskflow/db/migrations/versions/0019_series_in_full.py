"""Series that are edited, paused, stopped or pile up, with the history of all their instances."""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Add the columns and their indexes, filled from the tasks."""
    op.execute(
        """
        ALTER TABLE tasks.tasks ADD COLUMN planned_at timestamptz;
        UPDATE tasks.tasks SET planned_at = due_at WHERE recurrence IS NOT NULL;

        ALTER TABLE recurring.series
          ADD COLUMN template jsonb NOT NULL DEFAULT '{}',
          ADD COLUMN version integer NOT NULL DEFAULT 1,
          ADD COLUMN paused_at timestamptz,
          ADD COLUMN resumed_at timestamptz,
          ADD COLUMN stopped_at timestamptz,
          ADD COLUMN next_at timestamptz,
          ADD COLUMN floating boolean NOT NULL DEFAULT false,
          -- PostgreSQL named it so while another table of this name was there.
          DROP CONSTRAINT series_status_check1,
          ADD CONSTRAINT series_status_known CHECK (status IN ('active', 'paused', 'ended'));
        UPDATE recurring.series AS series
           SET floating = task.floating, template = jsonb_build_object(
                 'title', task.title, 'description', task.description, 'priority', task.priority,
                 'tags', to_jsonb(task.tags), 'reminders', task.reminders)
          FROM tasks.tasks AS task
         WHERE task.id = series.current_task_id;
        CREATE INDEX series_by_next ON recurring.series (next_at, id) WHERE next_at IS NOT NULL;

        ALTER TABLE recurring.instances
          ADD COLUMN plan text NOT NULL DEFAULT '',
          ADD COLUMN overrides jsonb NOT NULL DEFAULT '{}',
          ADD COLUMN is_skipped boolean NOT NULL DEFAULT false,
          ADD COLUMN missed integer NOT NULL DEFAULT 0,
          ADD COLUMN excused integer NOT NULL DEFAULT 0,
          ADD COLUMN due_at timestamptz,
          ADD COLUMN lapsed integer NOT NULL DEFAULT 0;
        UPDATE recurring.instances AS instance
           SET due_at = coalesce(task.due_at, task.created_at)
          FROM tasks.tasks AS task
         WHERE task.id = instance.task_id;
        CREATE INDEX instances_by_time ON recurring.instances (series_id, due_at);
        """
    )
