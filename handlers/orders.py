"""What a verb makes of one lead, as the fields of an Action, or why that cannot be; pure."""

from datetime import datetime
from typing import Any, Final

from core import snooze
from core.actions import WORDS_MAX, ActionName
from core.moments import moment_first
from handlers.steps import NO_REASON, NOT_AHEAD
from handlers.verbs import BARE, Asked, Verb

NAMES = {
    Verb.CLAIM: ActionName.CLAIM,
    Verb.ASSIGN: ActionName.REASSIGN,
    Verb.APPROVE: ActionName.APPROVE,
    Verb.NOTE: ActionName.NOTE,
    Verb.SNOOZE: ActionName.SNOOZE,
    Verb.WAKE: ActionName.WAKE,
    Verb.WON: ActionName.WON,
    Verb.LOST: ActionName.LOST,
    Verb.REJECT: ActionName.REJECT,
    Verb.SPAM: ActionName.SPAM,
    Verb.REOPEN: ActionName.REOPEN,
    Verb.MOVE: ActionName.MOVE,
}
"""Verbs that are one action of one lead."""

TARGETS: Final = {
    Verb.ASSIGN: "Say to whom: @name, or me.",
    Verb.MOVE: "Say to which desk: its #channel.",
}
"""Verbs that need somebody or a place -> what to say where none was named."""

WORDS: Final = {Verb.NOTE: "A note needs words: what was said or done.", Verb.LOST: NO_REASON}
"""Verbs that need words -> what to say where there are none."""

NO_MOMENT: Final = "Say until when: tomorrow, 2d, friday 9:00, 24 dec or 2026-12-01 14:30."
TOO_LONG: Final = f"That is too long: at most {WORDS_MAX:,} characters."


class Unclear(Exception):
    """What was typed lacks something; the message says what, to whoever typed it."""


def fields(asked: Asked, now: datetime, *, target: str | None = None) -> dict[str, Any]:
    """``name``, and where they are needed ``target``, ``words`` and ``until`` of the Action; Unclear.

    Args:
        asked: a verb of NAMES.
        now: aware, in the desk's time zone.
        target: the new owner's Slack user id, or the other desk's channel, as far as one was named.
    """
    name, words = NAMES[asked.verb], (asked.verb not in BARE and asked.words) or None
    if words and len(words) > WORDS_MAX:
        raise Unclear(TOO_LONG)
    if asked.verb in TARGETS:
        if target is None:
            raise Unclear(TARGETS[asked.verb])
        return {"name": name, "target": target}
    if words is None and asked.verb in WORDS:
        raise Unclear(WORDS[asked.verb])
    if asked.verb == Verb.SNOOZE:
        until, rest = moment_first(asked.words, now)
        if until is None:
            raise Unclear(NO_MOMENT)
        if not snooze.is_ahead(until, now):
            raise Unclear(NOT_AHEAD)
        return {"name": name, "until": until, "words": rest or None}
    return {"name": name, "words": words}
