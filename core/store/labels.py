"""What people corrected: labels to learn from, kept in one transaction with the lead they change."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select

from core.corrections import KIND, Label
from core.lead import Analysis, Contact, Event, Lead
from core.store.database import Database
from core.store.events import add_event
from core.store.lead_rows import change_lead, read_lead
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
        lead_id: str,
        event: Event,
        make: Callable[[Lead], Label],
        decide: Callable[[Lead, Label], Mapping[str, Any]],
    ) -> Label:
        """Let the correction see the lead as it is now; keep label, change and history line, or none of them.

        A label that is known already changes nothing: the engine may run a step twice. What ``make`` and
        ``decide`` raise is raised.
        """

        def write(connection: Connection) -> Label:
            lead = read_lead(connection, lead_id, for_update=True)
            label = make(lead)
            known = select(labels.c.label_id).where(labels.c.label_id == label.label_id)
            if connection.execute(known).first() is None:
                connection.execute(insert(labels).values(label.model_dump(mode="json") | {"at": label.at}))
                change_lead(connection, lead_id, decide(lead, label))
                add_event(connection, event)
            return label

        return await self._database.write(write)

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
