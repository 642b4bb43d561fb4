"""What people set for themselves at a desk: hours, absences, how loudly they are told."""

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from core.lead import utcnow
from core.reps import UNSET, OwnSettings
from core.store.database import Database
from core.store.tables import rep_settings


class Reps:
    """The table of people's own settings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def own(self, desk: str) -> dict[str, OwnSettings]:
        """What everybody set at this desk, by Slack user id."""
        query = select(rep_settings.c.user, rep_settings.c.settings).where(rep_settings.c.desk == desk)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return {row.user: OwnSettings.model_validate(row.settings) for row in rows}

    async def of(self, desk: str, user: str) -> OwnSettings:
        """What this person set at this desk."""
        return (await self.own(desk)).get(user, UNSET)

    async def set(self, desk: str, user: str, settings: OwnSettings) -> None:
        """Replace what this person set at this desk."""
        upsert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        changing = {"settings": settings.model_dump(mode="json"), "updated_at": utcnow()}
        query = (
            upsert(rep_settings)
            .values(desk=desk, user=user, **changing)
            .on_conflict_do_update(index_elements=["desk", "user"], set_=changing)
        )

        def write(connection: Connection) -> None:
            connection.execute(query)

        await self._database.write(write)
