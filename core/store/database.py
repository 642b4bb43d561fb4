"""One database, SQLite or PostgreSQL: opened, migrated, read from and written to."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError

from core.errors import Unavailable

T = TypeVar("T")

BUSY_TIMEOUT_MS = 30_000
"""How long a SQLite writer waits for its turn; dbos waits as long."""

READERS, WRITERS = 4, 8
"""Threads. SQLite's writers take turns anyway: there one thread writes for all (see _write_gathered)."""

GATHER_MOST = 50
"""Works in one commit; those of a busy moment share its fsync."""

GATHER_BESIDE = 4
"""Of the others, works in a commit for which somebody waits at a door: they go on, and hold up nobody."""


class Database:
    """The open database. Work on it is a plain function of a connection, run whole in one thread.

    A transaction that hopped between a thread and the event loop at every statement would hold SQLite's
    only write lock while the loop is busy elsewhere: 4 leads a second instead of 20 (docs/decisions.md).
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # Not the loop's default executor: dbos puts its own there, and ends it.
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-read")
        self._writers = ThreadPoolExecutor(1 if self.is_sqlite else WRITERS, thread_name_prefix="store-write")
        self._first: deque[_Write[Any]] = deque()
        self._gathered: deque[_Write[Any]] = deque()

    @classmethod
    async def open(cls, url: str) -> "Database":
        """Open ``sqlite:///file`` or ``postgresql://…``, creating the file and the tables where needed.

        Raises Unavailable when that is not possible.
        """
        try:
            await asyncio.to_thread(migrate, url)
        except (SQLAlchemyError, OSError) as error:
            mend = "check that it runs, DATABASE_URL, and that DATA_DIR can be written to"
            raise Unavailable("Database", f"cannot be opened ({type(error).__name__}): {mend}") from None
        engine = create_engine(
            with_driver(url),
            pool_size=READERS + WRITERS,
            pool_pre_ping=True,
            hide_parameters=True,  # a logged error must not carry a message or an address
        )
        if is_sqlite(url):
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        return cls(engine)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite: writers there take turns by themselves."""
        return self._engine.dialect.name == "sqlite"

    async def read(self, work: Callable[[Connection], T]) -> T:
        """What the work reads, from one snapshot."""

        def run() -> T:
            with self._engine.connect().execution_options(read_only=True) as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._readers, run)

    async def write(self, work: Callable[[Connection], T], *, first: bool = False) -> T:
        """Do the work in one transaction: committed when this returns, undone if the work raises.

        first: somebody waits for the answer; where writers take turns, it goes before what nobody waits for.
        """
        loop = asyncio.get_running_loop()
        if self.is_sqlite:
            write: _Write[T] = _Write(work, loop.create_future())
            (self._first if first else self._gathered).append(write)
            self._writers.submit(self._write_gathered, loop)
            done: T = await write.done
            return done

        def run() -> T:
            with self._engine.begin() as connection:
                return work(connection)

        return await loop.run_in_executor(self._writers, run)

    def _write_gathered(self, loop: asyncio.AbstractEventLoop) -> None:
        """Do all the works that wait in one commit, each in a savepoint of its own."""
        batch = _taken(self._first, GATHER_MOST)
        batch += _taken(self._gathered, GATHER_BESIDE if batch else GATHER_MOST)
        if not batch:  # an earlier call took it along: the loop need not wake
            return
        outcomes: list[tuple[Any, BaseException | None]]
        try:
            with self._engine.begin() as connection:
                outcomes = [write.outcome(connection) for write in batch]
        except SQLAlchemyError as error:  # the commit itself failed: none of them happened
            outcomes = [(None, error)] * len(batch)
        loop.call_soon_threadsafe(_settle, batch, outcomes)

    async def tidy(self) -> None:
        """Let no file beside the database keep what was removed from it: SQLite's log is emptied.

        Its pages are overwritten when something in them is deleted. While others read it may keep a rest,
        which the next call finds.
        """
        if self.is_sqlite:
            await asyncio.get_running_loop().run_in_executor(self._writers, self._empty_log)

    def _empty_log(self) -> None:
        raw = self._engine.raw_connection()
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            raw.close()

    async def close(self) -> None:
        """Let what is under way end, and give all connections back."""
        self._readers.shutdown()
        self._writers.shutdown()
        self._engine.dispose()


@dataclass(frozen=True, eq=False)
class _Write(Generic[T]):
    """A work that waits for its turn, and who waits for it."""

    work: Callable[[Connection], T]
    done: asyncio.Future[T]

    def outcome(self, connection: Connection) -> tuple[T | None, BaseException | None]:
        """What came of the work, undone if it raised."""
        try:
            with connection.begin_nested():
                return self.work(connection), None
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the caller, and goes there
            return None, error


def _taken(waiting: deque[_Write[Any]], most: int) -> list[_Write[Any]]:
    return [waiting.popleft() for _ in range(min(len(waiting), most))]


def _settle(batch: list[_Write[Any]], outcomes: list[tuple[Any, BaseException | None]]) -> None:
    for write, (result, error) in zip(batch, outcomes, strict=True):
        if write.done.done():
            continue  # the caller gave up waiting
        if error is None:
            write.done.set_result(result)
        else:
            write.done.set_exception(error)


def is_sqlite(url: str) -> bool:
    """Whether the URL names a SQLite file."""
    return url.startswith("sqlite:")


def with_driver(url: str) -> str:
    """The URL as SQLAlchemy wants it."""
    return url.replace("postgresql:", "postgresql+psycopg:", 1)


def migrate(url: str) -> None:
    """Bring the database to today's schema; blocking. Does nothing but look when it is there already."""
    engine = create_engine(with_driver(url))
    if is_sqlite(url):
        Path(make_url(url).database or "").parent.mkdir(parents=True, exist_ok=True)
        event.listen(engine, "connect", _prepare_migration)
        event.listen(engine, "begin", _begin_sqlite)
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


def _prepare_migration(dbapi_connection: Any, _record: Any) -> None:
    # Python's sqlite3 begins no transaction before DDL: killed half way, tables would be there and stay.
    dbapi_connection.isolation_level = None
    dbapi_connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    # WAL sticks to the file; without it dbos runs 8 instead of 30 workflows a second (ENGINE.md).
    dbapi_connection.execute("PRAGMA journal_mode=WAL")


def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.isolation_level = None  # transactions are begun below, by us
    cursor = dbapi_connection.cursor()
    # FULL: with WAL and NORMAL an acknowledged lead can vanish at power loss (SQLite's own contract).
    # secure_delete: what is erased is overwritten, and not only no longer found.
    pragmas = ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")
    for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", *pragmas):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that turns into a write can fail as busy at once; IMMEDIATE waits its turn.
    read_only = connection.get_execution_options().get("read_only")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
