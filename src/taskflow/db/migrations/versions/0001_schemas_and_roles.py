"""A schema and a role for each owner of tables; roles cannot log in, the login takes them on."""

from alembic import op

revision = "0001"
down_revision = None

SCHEMAS = ("tasks", "accounts", "delivery", "recurring", "reminders", "notifications", "audit")
# Which service role may act for which schemas. A role is the cluster's, so it may exist already.
MEMBERS = {
    "taskflow_task_api": ("tasks", "accounts", "delivery"),
    "taskflow_recurring": ("tasks", "delivery"),
    "taskflow_reminders": ("delivery",),
    "taskflow_notifications": ("delivery",),
    "taskflow_audit": (),
}


def upgrade() -> None:
    """Make roles, schemas and memberships."""
    op.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    for role in [f"taskflow_{schema}" for schema in SCHEMAS] + ["taskflow_task_api"]:
        op.execute(make_role(role))
    for schema in SCHEMAS:
        op.execute(f"CREATE SCHEMA {schema}")
        op.execute(f"GRANT USAGE ON SCHEMA {schema} TO taskflow_{schema}")
    for member, schemas in MEMBERS.items():
        for schema in schemas:
            op.execute(grant(f"taskflow_{schema}", member))
    # The audit role is no member of anything: it is given what it needs, one right at a time.
    op.execute("GRANT USAGE ON SCHEMA delivery TO taskflow_audit")
    op.execute("GRANT SELECT ON alembic_version TO PUBLIC")


def make_role(role: str) -> str:
    """Create a role unless it is there; two databases of one cluster may do so at once."""
    return f"""
    DO $$ BEGIN
      CREATE ROLE {role} NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END $$;
    {grant(role, "CURRENT_USER")}
    """


def grant(role: str, member: str) -> str:
    """Make a role a member of another; the catalogue's rows are the cluster's too."""
    return f"""
    DO $$ BEGIN
      PERFORM pg_advisory_xact_lock(hashtext('taskflow roles'));
      GRANT {role} TO {member};
    EXCEPTION WHEN unique_violation THEN NULL;
    END $$
    """
