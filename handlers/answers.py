"""What /lead and private notes answer, as pure texts and blocks; lists of leads are in handlers.lists."""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.conversation.places import Line, Part
from core.errors import InvalidLead, NotAllowed, NotFound, Refused, Unavailable
from core.lead import Event, Lead
from handlers import cards, search_options, thread, wording
from handlers.mrkdwn import ELLIPSIS, Block, clean, cut, escape, inert, markup, moment, plain, sentence
from handlers.seen import seen_before

COMMANDS = {
    "help": ("help", "what I can do"),
    "show": ("show L-1042", "all about a lead, with its history"),
    "why": ("why L-1042", "who has a lead, and how that was decided"),
    "list": ("list [mine|new|hot|unclaimed|overdue]", "open leads, newest first"),
    "find": ("find words", "leads in which they stand: a name, phone, e-mail, company, number"),
    "similar": ("similar L-1042 _or_ words", f"leads like this one; options: {search_options.SHOWN}"),
    "claim": ("claim L-1042", "it is yours"),
    "assign": ("assign L-1042 @name", "it is theirs"),
    "approve": ("approve L-1042", "it is worth working"),
    "note": ("note L-1042 words", "into its thread and history"),
    "edit": ("edit L-1042", "mend its contact or what was read"),
    "move": ("move L-1042 #desk", "to another desk"),
    "snooze": ("snooze L-1042 friday 9:00", "it comes back then; also 2d, tomorrow, 24 dec"),
    "wake": ("wake L-1042", "it comes back now"),
    "won": ("won L-1042 4,500", "closed, with what it was worth"),
    "lost": ("lost L-1042 reason", "closed, and why"),
    "reject": ("reject L-1042 [reason]", "not for us"),
    "spam": ("spam L-1042", "not a lead; the next like it is known"),
    "reopen": ("reopen L-1042", "it is open again"),
    "merge": ("merge L-1042 L-1050", "two leads that are one request become one"),
    "rules": ("rules", "who gets which new leads, for admins"),
    "unmerge": ("unmerge L-1050", "undo that"),
    "different": ("different L-1042 L-1050", "these two are different people"),
    "stats": ("stats 7d", "how soon somebody acted; also 30d, since:2026-11-01"),
    "new": ("new", "type in a lead"),
    "me": ("me [away 24 dec to 31 dec|hours|level|quiet|zone]", "my hours, days off and notices"),
    "forget": ("forget L-1042", "erase it for good (admins)"),
}
"""Subcommand of /lead -> how it is written (mrkdwn) and what it gives."""

GROUPS = {
    "Look": ("show", "why", "list", "find", "similar", "stats"),
    "Work": ("claim", "assign", "approve", "note", "edit", "snooze", "wake", "move"),
    "Close": ("won", "lost", "reject", "spam", "reopen"),
    "Duplicates": ("merge", "unmerge", "different"),
}
"""The commands under their headings in the help; what stands in none comes last."""

BLOCKS_SIZE_MAX = 12_500
"""Most characters of a message's blocks as JSON; Slack refuses it somewhere above 13,200."""

_MESSAGE_CUTS = (8_400, 4_000, 2_000, 500, 0)  # the first that leaves room for the rest; the last always does
_SECTION_MAX = 2_900
_LINE_MAX = 200
_TRANSCRIPT_LINES = 12
_PARTS: Mapping[Part | None, str] = {Part.BOT: "baseCamp", Part.TEAM: "Team", Part.OTHER: "Somebody else"}


@dataclass(frozen=True)
class Answer:
    """A message for one person: the fallback text and the blocks."""

    text: str
    blocks: list[Block]


def usage() -> Answer:
    """What /lead can do, in groups."""
    named = {name for names in GROUPS.values() for name in names}
    groups = {**GROUPS, "More": tuple(name for name in COMMANDS if name not in named)}
    sections = [
        "\n".join(
            [
                f"*{title}*",
                *(f"*/lead {written}*   {gives}" for written, gives in map(COMMANDS.__getitem__, names)),
            ]
        )
        for title, names in groups.items()
    ]
    blocks: list[Block] = [{"type": "section", "text": markup(text)} for text in sections]
    in_threads = "In a card's thread, mention me instead: @baseCamp claim. The lead is the card's then."
    blocks.append({"type": "context", "elements": [plain(in_threads, 200)]})
    return Answer(text="What /lead can do", blocks=blocks)


def how(command: str) -> Answer:
    """How one command is written, for somebody who left out what it needs."""
    written, gives = COMMANDS[command]
    return told(f"*/lead {written}*   {gives}")


def unknown_command(typed: str) -> Answer:
    """The nearest command for a word that is none, else where help is."""
    near = meant(typed)
    hint = f"Did you mean */lead {COMMANDS[near][0]}*?" if near else "*/lead help* lists what there is."
    return told(f"There is no command “{escape(typed, 40)}”. {hint}")


def meant(typed: str) -> str | None:
    """The command that a word is nearest to, None when it is near none."""
    near = difflib.get_close_matches(clean(typed).lower()[:40], COMMANDS, n=1, cutoff=0.5)
    return near[0] if near else None


def shown(
    lead: Lead,
    *,
    now: datetime,
    history: Sequence[Event] = (),
    merged: Sequence[Lead] = (),
    transcript: Sequence[Line] = (),
    names: Mapping[str, str] | None = None,
    hidden_entities: frozenset[str] = frozenset(),
) -> Answer:
    """All about a lead: the whole message as far as Slack takes it, the facts with their quotes, the history.

    Args:
        lead: any.
        now: aware, in the desk's time zone.
        history: the lead's events, oldest first; the newest are shown.
        merged: the leads for which this one stands.
        transcript: what was written with their writers, oldest first; the newest is shown.
        names: how people are to be named, by Slack user id.
        hidden_entities: names of entities this desk does not show.
    """
    head = wording.headline(lead, now=now, hidden=hidden_entities)
    before = [{"type": "header", "text": plain(head, 150)}, cards.contact_block(lead)]
    after = [
        *_section("Facts", _facts(lead, hidden_entities), 1_200),
        *_section("How it was read", _reading(lead, hidden_entities), 800),
        *_section("Also sent", _custom(lead, hidden_entities), 800),
        *_section("Also known", _also(lead), 800),
        *_section("Merged with it (/lead show has all of each)", _merged(merged, hidden_entities), 1_200),
        *_conversation([lead, *merged], transcript, hidden_entities),
        *_seen(lead, hidden_entities),
        *_section("Waiting", wording.degraded(lead, 400).splitlines(), 500),
        *_history([event for event in history if event.what != "contact_read"], names or {}, 1_500),
        {"type": "context", "elements": [markup(cards.state_line(lead, hidden_entities))]},
    ]
    # Before the analysis nobody knows what a desk with a field policy must not show.
    message = "" if hidden_entities and lead.analysis is None else _veiled_message(lead, hidden_entities)
    versions = ([*before, *_message(message, limit), *after] for limit in _MESSAGE_CUTS)
    blocks = next(version for version in versions if size_of(version) <= BLOCKS_SIZE_MAX)
    return Answer(text=escape(wording.notice(lead, hidden_entities)), blocks=blocks)


def not_found(error: NotFound) -> Answer:
    """No such lead, and where to find the right one."""
    return told(f"{sentence(str(error))} */lead list* shows the newest.")


def away(doing: str, error: Unavailable | Refused, *, number: str | None = None) -> Answer:
    """Something does not answer right now; what was asked about is safe.

    Args:
        doing: what is not possible, as the beginning of a sentence: ``The similarity search``.
        error: whose service is named; its own words go to the log.
        number: the lead that was asked about.
    """
    safe = f"; lead {number} is safe" if number else ""
    mend = (
        "Please try again in a minute."
        if isinstance(error, Unavailable)
        else "Please tell whoever runs the desk."
    )
    return told(f"{doing} does not answer right now ({escape(error.service, 40)}){safe}. {mend}")


def not_allowed(error: NotAllowed) -> Answer:
    """A refusal, for the person who asked only."""
    return told(sentence(str(error)))


def invalid(error: InvalidLead) -> Answer:
    """Why what was sent is no lead, for its sender."""
    return told(f"This did not become a lead: {escape(error.field, 60)} {escape(error.why, 200)}.")


def failed(reference: str) -> Answer:
    """Something broke that nobody foresaw; ``reference`` is what to look for in the log."""
    return told(
        f"That did not work, and it is our fault. No lead is lost. Reference: {escape(reference, 60)}"
    )


def told(text: str) -> Answer:
    """A sentence or some, as mrkdwn."""
    return Answer(text=text, blocks=[{"type": "section", "text": markup(text)}])


def _facts(lead: Lead, hidden: frozenset[str]) -> list[str]:
    if lead.analysis is None:
        return []
    lines = []
    for name, found in lead.analysis.entities.items():
        label = name.replace("_", " ")
        if name in hidden:
            lines.append(f"{label}: not shown on this desk")
            continue
        values = [
            (clean(entity.value), wording.veiled(entity.quote, lead.analysis, hidden)) for entity in found
        ]
        said = [
            f"{value} (“{quote}”)" if quote and quote.casefold() != value.casefold() else value
            for value, quote in values
        ]
        if any(said):
            lines.append(f"{label}: {', '.join(filter(None, said))}")
    return lines


def _reading(lead: Lead, hidden: frozenset[str]) -> list[str]:
    analysis = lead.analysis
    if analysis is None:
        return []
    intent = analysis.intent.value.replace("_", " ")
    kind = f"{intent} ({analysis.sub_intent.replace('_', ' ')})" if analysis.sub_intent else intent
    lines = [
        analysis.summary,
        f"{kind}, {wording.percent(analysis.intent_confidence)} sure",
        f"urgency {analysis.urgency.value}: {analysis.urgency_reason}",
        f"quality {analysis.quality_score}/100: {'; '.join(analysis.quality_reasons)}".removesuffix(": "),
        *(f"{name.replace('_', ' ')}: {value}" for name, value in analysis.business_insights.items()),
        f"read by {analysis.model_used}",
    ]
    return [wording.veiled(line, analysis, hidden) for line in lines]


def _custom(lead: Lead, hidden: frozenset[str]) -> list[str]:
    lines = (f"{name}: {value}" for name, value in lead.custom_fields.items())
    return [wording.veiled(line, lead.analysis, hidden) for line in lines]


def _conversation(leads: Sequence[Lead], transcript: Sequence[Line], hidden: frozenset[str]) -> list[Block]:
    """The newest lines, as many as fit; before the analyses nobody knows what must not be shown.

    leads: with whose writers it was.
    """
    if hidden and not all(lead.analysis for lead in leads):
        return []
    lines = []
    for line in transcript[-_TRANSCRIPT_LINES:]:
        text = line.text
        for lead in leads:
            text = wording.veiled(text, lead.analysis, hidden)
        lines.append(f"{_PARTS.get(line.part, 'They')}: {text}")
    return _section("In the thread", lines, 1_500)


def _seen(lead: Lead, hidden: frozenset[str]) -> list[Block]:
    text = seen_before(lead, 600, hidden)
    return [{"type": "section", "text": markup(f"*Seen before*\n{text}")}] if text else []


def _also(lead: Lead) -> list[str]:
    kinds = {"phone": lead.also.phones, "e-mail": lead.also.emails}
    kinds |= {"name": lead.also.names, "company": lead.also.companies}
    return [f"{kind}: {', '.join(said)}" for kind, said in kinds.items() if said]


def _merged(merged: Sequence[Lead], hidden: frozenset[str]) -> list[str]:
    return [
        # before the analysis nobody knows what a desk with a field policy must not show
        f"{each.number}: “{wording.veiled(each.message, each.analysis, hidden)}”"
        if each.analysis or not hidden
        else each.number
        for each in merged
    ]


def _section(title: str, lines: Sequence[str], room: int) -> list[Block]:
    """One section of a bold title and escaped lines, as many as fit into ``room`` characters of JSON."""
    kept: list[str] = []
    for line in lines:
        text = escape(line, _LINE_MAX)
        room -= size_of(text)
        if room < 0:
            kept.append(ELLIPSIS)
            break
        if text:
            kept.append(text)
    return [{"type": "section", "text": markup("\n".join([f"*{title}*", *kept]))}] if kept else []


def _history(history: Sequence[Event], names: Mapping[str, str], room: int) -> list[Block]:
    """The newest lines of the history that fit, oldest of them first."""
    kept: list[str] = []
    for event in reversed(history):
        said = thread.thread_line(event, names.get(event.actor), to=names.get(event.why or ""))
        line = f"{moment(event.at)}  {said}"
        room -= size_of(line)
        if room < 0:
            kept.append(ELLIPSIS)
            break
        kept.append(line)
    return [{"type": "section", "text": markup("\n".join(["*History*", *reversed(kept)]))}] if kept else []


def _veiled_message(lead: Lead, hidden: frozenset[str]) -> str:
    return inert(wording.veiled(lead.message, lead.analysis, hidden, lines=True), lines=True)


def _message(text: str, limit: int) -> list[Block]:
    """The message in as many sections as it needs, cut at ``limit`` characters."""
    whole = len(text)
    text = cut(text, limit) if limit else ""
    blocks: list[Block] = []
    while text:
        end = len(text) if len(text) <= _SECTION_MAX else text.rfind(" ", 1, _SECTION_MAX) + 1 or _SECTION_MAX
        blocks.append({"type": "section", "text": plain(text[:end], 3_000, lines=True)})
        text = text[end:].lstrip()
    if whole > limit:
        note = plain(f"The message is cut here; it has {whole:,} characters.", 100)
        blocks.append({"type": "context", "elements": [note]})
    return blocks


def size_of(json_value: Any) -> int:
    """Characters of it as JSON."""
    return len(json.dumps(json_value, ensure_ascii=False))
