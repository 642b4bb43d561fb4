"""The one message that stands for many leads at once, and the list behind its button. Pure."""

from collections.abc import Callable, Mapping

from core.lead import Lead
from core.store.places import Gathered
from handlers import cards, lists, wording
from handlers.answers import Answer
from handlers.cards import Card
from handlers.mrkdwn import Block, ago, escape, markup, plain

SHOW = "burst_show"
"""action_id; the button's value is the summary's key, then how many leads were shown before."""

TOP = 5
"""Leads that the summary names."""

PAGE = 12
"""Leads on a page of the list."""

Hidden = Callable[[str], frozenset[str]]


def summary(gathered: Gathered, *, hidden: Hidden) -> Card:
    """How many came, how many are urgent, and the most important ones; their cards are in its thread."""
    count, urgent = gathered.count, gathered.urgent
    head = (
        f"*{count} more new {'leads' if count != 1 else 'lead'}*, the first {ago(gathered.summary.began_at)}"
    )
    facts = [f"{urgent} of them urgent"] if urgent else []
    if gathered.apart:
        facts.append(
            f"{gathered.apart} urgent, with a card of {'its' if gathered.apart == 1 else 'their'} own"
        )
    lines = [f"• {_line(lead, hidden(lead.business_type))}" for lead in gathered.leads]
    rest = count - len(gathered.leads)
    more = [f"and {rest} more"] if rest else []
    value = f"{gathered.summary.key}:0"
    show = {"type": "button", "action_id": SHOW, "text": plain("Show", 75), "value": value}
    blocks: list[Block] = [
        {"type": "section", "text": markup(", ".join([head, *facts])), "accessory": show},
        {"type": "section", "text": markup("\n".join([*lines, *more]))},
        {"type": "context", "elements": [plain("Their cards are in this message's thread.", 100)]},
    ]
    return Card(text=", ".join([f"{count} more new leads", *facts]), blocks=blocks)


def listed(gathered: Gathered, links: Mapping[str, str], *, offset: int, hidden: Hidden) -> Answer:
    """A page of the summary's leads for one person, with links to their cards."""
    after = offset + len(gathered.leads)
    title = f"Leads {offset + 1} to {after} of {gathered.count}"
    answer = lists.listing(gathered.leads, title=title, links=links, hidden=hidden)
    if after < gathered.count:
        value = f"{gathered.summary.key}:{after}"
        button = {"type": "button", "action_id": SHOW, "text": plain("More", 75), "value": value}
        answer.blocks.append({"type": "actions", "elements": [button]})
    return answer


def asked(value: str) -> tuple[str, int]:
    """The summary's key and the offset from a button's value."""
    key, _, offset = value.rpartition(":")
    return key, int(offset) if offset.isascii() and offset.isdigit() else 0


def _line(lead: Lead, hidden: frozenset[str]) -> str:
    return f"{escape(wording.notice(lead, hidden), 120)} · {cards.state(lead)}"
