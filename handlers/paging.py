"""A list of leads as a private answer with Next and Back; its buttons carry the list and the place in it."""

import json
from collections.abc import Mapping
from typing import Any

from core.listing import Filter, Page, number_of
from handlers import lists
from handlers.answers import Answer, told
from handlers.lists import Hidden, nothing_hidden
from handlers.mrkdwn import Block, escape, plain

NEXT, BACK = "list_next", "list_back"
"""action_ids."""

WORDS_MAX = 500
"""Most characters of what is looked for; a button's value takes 2,000."""

TITLES = {
    Filter.OPEN: "Open leads, newest first",
    Filter.MINE: "Your open leads, newest first",
    Filter.NEW: "New leads that nobody has worked yet",
    Filter.HOT: "Urgent open leads, newest first",
    Filter.UNCLAIMED: "Open leads that nobody has",
    Filter.OVERDUE: "Leads that wait longer than they should",
}

EMPTY = {
    Filter.OPEN: "Nothing here: no lead is open.",
    Filter.MINE: "You have no open lead. */lead list unclaimed* shows what is to be had.",
    Filter.NEW: "No new lead waits for somebody.",
    Filter.HOT: "No open lead is urgent.",
    Filter.UNCLAIMED: "Every open lead has somebody.",
    Filter.OVERDUE: "Nothing is overdue.",
}


def paged(
    page: Page,
    filter_: Filter,
    *,
    words: str = "",
    links: Mapping[str, str] | None = None,
    hidden: Hidden = nothing_hidden,
) -> Answer:
    """A page of a list, free of contact data but for the senders' names where words were looked for."""
    if filter_ == Filter.FOUND:
        title, empty = f"With “{escape(words, 80)}”", f"No lead says “{escape(words, 80)}”."
    else:
        title, empty = TITLES[filter_], EMPTY[filter_]
    if not page.leads and not page.newer:
        return told(empty)
    answer = lists.listing(
        page.leads, title=title, links=links, hidden=hidden, senders=filter_ == Filter.FOUND
    )
    buttons = [
        *(
            [_button(BACK, "Back", filter_, words, after=number_of(page.leads, last=False))]
            if page.newer
            else []
        ),
        *(
            [_button(NEXT, "Next", filter_, words, before=number_of(page.leads, last=True))]
            if page.older
            else []
        ),
    ]
    if buttons:
        answer.blocks.append({"type": "actions", "block_id": "pages", "elements": buttons})
    return answer


def place_of(value: str) -> tuple[Filter, str, dict[str, int]]:
    """The list, its words and the bounds (``before`` or ``after``) in a button's value."""
    said: dict[str, Any] = json.loads(value)
    bounds = {name: int(said[name]) for name in ("before", "after") if said.get(name) is not None}
    return Filter(said["list"]), str(said.get("words", "")), bounds


def _button(action_id: str, label: str, filter_: Filter, words: str, **bound: int | None) -> Block:
    said = {"list": filter_.value, **bound} | ({"words": words} if words else {})
    return {
        "type": "button",
        "action_id": action_id,
        "text": plain(label, 75),
        "value": json.dumps(said, ensure_ascii=False, separators=(",", ":")),
    }
