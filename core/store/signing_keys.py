"""Keys with which we sign what comes back to us: one for all processes on this database."""

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from core.store.database import Database
from core.store.tables import signing_keys


class SigningKeys:
    """The table of keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str, *, otherwise: bytes) -> bytes:
        """The key of that name; ``otherwise``, from now on and for everybody, if there was none."""
        upsert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        added = upsert(signing_keys).values(name=name, key=otherwise).on_conflict_do_nothing()

        def write(connection: Connection) -> bytes:
            connection.execute(added)
            found: bytes = connection.execute(_KEY, {"name": name}).scalar_one()
            return found

        return await self._database.write(write)


_KEY = select(signing_keys.c.key).where(signing_keys.c.name == bindparam("name"))
