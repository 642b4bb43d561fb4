"""Lists of leads, for /lead and the card's button: what was wanted, whose it is, what came of it, how old."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.errors import InvalidSearch
from core.lead import Lead
from core.similar.wanted import NOBODY, Wanted
from handlers import cards, search_options, wording
from handlers.answers import BLOCKS_SIZE_MAX, Answer, size_of, told
from handlers.mrkdwn import Block, ago, escape, markup, mention, plain

EVERYTHING = Wanted()

_QUOTE_MAX = 100
_UNKNOWN_MAX = 3  # each is explained in a sentence

ROWS_MAX = 15
SIMILAR_MAX = 40
"""Rows of similar leads, of the up to 50 that may be asked for; Slack takes 50 blocks."""

_OPTIONS = {"business_type": "type", "from_date": "since", "to_date": "until", "threshold": "from"}
"""The API's names of the options -> as people type them, where that differs."""

_NOTES_SIZE_MAX = 1_000  # of what may follow the rows

Hidden = Callable[[str], frozenset[str]]
"""Business type -> names of entities the desk does not show."""


def nothing_hidden(_business_type: str) -> frozenset[str]:
    """A desk that shows everything."""
    return frozenset()


def similar(
    subject: str,
    found: Sequence[tuple[Lead, float]],
    *,
    wanted: Wanted = EVERYTHING,
    links: Mapping[str, str] | None = None,
    unknown: Sequence[str] = (),
    hidden: Hidden = nothing_hidden,
) -> Answer:
    """Leads like a number or words, nearest first: what was wanted, how alike, outcome, owner, age, sender.

    Args:
        subject: what they are like.
        found: the leads with their cosines.
        wanted: what the search was limited to; it is said.
        links: addresses of the leads' cards, by lead id.
        unknown: what looked like an option and is none.
        hidden: business type -> names of entities this desk does not show.
    """
    limits = _limits(wanted)
    notes = [_unknown(name) for name in unknown[:_UNKNOWN_MAX]]
    if notes:
        notes.append(f"Options are {search_options.SHOWN}.")
    if not found:
        among = f" among {limits}" if limits else ""
        return told(" ".join([f"No earlier lead is like “{escape(subject, 80)}”{among}.", *notes]))
    rows = [_alike(lead, cosine, hidden(lead.business_type)) for lead, cosine in found]
    title = f"Like “{escape(subject, 80)}”" + (f", among {limits}" if limits else "")
    answer = _rows(title, rows, hidden, links or {}, most=SIMILAR_MAX)
    if notes:
        answer.blocks.append({"type": "context", "elements": [markup(" ".join(notes))]})
    return answer


def invalid_search(error: InvalidSearch) -> Answer:
    """Which option is wrong, what is possible, and how it is written."""
    option = _OPTIONS.get(error.field, error.field)
    return told(f"*{option}* {escape(error.why, 300)}. For example: `{search_options.EXAMPLE}`")


def no_words() -> Answer:
    """There is nothing to compare with."""
    return told("There are no words to look for. Write what it is about, or a number such as L-1042.")


def listing(
    leads: Sequence[Lead],
    *,
    title: str,
    links: Mapping[str, str] | None = None,
    hidden: Hidden = nothing_hidden,
    senders: bool = False,
) -> Answer:
    """Leads in the order given, a row each, free of contact data but for the ``senders``' names.

    links: addresses of the leads' cards, by lead id.
    """
    rows = [_Row(lead, sender=escape(wording.sender(lead), 60) if senders else "") for lead in leads]
    return _rows(title, rows, hidden, links)


def found(
    leads: Sequence[Lead],
    alike: Sequence[tuple[Lead, float]],
    *,
    links: Mapping[str, str] | None = None,
    hidden: Hidden = nothing_hidden,
) -> Answer:
    """Leads in the order given, then those that are alike, and how much; with the senders' names."""
    rows = [_Row(lead, sender=escape(wording.sender(lead), 60)) for lead in leads]
    rows += [_alike(lead, cosine, hidden(lead.business_type)) for lead, cosine in alike]
    answer = _rows("Newest first" if leads else "Alike in meaning", rows, hidden, links or {})
    return answer if len(rows) > 1 else Answer(text=answer.text, blocks=answer.blocks[1:])


def _limits(wanted: Wanted) -> str:
    """What a search was limited to, as people say it."""
    day = "%d %b %Y"
    parts = [
        " or ".join(sorted(cards.STATES[outcome].lower() for outcome in wanted.outcomes)),
        escape(wanted.business_type or "", 40),
        "leads",
        {None: "", NOBODY: "of nobody"}.get(wanted.owner, f"of {mention(wanted.owner or '')}"),
        f"since {wanted.received_from:{day}}" if wanted.received_from else "",
        f"before {wanted.received_before:{day}}" if wanted.received_before else "",
    ]
    return " ".join(filter(None, parts)) if wanted.filters else ""


@dataclass(frozen=True)
class _Row:
    """A lead in a list, and what is said of it beside what every list says, as mrkdwn."""

    lead: Lead
    before: str = ""
    sender: str = ""
    quote: str = ""


def _alike(lead: Lead, cosine: float, hidden: frozenset[str]) -> _Row:
    words = wording.veiled(wording.own_words(lead, hidden), lead.analysis, hidden)
    # Before the analysis nobody knows what a desk with a field policy must not show.
    quote = "" if hidden and lead.analysis is None else escape(words, _QUOTE_MAX)
    return _Row(
        lead,
        before=f"*{wording.percent(cosine)}* ",
        sender=escape(wording.sender(lead), 60),
        quote=f"“{quote}”" if quote else "",
    )


def _rows(
    title: str,
    rows: Sequence[_Row],
    hidden: Hidden,
    links: Mapping[str, str] | None = None,
    *,
    most: int = ROWS_MAX,
) -> Answer:
    """A block a lead, as many as Slack takes."""
    blocks: list[Block] = [{"type": "section", "text": markup(f"*{title}*")}]
    room = BLOCKS_SIZE_MAX - size_of(blocks) - _NOTES_SIZE_MAX
    shown = 0
    for row in rows[:most]:
        lead = row.lead
        line = linked(lead, escape(wording.notice(lead, hidden(lead.business_type))), links or {})
        facts = [cards.state(lead), ago(lead.received_at), row.sender, escape(wording.source(lead))]
        lines = [f"{row.before}*{line}*", " · ".join(filter(None, facts)), row.quote]
        block: Block = {"type": "section", "text": markup("\n".join(filter(None, lines)))}
        room -= size_of(block)
        if room < 0:
            break
        blocks.append(block)
        shown += 1
    if len(rows) > shown:
        more = plain(f"{len(rows) - shown} more are not shown.", 100)
        blocks.append({"type": "context", "elements": [more]})
    return Answer(text=title, blocks=blocks)


def _unknown(name: str) -> str:
    near = search_options.meant(name)
    hint = f" Did you mean {near}:?" if near else ""
    return f"“{escape(name, 20)}” is no option and was read as words.{hint}"


def linked(lead: Lead, line: str, links: Mapping[str, str]) -> str:
    """The line, its number a link to the lead's card where there is one."""
    link = links.get(lead.lead_id)
    return line.replace(lead.number, f"<{link}|{lead.number}>", 1) if link else line
