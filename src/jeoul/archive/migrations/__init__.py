"""Versions of the catalogue's tables (Alembic)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jeoul.errors import ArchiveError

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Engine

HERE = Path(__file__).parent


def upgrade(engine: Engine) -> None:
    """Bring the tables to this version, in one transaction; a newer catalogue is left alone."""
    from alembic import command
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = _config()
    known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    with engine.execution_options(jeoul_writes=True).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("select pg_advisory_xact_lock(5570911212)")
        there = MigrationContext.configure(connection).get_current_revision()
        if there == known[0]:
            return
        if there is not None and there not in known:
            found = f"the catalogue has version '{there}', which this Jeoul does not know."
            raise ArchiveError(found, advice="Use the newer Jeoul that made it.")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "os")
    return config
