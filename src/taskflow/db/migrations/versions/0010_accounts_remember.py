"""Remembers the first account and the erased ones; other services read a caller and no more."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make what is remembered, narrow the grants, and index what is pruned."""
    op.execute(FIRST_ACCOUNT)
    op.execute(ERASED_OWNERS)
    op.execute(TOKENS)
    op.execute(CALLERS)
    op.execute(PRUNED)


# An installation that shows any trace of an account has had its first one.
FIRST_ACCOUNT = """
CREATE TABLE accounts.installation (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  first_account_at timestamptz NOT NULL
);
INSERT INTO accounts.installation (first_account_at)
SELECT coalesce((SELECT min(created_at) FROM accounts.users), now())
 WHERE EXISTS (SELECT FROM accounts.users)
    OR EXISTS (SELECT FROM accounts.sessions)
    OR EXISTS (SELECT FROM audit.task_events);
GRANT SELECT, INSERT ON accounts.installation TO taskflow_accounts;
"""

# Whoever makes a task shares the owner's lock until the commit, whoever erases the owner holds it
# alone: a task is either there to be erased, or not made. Each statement of the function has a
# snapshot of its own, so it sees what was committed while it waited.
ERASED_OWNERS = """
CREATE TABLE tasks.erased_owners (
  user_id uuid PRIMARY KEY,
  erased_at timestamptz NOT NULL
);
GRANT SELECT, INSERT ON tasks.erased_owners TO taskflow_tasks;

CREATE FUNCTION tasks.owner_key(owner uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$ SELECT hashtextextended(owner::text, 7310201443) $$;

CREATE FUNCTION tasks.owner_stands(owner uuid) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(tasks.owner_key(owner));
  RETURN NOT EXISTS (SELECT FROM tasks.erased_owners WHERE user_id = owner);
END $$;
"""

# A token is found by its hash alone, so that no service can read those of other people.
TOKENS = """
ALTER TABLE accounts.tokens ADD COLUMN last_used_at timestamptz;

CREATE FUNCTION accounts.find_token(wanted bytea, instant timestamptz)
RETURNS TABLE (id uuid, user_id uuid, name text, scopes text[], role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT token.id, token.user_id, token.name, token.scopes, owner.role
    FROM accounts.tokens AS token
    JOIN accounts.users AS owner ON owner.id = token.user_id
   WHERE token.hash = wanted AND (token.expires_at IS NULL OR token.expires_at > instant)
$$;
REVOKE ALL ON FUNCTION accounts.find_token(bytea, timestamptz) FROM PUBLIC;
"""

# Services that own no accounts know who calls, and note that a token was used.
CALLERS = """
REVOKE SELECT ON accounts.tokens, accounts.sessions
  FROM taskflow_recurring, taskflow_reminders, taskflow_notifications, taskflow_audit;
GRANT SELECT (id, revoked_at) ON accounts.sessions
  TO taskflow_recurring, taskflow_reminders, taskflow_notifications, taskflow_audit;
GRANT SELECT (id, expires_at, last_used_at), UPDATE (last_used_at) ON accounts.tokens
  TO taskflow_recurring, taskflow_reminders, taskflow_notifications, taskflow_audit;
GRANT EXECUTE ON FUNCTION accounts.find_token(bytea, timestamptz)
  TO taskflow_accounts, taskflow_recurring, taskflow_reminders, taskflow_notifications,
     taskflow_audit;
"""

PRUNED = """
CREATE INDEX sessions_by_expiry ON accounts.sessions (expires_at);
CREATE INDEX refresh_tokens_used ON accounts.refresh_tokens (used_at) WHERE used_at IS NOT NULL;
CREATE INDEX tickets_by_expiry ON notifications.tickets (expires_at);
"""
