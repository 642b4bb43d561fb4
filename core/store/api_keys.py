"""The keys of programs, found by their digest."""

from typing import Any

from sqlalchemy import RowMapping, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from core.api.keys import NAME, SHOWN, ApiKey, Scope, digest, new_key
from core.errors import NotAllowed, NotFound
from core.lead import utcnow
from core.store.database import Database
from core.store.tables import api_keys


class ApiKeys:
    """The table of keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, name: str, scopes: frozenset[Scope]) -> tuple[ApiKey, str]:
        """A new key and how it reads, which is nowhere afterwards; NotAllowed for a name taken or bad."""
        if not NAME.fullmatch(name):
            raise NotAllowed("A key's name is up to 40 of a-z, 0-9, dot, hyphen and underscore.")
        key = new_key()
        made = ApiKey(key_id=str(uuid7()), name=name, prefix=key[:SHOWN], scopes=scopes, created_at=utcnow())
        row = made.model_dump() | {"digest": digest(key), "scopes": sorted(scopes)}
        try:
            await self._database.write(lambda connection: connection.execute(insert(api_keys), row))
        except IntegrityError:
            raise NotAllowed(f"There is a key {name} already, or was one: take another name.") from None
        return made, key

    async def find(self, key: str) -> ApiKey | None:
        """The key, unless it was revoked; looked up by its digest, so that the time says nothing of it."""
        known = {"digest": digest(key)}
        row = await self._database.read(
            lambda connection: connection.execute(_FIND, known).mappings().first()
        )
        return None if row is None else _key(row)

    async def every(self) -> list[ApiKey]:
        """All that ever were, oldest first."""
        query = select(api_keys).order_by(api_keys.c.key_id)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_key(row) for row in rows]

    async def revoke(self, name: str) -> None:
        """It opens nothing any more, from now on; NotFound if there is none of that name that does."""
        query = (
            update(api_keys)
            .where(api_keys.c.name == name, api_keys.c.revoked_at.is_(None))
            .values(revoked_at=utcnow())
        )
        changed = await self._database.write(lambda connection: connection.execute(query).rowcount)
        if not changed:
            raise NotFound(f"There is no key {name} in use.")


_FIND: Any = select(api_keys).where(api_keys.c.digest == bindparam("digest"), api_keys.c.revoked_at.is_(None))


def _key(row: RowMapping) -> ApiKey:
    return ApiKey(**{name: row[name] for name in ApiKey.model_fields})
