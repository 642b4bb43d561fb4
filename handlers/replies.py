"""What is answered to questions over the leads, as texts and blocks, pure; all figures are the store's."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from core.lead import OPEN, DeskStatus
from core.questions import Found, Query
from core.similar.wanted import NOBODY
from handlers import cards, lists
from handlers.answers import Answer, usage
from handlers.answers import told as told_of
from handlers.lists import Hidden, nothing_hidden
from handlers.mrkdwn import escape

PROMPTS = (
    ("My queue", "What is in my queue?"),
    ("What came in this week", "Which leads came in this week?"),
    ("What waits for somebody", "Which leads are unclaimed?"),
    ("What you can do", "help"),
)
"""Suggested prompts: title and message; Slack shows four."""

UNABLE = (
    "I did not understand that. Ask me about leads, such as “who asked about brakes this month?”; *help* says"
    " what else I can do."
)

OFFER = (
    "If this is a customer's request, I keep it as a lead. If it was a question or an order, I did not"
    " understand it: *help* says what I can do."
)
"""To a message that may be a request."""

HELP = (
    "*Ask* who asked about brakes this month? · what is in my queue? · how many leads did we win last week?\n"
    "*Order* as after /lead, but without it: claim L-1042, snooze L-1042 until friday. I change nothing"
    " before you have clicked.\n"
    "*Add* a lead: new, and what they want."
)

BY_RULES = "The model does not answer, so I read your question by rules. "

_TOPIC_MAX = 80
_NEAR = "Those with a percentage do not say these words, but are alike in meaning."


def help_here() -> Answer:
    """What can be done in the Messages tab."""
    return Answer(text="What I can do", blocks=[*told_of(HELP).blocks, *usage().blocks])


def looking(query: Query, *, owner: str | None = None) -> str:
    """What is being looked for, as the beginning of a sentence in Markdown: how the question was read.

    owner: what the owner is called; None: the asker.
    """
    wanted = query.wanted
    parts = [
        "urgent" if query.urgent else "",
        _outcomes(wanted.outcomes),
        escape(wanted.business_type or "", 40),
        "leads",
        f"about “{escape(query.words, _TOPIC_MAX)}”" if query.words else "",
        _owned(wanted.owner, owner),
        _times(wanted.received_from, wanted.received_before),
    ]
    said = " ".join(filter(None, parts))
    return f"{said[0].upper()}{said[1:]}: "


def told(found: Found) -> str:
    """What came of it, as the end of that sentence."""
    if not found.total:
        said = "none."
    else:
        each = [
            f"{count} {cards.STATES[status].lower()}"
            for status, count in sorted(found.counts.items(), key=_most)
        ]
        said = f"**{found.total}**, of which {', '.join(each)}." if len(each) > 1 else f"{each[0]}."
    if found.total > len(found.leads):
        said += f" The newest {len(found.leads)} are below."
    if found.alike:
        said += f" {_NEAR}"
    if not found.searched:
        said += " What is alike in meaning cannot be looked for right now."
    return said


def listed(
    found: Found, *, links: Mapping[str, str] | None = None, hidden: Hidden = nothing_hidden
) -> Answer:
    """The leads that the answer is from, each a link to its card; no blocks where there are none."""
    if not found.shown:
        return Answer(text="No leads", blocks=[])
    return lists.found(found.leads, found.alike, links=links, hidden=hidden)


def _most(item: tuple[DeskStatus, int]) -> tuple[int, str]:
    return -item[1], item[0].value


def _outcomes(outcomes: frozenset[DeskStatus]) -> str:
    if outcomes >= OPEN:
        named = ["open", *(cards.STATES[each].lower() for each in sorted(outcomes - OPEN))]
    else:
        named = [cards.STATES[each].lower() for each in sorted(outcomes)]
    return " or ".join(named)


def _owned(owner_id: str | None, called: str | None) -> str:
    if owner_id is None:
        return ""
    if owner_id == NOBODY:
        return "of nobody"
    return f"of {escape(called, 60)}" if called else "of yours"


def _times(first: datetime | None, before: datetime | None) -> str:
    """The days, the last one included, as people say them."""
    last = None if before is None else before - timedelta(days=1)
    if first and last and first.date() == last.date():
        return f"of {_day(first)}"
    since = f"since {_day(first)}" if first and not last else f"from {_day(first)}" if first else ""
    until = f"{'to' if first else 'until'} {_day(last)}" if last else ""
    return " ".join(filter(None, [since, until]))


def _day(at: datetime | None) -> str:
    return "" if at is None else f"{at.day} {at:%b %Y}"
