"""One database, SQLite or PostgreSQL: opened, migrated, read from and written to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

BUSY_TIMEOUT_MS = 30_000
"""How long a SQLite writer waits for its turn; dbos waits as long."""

READ_ONLY = {"read_only": True}


class Database:
    """The open database. Reads see a snapshot; writes are one transaction, all or nothing."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @classmethod
    async def open(cls, url: str) -> "Database":
        """Open ``sqlite:///file`` or ``postgresql://…``, creating the file and the tables where needed."""
        await asyncio.to_thread(migrate, url)
        if is_sqlite(url):
            engine = create_async_engine(url.replace("sqlite:", "sqlite+aiosqlite:", 1), pool_size=5)
            event.listen(engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(engine.sync_engine, "begin", _begin_sqlite)
        else:
            driver_url = url.replace("postgresql:", "postgresql+psycopg:", 1)
            engine = create_async_engine(driver_url, pool_size=10, pool_pre_ping=True)
        return cls(engine)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite: writers there take turns by themselves."""
        return self._engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection to read with."""
        async with self._engine.connect() as connection:
            await connection.execution_options(**READ_ONLY)
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed at the end of the block, rolled back if the block raises."""
        async with self._engine.begin() as connection:
            yield connection

    async def close(self) -> None:
        """Give all connections back."""
        await self._engine.dispose()


def is_sqlite(url: str) -> bool:
    """Whether the URL names a SQLite file."""
    return url.startswith("sqlite:")


def migrate(url: str) -> None:
    """Bring the database to today's schema; blocking. Does nothing but look when it is there already."""
    if is_sqlite(url):
        file = make_url(url).database or ""
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url)
        # WAL sticks to the file; without it dbos runs 8 instead of 30 workflows a second (ENGINE.md).
        event.listen(engine, "connect", lambda c, _: c.execute("PRAGMA journal_mode=WAL"))
    else:
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1))
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        head = ScriptDirectory.from_config(config).get_current_head()
        if MigrationContext.configure(connection).get_current_revision() != head:
            if not is_sqlite(url):  # several processes may start at once: one migrates, the others wait
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7700)")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    engine.dispose()


def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.isolation_level = None  # transactions are begun below, by us
    cursor = dbapi_connection.cursor()
    # FULL: with WAL and NORMAL an acknowledged lead can vanish at power loss (SQLite's own contract).
    for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that turns into a write can fail as busy at once; IMMEDIATE waits its turn.
    read_only = connection.get_execution_options().get("read_only")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
