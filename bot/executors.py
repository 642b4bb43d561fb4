"""Several processes on one PostgreSQL: each holds a lock on its name, and takes over the work of the dead.

A process that is gone loses its lock with its connection; whose lock is free, is dead (ENGINE.md 31, 32).
"""

import signal

import psycopg
import structlog

from bot.engine import Engine
from core.errors import Refused

log = structlog.get_logger()

LOCK = 7701
"""The class of our advisory locks; the executor's name, hashed, is the object."""


class Executors:
    """The lock on this process' name, and the watch over the others'."""

    def __init__(self, connection: psycopg.AsyncConnection, engine: Engine, name: str) -> None:
        self._connection = connection
        self._engine = engine
        self._name = name

    @classmethod
    async def join(cls, url: str, engine: Engine, name: str) -> "Executors":
        """Take the lock on this name; Refused when a living process has it."""
        # Kept alive, so that a process whose machine is gone loses its lock within about ten seconds.
        connection = await psycopg.AsyncConnection.connect(
            url,
            autocommit=True,
            # The server's side has to notice: the client's own keepalives end with its machine.
            options="-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3",
        )
        executors = cls(connection, engine, name)
        if not await executors._take(name):
            await connection.close()
            raise Refused(
                "PostgreSQL", f"another process runs as EXECUTOR_ID={name}: give each process its own"
            )
        return executors

    async def reap(self) -> None:
        """Take over what dead processes left unfinished; end this one if it lost its own lock."""
        try:
            for name in await self._engine.foreign_executors(self._name):
                if await self._take(name):
                    log.warning("executor_is_dead", executor=name)
                    await self._engine.adopt(name)
                    await self._connection.execute(
                        "SELECT pg_advisory_unlock(%s, hashtext(%s))", (LOCK, name)
                    )
        except psycopg.OperationalError:
            # Others may take this process for dead now, and do its work beside it: it has to end.
            log.critical("executor_lock_lost", executor=self._name)
            signal.raise_signal(signal.SIGTERM)

    async def leave(self) -> None:
        """Give the lock back."""
        await self._connection.close()

    async def _take(self, name: str) -> bool:
        query = "SELECT pg_try_advisory_lock(%s, hashtext(%s))"
        row = await (await self._connection.execute(query, (LOCK, name))).fetchone()
        return row is not None and bool(row[0])
