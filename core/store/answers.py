"""What a model answered, by message, prompt and model: the same question is never paid for twice."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from core.store.database import Database
from core.store.tables import answers


class Answers:
    """The table of answers, as the models gave them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, message_digest: str, prompt_digest: str, model: str) -> str | None:
        """The answer's text, if that was ever asked."""
        query = select(answers.c.answer).where(
            answers.c.message_digest == message_digest,
            answers.c.prompt_digest == prompt_digest,
            answers.c.model == model,
        )
        found: str | None = await self._database.read(lambda connection: connection.execute(query).scalar())
        return found

    async def keep(
        self, message_digest: str, prompt_digest: str, model: str, answer: str, now: datetime
    ) -> None:
        """Keep an answer; one that is there already stays."""
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        row = {"message_digest": message_digest, "prompt_digest": prompt_digest, "model": model}
        query = insert(answers).values(**row, answer=answer, at=now).on_conflict_do_nothing()
        await self._database.write(lambda connection: connection.execute(query))

    async def forget(self, message_digests: Collection[str]) -> None:
        """Remove all that was answered to these messages."""
        query = delete(answers).where(answers.c.message_digest.in_(message_digests))
        await self._database.write(lambda connection: connection.execute(query))
