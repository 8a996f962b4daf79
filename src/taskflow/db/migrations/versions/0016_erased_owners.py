"""Consumers remember whose account is gone, and find what they keep of them."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Make what is remembered and the indexes, and forget those who are gone already."""
    op.execute(REMEMBERED)
    op.execute(FOUND)
    op.execute(GONE)


# As tasks.owner_stands: who handles an event shares the lock, who lets its owner go holds it alone.
REMEMBERED = """
CREATE TABLE delivery.erased_owners (
  consumer text NOT NULL,
  user_id uuid NOT NULL,
  erased_at timestamptz NOT NULL,
  PRIMARY KEY (consumer, user_id)
);
GRANT SELECT, INSERT ON delivery.erased_owners TO taskflow_delivery;

CREATE FUNCTION delivery.owner_key(reader text, owner uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$ SELECT hashtextextended(reader || ' ' || owner, 7310201444) $$;

CREATE FUNCTION delivery.owner_stands(reader text, owner uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(delivery.owner_key(reader, owner));
  RETURN NOT EXISTS (
    SELECT FROM delivery.erased_owners WHERE consumer = reader AND user_id = owner
  );
END $$;
"""

FOUND = """
ALTER TABLE reminders.tasks
  ADD COLUMN user_id uuid GENERATED ALWAYS AS ((task->>'user_id')::uuid) STORED;
CREATE INDEX tasks_by_user ON reminders.tasks (user_id);
CREATE INDEX tickets_by_user ON notifications.tickets ((identity->>'user_id'));
DROP INDEX recurring.series_by_user;
CREATE INDEX series_by_user ON recurring.series (user_id, id);
"""

GONE = """
INSERT INTO delivery.erased_owners
SELECT consumer, user_id, erased_at
  FROM tasks.erased_owners
 CROSS JOIN (VALUES ('recurring-processor'), ('reminder'), ('notification')) AS known (consumer);
DELETE FROM recurring.series WHERE user_id IN (SELECT user_id FROM tasks.erased_owners);
DELETE FROM reminders.reminders WHERE user_id IN (SELECT user_id FROM tasks.erased_owners);
DELETE FROM reminders.tasks WHERE user_id IN (SELECT user_id FROM tasks.erased_owners);
DELETE FROM notifications.items WHERE user_id IN (SELECT user_id FROM tasks.erased_owners);
DELETE FROM notifications.positions WHERE user_id IN (SELECT user_id FROM tasks.erased_owners);
"""
