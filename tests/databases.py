"""The databases that the store's tests run on: a SQLite file, and a fresh PostgreSQL database each."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

SERVER = os.environ.get("TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
REQUIRED = bool(os.environ.get("REQUIRE_SERVICES"))
"""Set by .ci/run: what is missing there is a failure, not a skip."""

KINDS = ("sqlite", "postgresql")


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database, gone afterwards."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'basecamp.db'}"
        return
    name = f"basecamp_{uuid4().hex}"
    try:
        server = psycopg.connect(SERVER, autocommit=True)
    except psycopg.OperationalError:
        if REQUIRED:
            raise
        pytest.skip("no PostgreSQL answers at TEST_DATABASE_URL")
    with server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield f"{SERVER.rpartition('/')[0]}/{name}"
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    server.close()
