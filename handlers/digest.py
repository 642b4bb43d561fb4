"""The morning digest as people read it. Pure."""

from collections.abc import Callable, Mapping, Sequence

from core.lead import Lead
from core.noise.digest import Digest
from handlers import cards, wording
from handlers.cards import Card
from handlers.mrkdwn import Block, ago, escape, markup, moment

MOST = 5
"""Leads that are named of each kind; the others are counted."""

Hidden = Callable[[str], frozenset[str]]


def digest(said: Digest, links: Mapping[str, str], *, hidden: Hidden) -> Card:
    """What came in, what is overdue, what nobody has.

    Args:
        said: not empty.
        links: addresses of the leads' cards, by lead id.
        hidden: business type -> names of entities its desk does not show.
    """
    came = f"*{_count(said.new, 'new lead')}* since {moment(said.since)}"
    more = [f"{said.urgent} urgent"] if said.urgent else []
    more += [f"{said.closed} closed by now"] if said.closed else []
    blocks: list[Block] = [{"type": "section", "text": markup(", ".join([came, *more]))}]
    blocks += _named("overdue", said.overdue, links, hidden)
    blocks += _named("of nobody yet", said.waiting, links, hidden)
    facts = [_count(said.new, "new lead")]
    facts += [f"{len(said.overdue)} overdue"] if said.overdue else []
    facts += [f"{len(said.waiting)} of nobody"] if said.waiting else []
    return Card(text=f"Good morning: {', '.join(facts)}", blocks=blocks)


def shown(said: Digest) -> list[Lead]:
    """The leads that are named, whose cards are linked."""
    return [*said.overdue[:MOST], *said.waiting[:MOST]]


def _named(what: str, leads: Sequence[Lead], links: Mapping[str, str], hidden: Hidden) -> list[Block]:
    """The oldest of them, a line each."""
    if not leads:
        return []
    lines = [f"• {_line(lead, links, hidden(lead.business_type))}" for lead in leads[:MOST]]
    more = [f"and {len(leads) - MOST} more"] if len(leads) > MOST else []
    text = "\n".join([f"*{_count(len(leads), 'lead')} {what}*, the oldest first", *lines, *more])
    return [{"type": "section", "text": markup(text)}]


def _line(lead: Lead, links: Mapping[str, str], hidden: frozenset[str]) -> str:
    line = escape(wording.notice(lead, hidden), 120)
    link = links.get(lead.lead_id)
    line = line.replace(lead.number, f"<{link}|{lead.number}>", 1) if link else line
    whose = f" · {cards.state(lead)}" if lead.owner else ""
    return f"{line} · {ago(lead.received_at)}{whose}"


def _count(count: int, what: str) -> str:
    return f"{count or 'No'} {what}{'' if count == 1 else 's'}"
