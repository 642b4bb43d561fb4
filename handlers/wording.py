"""What there is to say about a lead, in phrases for people: cards, answers and notifications share them.

Everything here is text as people read it, before any escaping: the caller puts it into plain_text objects or
through ``mrkdwn.escape``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

from core.lead import OPEN, Analysis, Contact, Entity, Intent, Lead, Part, Status, SyncStatus, Urgency
from handlers.mrkdwn import ELLIPSIS, clean, cut

HEADLINE_MAX = 110
"""Longest header, in characters: two lines on a phone (Slack's own limit is 150)."""

_WANTS_MAX, _WHEN_MAX = 62, 26

URGENCY = {Urgency.HIGH: "high urgency", Urgency.URGENT: "urgent"}
"""Only what should make somebody hurry is said."""

ALARM = "\N{LARGE RED CIRCLE}"
"""Before an open lead that is urgent."""

SUSPECT = {Intent.SPAM: "Looks like spam", Intent.SOLICITATION: "Looks like a sales pitch"}

SOURCES = {
    "api": "API",
    "chat_widget": "chat",
    "email": "e-mail",
    "phone": "phone call",
    "slack_dm": "Slack direct message",
    "slack_message": "Slack message",
    "slack_reaction": "Slack reaction",
    "slack_shortcut": "Slack shortcut",
    "slash_command": "/lead new",
    "unknown": "unknown source",
    "web_form": "web form",
}
"""Sources by our names (SEED.md); a vendor's name is said as it is."""

WHEN = ("dates", "timing", "timeline")
"""Entities that say when, in the four business types (SEED.md)."""

_TODAY = re.compile(
    r"\b(today|tonight|tomorrow|now|asap|(this|next) \w+|in \w+ (hour|day|week)s?)\b", re.IGNORECASE
)
"""Words that mean another day on another day."""

MISSING = {
    Part.ANALYSIS: "Read by rules for now, will retry",
    Part.CRM: "Not in the CRM yet, will retry",
    Part.MATCHES: "Not compared with earlier leads yet, will retry",
}
"""What waits, and for what; a card that could not be posted can say nothing of itself."""


_RESOLVED = re.compile(r"(?:(by|before|until|after) )?(\d{4}-\d\d-\d\d)(?:,? (.+))?", re.ASCII)
"""A time resolved to a day, with the words around it (core.rules.timeframe)."""


def headline(lead: Lead, *, now: datetime, hidden: frozenset[str] = frozenset()) -> str:
    """What is wanted, how urgent and by when: ``Brake repair, 2019 Honda Civic · urgent, today``.

    Before the analysis it is who sent it. ``now`` is aware, in the desk's time zone.
    """
    if lead.analysis is None:
        return f"New lead from {cut(clean(sender(lead)), _WANTS_MAX)}"
    analysis = lead.analysis
    wants = cut(veiled(analysis.wants, analysis, hidden) or "New lead", _WANTS_MAX)
    if analysis.intent in SUSPECT:
        return f"{SUSPECT[analysis.intent]}: {wants}"
    hurry = [URGENCY.get(analysis.urgency), due(lead, now=now, hidden=hidden)]
    alarm = analysis.urgency == Urgency.URGENT and lead.desk_status in OPEN
    mark = f"{ALARM} " if alarm else ""
    return mark + " · ".join([wants, ", ".join(filter(None, hurry))]).removesuffix(" · ")


def notice(lead: Lead, hidden: frozenset[str] = frozenset()) -> str:
    """One line for notifications, which show on locked phones: what and how urgent, free of contact data."""
    if lead.analysis is None:
        return f"{lead.number}: new lead, {source(lead)}"
    words = [
        cut(without_contact(veiled(lead.analysis.wants, lead.analysis, hidden), lead.contact), _WANTS_MAX),
        URGENCY.get(lead.analysis.urgency),
    ]
    return f"{lead.number}: {', '.join(filter(None, words)) or 'new lead'}"


def due(lead: Lead, *, now: datetime, hidden: frozenset[str] = frozenset()) -> str | None:
    """By when the customer wants it, in their words or as a day; None if the message does not say."""
    for name in WHEN:
        for entity in _shown(lead.analysis, hidden).get(name, ()):
            said = clean(entity.value)
            if not said:
                continue
            if resolved := _RESOLVED.fullmatch(said):
                before, day, after = resolved.groups()
                return cut(" ".join(filter(None, [before, _day(day, now.date()), after])), _WHEN_MAX)
            told = lead.received_at.astimezone(now.tzinfo).date()
            if told != now.date() and _TODAY.search(said):
                return f"“{cut(said, _WHEN_MAX - 13)}” on {told:%d %b}"
            return cut(said, _WHEN_MAX)
    return None


def sender(lead: Lead) -> str:
    """Who wrote, as far as it is known: name, else company, else where it came from."""
    named = (clean(text) for text in (lead.contact.name, lead.contact.company) if text)
    return next(filter(None, named), source(lead))


def source(lead: Lead) -> str:
    """Where the lead came from."""
    return door(lead.source)


def door(source: str) -> str:
    """A source as people say it."""
    return SOURCES.get(source) or cut(clean(source.replace("_", " ")), 24) or "unknown source"


def reason(lead: Lead, limit: int, hidden: frozenset[str] = frozenset()) -> str:
    """Why it matters: one sentence with the customer's own words quoted, at most ``limit`` characters.

    On a desk that hides parts of messages nothing is quoted before the analysis has found those parts.
    """
    analysis = lead.analysis
    if analysis is None:
        words = "" if hidden else clean(lead.message)
        return f"“{cut(words, limit - 2)}”" if words else ""
    words = veiled(own_words(lead, hidden), analysis, hidden)
    said = veiled(analysis.urgency_reason if analysis.is_urgent else analysis.summary, analysis, hidden)
    said = said.partition(": “")[0].rstrip(".:; ")  # what the rules say quotes the customer too
    said = said[:1].upper() + said[1:]
    quote = f"“{cut(words, limit - 2)}”" if words else ""
    room = limit - len(quote) - len(": ")
    if not said or not quote or _same(said, words) or room < 20:  # noqa: PLR2004 - a stump of a sentence says nothing
        return quote or cut(said, limit)
    return f"{cut(said, room)}: {quote}"


def own_words(lead: Lead, hidden: frozenset[str] = frozenset()) -> str:
    """The sentence of the message that says most: the one with the most facts, else the first real one."""
    sentences = [clean(part) for part in re.split(r"(?<=[.!?])\s+|\n+", lead.message[:4000])]
    sentences = [part for part in sentences if part]
    quotes = {
        clean(entity.quote).casefold() for found in _shown(lead.analysis, hidden).values() for entity in found
    }

    def weight(sentence: str) -> tuple[int, bool]:
        low = sentence.casefold()
        return sum(quote in low for quote in quotes if quote), len(sentence.split()) > 3  # noqa: PLR2004 - a greeting

    return max(sentences, key=weight, default="")


def degraded(lead: Lead, limit: int) -> str:
    """What is missing and for what it waits, a line each, at most ``limit`` characters; or nothing."""
    failed = lead.crm.status == SyncStatus.FAILED
    waits = {part: why for part, why in lead.missing.items() if not (failed and part == Part.CRM)}
    lines = [(MISSING[part], clean(why)) for part, why in waits.items() if part in MISSING]
    if failed:
        lines.append(("Not in the CRM", clean(lead.crm.why or "")))
    elif lead.crm.why and Part.CRM not in lead.missing:
        lines.append(("In the CRM, but not all of it", clean(lead.crm.why)))
    if lead.status == Status.FAILED:
        lines.append(("Processing stopped, please look at the thread", ""))
    if lead.analysis and lead.analysis.model_used == "rules" and Part.ANALYSIS not in lead.missing:
        lines.append(("Read by rules", ""))
    room = (limit - sum(len(what) + 3 for what, _ in lines)) // max(1, sum(1 for _, why in lines if why))
    return "\n".join(f"{what} ({cut(why, room - 1)})" if why and room > 9 else what for what, why in lines)  # noqa: PLR2004 - less is no word


def quality(analysis: Analysis, limit: int, hidden: frozenset[str] = frozenset()) -> str:
    """The score with its first reason."""
    score = f"quality {analysis.quality_score}/100"
    first = next(
        (text for text in (veiled(r, analysis, hidden) for r in analysis.quality_reasons) if text), ""
    )
    return f"{score} ({cut(first, limit)})" if first else score


def percent(share: float) -> str:
    """A share of 0..1 as people write it; below 0 is 0."""
    return f"{round(100 * max(0.0, share))} %"


def veiled(text: str, analysis: Analysis | None, hidden: frozenset[str], *, lines: bool = False) -> str:
    """Clean text, of one line unless told, in which facts this desk does not show are blanked out.

    A word that is part of a shown fact stays: the *lip* of *lip filler* names the request, not a body area.
    """
    text = clean(text, lines=lines)
    if analysis is None or not hidden:
        return text
    secret = {form for name in hidden for e in analysis.entities.get(name, ()) for form in _forms(e)}
    if not secret:
        return text
    shown = {clean(e.value) for found in _shown(analysis, hidden).values() for e in found} - {""}
    ends = r"(?!\w)"
    keep = "|".join(re.escape(word) + ends for word in _longest_first(shown - secret)) or r"(?!)"
    drop = "|".join(re.escape(word) + "(?:e?s)?" + ends for word in _longest_first(secret))
    either = re.compile(rf"(?<!\w)(?:(?P<keep>{keep})|(?:{drop}))", re.IGNORECASE)
    return either.sub(lambda match: match["keep"] or ELLIPSIS, text)


def without_contact(text: str, contact: Contact) -> str:
    """Text with names, addresses and numbers blanked out: this contact's, and whatever looks like one."""
    text = re.sub(r"\S+@\S+|\+?\d(?:[ ()./-]*\d){6,}", ELLIPSIS, text)
    fields = (contact.first_name, contact.last_name, contact.email, contact.phone, contact.company)
    words = {clean(field) for field in fields if field} - {""}
    for word in _longest_first(words):
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", ELLIPSIS, text, flags=re.IGNORECASE)
    return text


def _shown(analysis: Analysis | None, hidden: frozenset[str]) -> Mapping[str, tuple[Entity, ...]]:
    return (
        {name: found for name, found in analysis.entities.items() if name not in hidden} if analysis else {}
    )


def _forms(entity: Entity) -> Iterator[str]:
    yield from filter(None, (clean(entity.value), clean(entity.quote)))


def _longest_first(words: Iterable[str]) -> list[str]:
    return sorted(words, key=lambda word: (-len(word), word))


def _same(one: str, other: str) -> bool:
    one, other = one.casefold().rstrip(".!? "), other.casefold().rstrip(".!? ")
    return one in other or other in one


def _day(iso: str, today: date) -> str:
    try:
        day = date.fromisoformat(iso)
    except ValueError:
        return iso
    near = {0: "today", 1: "tomorrow"}.get((day - today).days)
    return near or f"{day:%a %d %b}" + ("" if day.year == today.year else f" {day.year}")
