"""Alembic's environment: writes the migrations out as SQL, one transaction each."""

from alembic import context

context.configure(
    dialect_name="postgresql",
    output_buffer=context.config.output_buffer,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
