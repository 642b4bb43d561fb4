"""What people are told about their leads: a direct message, or a line in the card's thread. Pure."""

from collections.abc import Callable, Mapping, Sequence

from core.lead import Lead
from core.noise.notices import Notice, Reason
from core.noise.telling import Told
from handlers import cards, wording
from handlers.cards import Card
from handlers.mrkdwn import Block, ago, escape, markup, mention, plain

REASONS = {
    Reason.ASSIGNED: "A new lead for you",
    Reason.HANDED_OVER: "Handed over to you",
    Reason.REMINDER: "Waits for you",
    Reason.ESCALATION: "Waits for too long",
    Reason.RETURNED: "Went back to the pool",
    Reason.WOKEN: "Back from snooze",
    Reason.ASKED_AGAIN: "Its sender wrote again",
}

MOST = 20
"""Leads in one message; the others are counted."""

MOST_IN_A_LINE = 8
"""Leads that a line of a thread names."""

_WHY_MAX = 200

Hidden = Callable[[str], frozenset[str]]


def direct(told: Sequence[Told], links: Mapping[str, str], *, hidden: Hidden) -> Card:
    """One message with all that one person is told.

    Args:
        told: at least one, the oldest first.
        links: addresses of the leads' cards, by lead id.
        hidden: business type -> names of entities its desk does not show.
    """
    blocks: list[Block] = []
    if len(told) > 1:
        blocks.append({"type": "section", "text": markup(f"*{len(told)} leads to look at*")})
    blocks += [_about(each, links, hidden(each.lead.business_type)) for each in told[:MOST]]
    if len(told) > MOST:
        more = plain(f"and {len(told) - MOST} more: /lead list shows them", 100)
        blocks.append({"type": "context", "elements": [more]})
    first = told[0]
    line = f"{REASONS[first.notice.reason]}: {wording.notice(first.lead, hidden(first.lead.business_type))}"
    return Card(text=escape(line if len(told) == 1 else f"{len(told)} leads to look at"), blocks=blocks)


def in_thread(told: Sequence[Told], links: Mapping[str, str], name: str | None, *, unreachable: bool) -> str:
    """A line of a card's thread that mentions the one person who is to know, as mrkdwn.

    Args:
        told: at least one, all to the same person; the thread is that of one of their leads.
        links: addresses of the leads' cards, by lead id.
        name: what the person is called.
        unreachable: no message reaches the person, so the name stands in the place of a mention.
    """
    to = told[0].notice.to
    said = "; ".join(f"{_number(each.lead, links)}: {_said(each.notice)}" for each in told[:MOST_IN_A_LINE])
    more = f" and {len(told) - MOST_IN_A_LINE} more" if len(told) > MOST_IN_A_LINE else ""
    if to is None:
        return said
    if unreachable:
        return f"{escape(name or 'Somebody', 60)} could not be told in a direct message. {said}{more}"
    return f"{mention(to)} {said}{more}"


def _said(notice: Notice) -> str:
    why = f": {escape(notice.why, _WHY_MAX)}" if notice.why else ""
    return f"{REASONS[notice.reason]}{why}"


def _number(lead: Lead, links: Mapping[str, str]) -> str:
    link = links.get(lead.lead_id)
    return f"<{link}|{lead.number}>" if link else lead.number


def _about(told: Told, links: Mapping[str, str], hidden: frozenset[str]) -> Block:
    lead = told.lead
    link = links.get(lead.lead_id)
    line = escape(wording.notice(lead, hidden), 200)
    title = line.replace(lead.number, f"<{link}|{lead.number}>", 1) if link else line
    said = _said(told.notice) + (f" ({told.times + 1}. time)" if told.times else "")
    facts = [cards.state(lead), ago(lead.received_at), escape(wording.sender(lead), 60)]
    return {"type": "section", "text": markup(f"*{title}*\n{said}\n{' · '.join(facts)}")}
