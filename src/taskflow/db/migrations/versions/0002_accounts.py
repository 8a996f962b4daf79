"""Accounts, sessions with their refresh tokens, and personal access tokens."""

from alembic import op

revision = "0002"
down_revision = "0001"

AUTHENTICATING = (
    "taskflow_task_api, taskflow_recurring, taskflow_reminders, taskflow_notifications, "
    "taskflow_audit"
)


def upgrade() -> None:
    """Make the tables, their indexes and grants."""
    op.execute(
        """
        CREATE TABLE accounts.users (
          id uuid PRIMARY KEY,
          email text NOT NULL UNIQUE,
          password_hash text NOT NULL,
          name text NOT NULL,
          timezone text NOT NULL,
          role text NOT NULL CHECK (role IN ('user', 'admin')),
          notification_preferences jsonb NOT NULL DEFAULT '{}',
          created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL
        );

        -- No reference to the user: an ended session is remembered when its account is erased.
        CREATE TABLE accounts.sessions (
          id uuid PRIMARY KEY,
          user_id uuid NOT NULL,
          created_at timestamptz NOT NULL,
          expires_at timestamptz NOT NULL,
          revoked_at timestamptz
        );
        CREATE INDEX sessions_by_user ON accounts.sessions (user_id);
        CREATE INDEX sessions_revoked ON accounts.sessions (revoked_at)
          WHERE revoked_at IS NOT NULL;

        CREATE TABLE accounts.refresh_tokens (
          hash bytea PRIMARY KEY,
          session_id uuid NOT NULL REFERENCES accounts.sessions ON DELETE CASCADE,
          used_at timestamptz
        );
        CREATE INDEX refresh_tokens_by_session ON accounts.refresh_tokens (session_id);

        CREATE TABLE accounts.tokens (
          id uuid PRIMARY KEY,
          user_id uuid NOT NULL REFERENCES accounts.users ON DELETE CASCADE,
          name text NOT NULL,
          hash bytea NOT NULL UNIQUE,
          scopes text[] NOT NULL,
          created_at timestamptz NOT NULL,
          expires_at timestamptz
        );
        CREATE INDEX tokens_by_user ON accounts.tokens (user_id);

        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA accounts TO taskflow_accounts;
        """
    )
    # Every service must know a caller; none but the Task API learns an address or a password hash.
    op.execute(f"GRANT USAGE ON SCHEMA accounts TO {AUTHENTICATING}")
    op.execute(f"GRANT SELECT ON accounts.tokens, accounts.sessions TO {AUTHENTICATING}")
    op.execute(
        "GRANT SELECT (id, name, role, timezone, notification_preferences) ON accounts.users "
        f"TO {AUTHENTICATING}"
    )
