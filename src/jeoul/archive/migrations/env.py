"""Run by Alembic: the connection is given by `jeoul.archive.migrations.upgrade`."""

from alembic import context

from jeoul.archive.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
