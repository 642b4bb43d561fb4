"""The rules that admins set for a desk, revision by revision; nothing is ever changed."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from core.errors import NotAllowed
from core.routing.revisions import MEANWHILE, Revision
from core.store.database import Database
from core.store.tables import rule_revisions


class Routings:
    """The table of revisions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest(self, desk: str) -> Revision | None:
        """The last revision of this desk's rules, if anybody ever set some."""
        return await self._database.read(lambda connection: _newest(connection, desk))

    async def save(self, desk: str, revision: Revision, *, at: datetime) -> None:
        """Keep a revision; NotAllowed when there is one of that number already: somebody was faster."""
        row = {**revision.model_dump(mode="json"), "desk": desk, "at": at}

        def write(connection: Connection) -> None:
            newest = _newest(connection, desk)
            if revision.revision != (newest.revision if newest else 0) + 1:
                raise NotAllowed(MEANWHILE)
            connection.execute(insert(rule_revisions), row)

        try:
            await self._database.write(write)
        except IntegrityError:  # at the very same moment
            raise NotAllowed(MEANWHILE) from None


def _newest(connection: Connection, desk: str) -> Revision | None:
    row = connection.execute(_NEWEST, {"desk": desk}).mappings().first()
    return None if row is None else Revision(**{name: row[name] for name in Revision.model_fields})


_NEWEST = (
    select(rule_revisions)
    .where(rule_revisions.c.desk == bindparam("desk"))
    .order_by(rule_revisions.c.revision.desc())
    .limit(1)
)
