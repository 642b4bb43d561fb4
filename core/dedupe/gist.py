"""The request in a message, without what is put around it: greetings, sign-offs, reminders, contact data."""

# ruff: noqa: E501  # a pattern reads better on one line

import re
import tomllib
from functools import lru_cache
from pathlib import Path

from core.identity.names import fold
from core.rules.words import newest_part

_GREETING = re.compile(
    r"^\W*(?:(?:hi|hello|hey|hiya|dear|greetings|good (?:morning|afternoon|evening|day)|to whom it may concern)\b"
    r"[^,.:;!?\n]{0,40}[,.:;!?\n]+|quick question\W+)\s*",
    re.IGNORECASE,
)
_SIGN_OFF = re.compile(
    r"[\s,.;!-]*\b(?:(?:kind|best|warm|many)?\s*(?:regards|wishes|thanks)|thank you(?: (?:so|very) much)?|thanks|thx|cheers"
    r"|sincerely|yours \w+|please (?:advise|let me know|help|reply)|let me know|looking forward[^.!?]*"
    r"|(?:any|please) help[^.!?]{0,30}|in advance)\W*$",
    re.IGNORECASE,
)
FOLLOW_UP = re.compile(
    r"\b(?:any (?:update|news|word|progress)|follow(?:ing)?[ -]?up|did you (?:get|receive|see) my|try(?:ing)? (?:once more|again)"
    r"|once more|still (?:waiting|haven'?t|have not|no (?:reply|answer|response))|(?:have ?n'?t|have not|not|never) heard"
    r"|(?:no (?:one|body)|nobody) (?:has )?(?:called|replied|answered|got back)|as (?:i )?(?:said|mentioned|discussed|wrote)"
    r"|(?:i|we) (?:wrote|e-?mailed|called|messaged|contacted|asked|filled)[^.!?]{0,30}"
    r"(?:before|earlier|yesterday|last|already|ago|twice)"
    r"|re-?send(?:ing)?|(?:writing|asking|contacting you|messaging) again|same (?:thing|request|question) (?:again|as before)|sent (?:this|it) (?:before|already)|checking in|check(?:ing)? on|my (?:last|previous|earlier) "
    r"(?:note|message|e-?mail|request|inquiry|enquiry)|reminder|bump(?:ing)?|second (?:request|time)|just wanted to see)\b",
    re.IGNORECASE,
)
"""How people remind somebody of what they asked."""

_REMINDER = re.compile(
    r"^\W*(?:any (?:update|news|word|progress)[^.?!:]{0,30}|(?:just )?follow(?:ing)?[ -]?up[^.?!:]{0,40}"
    r"|did you (?:get|receive|see) my[^.?!:]{0,40}|try(?:ing)? (?:once more|again)|once more|just checking in[^.?!:]{0,30}"
    r"|re-?sending[^.?!:]{0,30}|(?:i am |i'm )?(?:writing|asking) again[^.?!:]{0,40})[.?!:,]+\s*",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"(?:\b(?:call|text|phone|tel|mobile|cell|ring|reach|contact|my (?:number|cell|e-?mail) is|number)\b[^\d@]{0,20})?"
    r"(?:[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\+?\(?\d[\d ()./-]{6,}\d)",
    re.IGNORECASE,
)
_PEELS = 4  # layers: "Hi there! Quick question: … Thanks! Kind regards"

STOP, WEAK = (
    frozenset(tomllib.loads((Path(__file__).parent / "data" / "words.toml").read_text("utf-8"))[name].split())
    for name in ("stop", "weak")
)
"""Words that say nothing about the request, and words that half of all requests share."""


@lru_cache(maxsize=4096)
def gist(message: str) -> str:
    """What is asked, on one line, as it was written; the message itself where nothing else is left."""
    text = " ".join(newest_part(message).split())
    text = _CONTACT.sub(" ", text)
    for _ in range(_PEELS):
        peeled = _SIGN_OFF.sub("", _REMINDER.sub("", _GREETING.sub("", text))).strip()
        if peeled == text or not peeled:
            break
        text = peeled
    return text if re.search(r"\w", text) else " ".join(message.split())


def is_follow_up(message: str) -> bool:
    """Whether it reminds of something that was asked before."""
    return FOLLOW_UP.search(message) is not None


@lru_cache(maxsize=4096)
def content_words(text: str) -> frozenset[str]:
    """The words that say what is asked: folded, without stop words."""
    words = re.findall(r"[^\W_]+", fold(text.replace("'", "")))
    return frozenset(word for word in words if word not in STOP and len(word) > 1)
