"""What people corrected: labels to learn from, kept in one transaction with the lead they change."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select

from core.corrections import KIND, Correction, Label, label
from core.lead import Analysis, Contact, Event
from core.store.database import Database
from core.store.lead_rows import read_lead
from core.store.leads import Decide, act_in
from core.store.tables import analyses, labels, leads

LABELS_MOST = 20_000
"""Newest labels that are learnt from: the trade changes, and so does the file."""


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """A message and what a person says of it, with what the models answered to it.

    Attributes:
        answers: model -> its analysis, whatever the prompt; ``rules`` among them.
    """

    label: Label
    business_type: str
    message: str
    contact: Contact
    received_at: Any
    answers: Mapping[str, Analysis]


class Labels:
    """The table of labels."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def correct(
        self,
        event: Event,
        correction: Correction,
        decide: Decide,
        follow: Callable[[Connection], None] | None = None,
    ) -> None:
        """As ``Leads.act``, and what the correction says of the lead's reading is kept to learn from.

        All of it or nothing; NotAllowed while the lead has not been read.
        """

        def write(connection: Connection) -> None:
            lead = read_lead(connection, event.lead_id, for_update=True)
            if act_in(connection, event, decide, follow) and not correction.empty:
                row = label(lead, correction, key=event.event_id, by=event.actor, at=event.at)
                connection.execute(insert(labels).values(row.model_dump(mode="json") | {"at": row.at}))

        await self._database.write(write)

    async def every(self) -> list[Labelled]:
        """The newest label of each lead with its message and answers, oldest first."""
        query = (
            select(labels, leads.c.business_type, leads.c.message, leads.c.received_at, *_CONTACT)
            .join(leads, leads.c.lead_id == labels.c.lead_id)
            .where(labels.c.kind == KIND)
            .order_by(labels.c.at.desc(), labels.c.label_id)
            .limit(LABELS_MOST)
        )

        def read(connection: Connection) -> list[Labelled]:
            rows: dict[str, RowMapping] = {}
            for row in connection.execute(query).mappings():
                rows.setdefault(row["lead_id"], row)
            answers: dict[str, dict[str, Analysis]] = {}
            for kept in connection.execute(_ANSWERS):
                if kept.lead_id in rows:
                    answers.setdefault(kept.lead_id, {})[kept.model] = Analysis.model_validate(kept.analysis)
            return [
                Labelled(
                    label=Label.model_validate({name: row[name] for name in Label.model_fields}),
                    business_type=row["business_type"],
                    message=row["message"],
                    contact=Contact(**{name: row[name] for name in Contact.model_fields}),
                    received_at=row["received_at"],
                    answers=answers.get(row["lead_id"], {}),
                )
                for row in reversed(rows.values())
            ]

        return await self._database.read(read)


_CONTACT = [leads.c[name] for name in Contact.model_fields]
_ANSWERS = select(analyses.c.lead_id, analyses.c.model, analyses.c.analysis).where(
    analyses.c.lead_id.in_(select(labels.c.lead_id).where(labels.c.kind == KIND))
)
