"""Two leads turn out to be one request: which one is kept, what it takes over, and what an undo brings back.

Pure decisions over leads; core.store.merges writes them. Nothing is deleted: the lead that goes keeps all it
said, and only its place on the desk is taken by the other one.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from core.errors import NotAllowed
from core.identity.phones import tail
from core.lead import OPEN, Also, Contact, DeskStatus, Event, Lead, Value

Changes = Mapping[str, Mapping[str, tuple[Any, Any]]]
"""Lead id -> column -> its value before and after the merge, JSON-ready: all that an undo needs."""

MERGED, MERGED_IN, UNMERGED = "merged", "merged_in", "unmerged"
"""What happened to the lead that went, to the kept one, and to both; the line's why begins with the other's
number."""

FURTHER = (DeskStatus.NEW, DeskStatus.SNOOZED, DeskStatus.CLAIMED, DeskStatus.APPROVED)
"""The states of an open lead, least done first."""

TOGETHER = (("owner", "desk_status"), ("first_name", "last_name"))
"""Columns that say one thing: an undo brings back both or neither."""


class Merge(Value):
    """What a merge would do.

    Attributes:
        kept, gone: the two leads as they are.
        survivor: the kept lead as it will be.
    """

    kept: Lead
    gone: Lead
    survivor: Lead

    @property
    def changes(self) -> Changes:
        """The columns of the two leads that change."""
        before, after = columns(self.kept), columns(self.survivor)
        merged = {"desk_status": DeskStatus.MERGED.value, "merged_into": self.kept.lead_id}
        here = {"desk_status": self.gone.desk_status.value, "merged_into": None}
        return {
            self.kept.lead_id: {
                name: (before[name], after[name]) for name in before if before[name] != after[name]
            },
            self.gone.lead_id: {name: (here[name], merged[name]) for name in merged},
        }


def directed(one: Lead, other: Lead) -> tuple[Lead, Lead]:
    """The two leads as (kept, gone): kept is what is over already, else further, else older."""
    kept, gone = sorted((one, other), key=lambda lead: (-_standing(lead), lead.lead_id))
    return kept, gone


def preview(kept: Lead, gone: Lead) -> Merge:
    """What merging ``gone`` into ``kept`` would do.

    The kept lead's own values stay, and its analysis. What it lacks is filled from the other; other
    addresses, numbers, names and companies are kept beside its own. Its owner stays, else it gets the
    other's; of two open states it gets the further.

    Raises NotAllowed, in a sentence, when that may not be. Only an open lead can go: an outcome (won, lost,
    rejected, spam) is somebody's work and counts in reports, so that lead has to be the kept one.
    """
    if kept.lead_id == gone.lead_id:
        raise NotAllowed(f"{kept.number} cannot be merged with itself.")
    for lead in (gone, kept):
        if lead.desk_status == DeskStatus.MERGED:
            raise NotAllowed(f"{lead.number} is merged into {lead.merged_number} already.")
    if gone.desk_status not in OPEN:
        if kept.desk_status not in OPEN:
            raise NotAllowed(f"{kept.number} and {gone.number} are both over: there is nothing to merge.")
        raise NotAllowed(
            f"{gone.number} is {gone.desk_status.value} already: keep it, and merge {kept.number} into it."
        )
    contact = _contact(kept.contact, gone.contact)
    survivor = kept.model_copy(
        update={
            "contact": contact,
            "also": _also(contact, kept, gone),
            "source_url": kept.source_url or gone.source_url,
            "custom_fields": {**gone.custom_fields, **kept.custom_fields},
            "owner": kept.owner or gone.owner,
            "desk_status": _further(kept.desk_status, gone.desk_status),
        }
    )
    return Merge(kept=kept, gone=gone, survivor=survivor)


def undone(history: Iterable[Event]) -> dict[str, Event]:
    """Those lines of a lead's history that are as though they had never been, by id.

    A merge that was undone, the undoing of it, and the answer that two leads are one request, where that
    answer asked for the merge.

    Args:
        history: oldest first.
    """
    lines = {line.event_id: line for line in history}
    merges: dict[str, list[Event]] = {}
    found: dict[str, Event] = {}
    for line in lines.values():
        other = (line.why or "").partition(":")[0]
        if line.what in {MERGED, MERGED_IN}:
            merges.setdefault(other, []).append(line)
        elif line.what == UNMERGED and merges.get(other):
            merge = merges[other].pop()
            answer = merge.event_id.rpartition(f":{merge.what}:")[0]
            found |= {each: lines[each] for each in (answer, merge.event_id, line.event_id) if each in lines}
    return found


def line_id(key: str, what: str, lead: Lead) -> str:
    """The id of a history line of the merge or the undo of that key, which is that of its click or answer."""
    return f"{key}:{what}:{lead.number}"


def columns(lead: Lead) -> dict[str, Any]:
    """Those columns of the lead that a merge can change in the kept one, JSON-ready."""
    return {
        **lead.contact.model_dump(),
        "also": lead.also.model_dump(mode="json"),
        "source_url": lead.source_url,
        "custom_fields": dict(lead.custom_fields),
        "owner": lead.owner,
        "desk_status": lead.desk_status.value,
    }


def restored(changed: Mapping[str, tuple[Any, Any]], now: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of one lead that an undo sets, with their values.

    Those that still are as the merge left them become what they were before. What somebody changed since
    stays, and so does what says one thing together with it: an approval does not lose its owner.

    Args:
        changed: column -> (before, after), as the merge wrote it down.
        now: column -> its value today, JSON-ready.
    """
    touched = {name for name, (_, after) in changed.items() if now[name] != after}
    touched |= {name for group in TOGETHER if touched & set(group) for name in group}
    return {name: before for name, (before, _) in changed.items() if name not in touched}


def _standing(lead: Lead) -> int:
    return FURTHER.index(lead.desk_status) if lead.desk_status in FURTHER else len(FURTHER)


def _further(kept: DeskStatus, gone: DeskStatus) -> DeskStatus:
    """The kept lead's state, unless both are open and the other one's says that more was done."""
    return max(kept, gone, key=FURTHER.index) if kept in FURTHER else kept


def _contact(kept: Contact, gone: Contact) -> Contact:
    """The kept contact, filled up; its name only by one that agrees: no Ana Chen of Ana and Mike Chen."""
    fields = {name: getattr(kept, name) or getattr(gone, name) for name in ("email", "phone", "company")}
    pairs = ((kept.first_name, gone.first_name), (kept.last_name, gone.last_name))
    if all(not mine or _key(mine) == _key(theirs or "") for mine, theirs in pairs):
        first, last = (mine or theirs for mine, theirs in pairs)
        return kept.model_copy(update=fields | {"first_name": first, "last_name": last})
    return kept.model_copy(update=fields)


def _also(contact: Contact, kept: Lead, gone: Lead) -> Also:
    """All that the two leads say of the person and that the contact does not."""

    def said(kind: str, mine: str | None, theirs: str | None) -> tuple[str | None, ...]:
        return (mine, *getattr(kept.also, kind), theirs, *getattr(gone.also, kind))

    mine, theirs = kept.contact, gone.contact
    names = _beside(contact.name, said("names", mine.name, theirs.name), _key)
    shown = set(_key(contact.name or "").split())
    return Also(
        emails=_beside(contact.email, said("emails", mine.email, theirs.email), _key),
        phones=_beside(contact.phone, said("phones", mine.phone, theirs.phone), _digits),
        names=tuple(name for name in names if not set(_key(name).split()) <= shown),  # Ana of Ana Chen
        companies=_beside(contact.company, said("companies", mine.company, theirs.company), _key),
    )


def _beside(shown: str | None, said: Iterable[str | None], key: Callable[[str], str]) -> tuple[str, ...]:
    """What was said beside what is shown, each once, in the order given."""
    distinct: dict[str, str] = {}
    for text in said:
        if text and text.strip():
            distinct.setdefault(key(text), text)
    distinct.pop(key(shown or ""), None)
    return tuple(distinct.values())


def _key(text: str) -> str:
    return " ".join(text.casefold().split())


def _digits(phone: str) -> str:
    """Equal for one number written with and without its country."""
    return tail(phone) or _key(phone)
