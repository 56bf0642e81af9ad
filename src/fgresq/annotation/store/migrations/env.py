"""Alembic's entry: runs migrations on the connection that `fgresq.annotation.store.migrate` hands over."""

from alembic import context

from fgresq.annotation.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by making it anew
)
context.run_migrations()
