"""The request in the customer's own words, short enough for a headline: courtesies and lead-ins taken off."""

# ruff: noqa: E501  # a pattern reads better on one line

import re

from core.lead import Intent
from core.rules.words import inert, shortened

GIST_MAX = 58
FEWEST_WORDS = 2

_PHONE = re.compile(r"(?:\+?\d[\s().-]{0,2}){6,14}\d")
_GREETING = re.compile(
    r"^\W*(?:(?:hi|hello|hey|hiya|dear|good (?:morning|afternoon|evening|day))(?: (?:there|all|guys|team|everyone|sir|madam|or|\w+(?=[,!])))*[\s,.!:-]*|"
    r"(?:just|so|ok|okay|please|pls|also|and|but|quick question)[\s,.!:-]+|"
    r"(?:i(?:'m| am) (?:writing|reaching out|calling) (?:to|because|about)|i (?:was|am) (?:just )?(?:wondering|curious)(?: (?:if|whether|about))?|i wanted to (?:ask|know)(?: (?:if|whether|about))?)[\s,:-]*)+",
    re.IGNORECASE,
)
_I_WANT = r"(?:(?:i|we|my \w+)(?:'d| would|'m| am|'re| are)? ?(?:really |just )?(?:like|love|want|need|looking|hoping|have|has|wish|wants|needs)|looking|need|needing|want|wanna|would like|would love|hoping|wish)"
_DO = r"(?:book(?: in)?|schedule|set up|arrange|make|reserve|get|have|come in|come by|order|sign up|see|find|bring in|talk to|speak (?:to|with)|meet with|somebody|someone|a couple guys)"
_CAN = r"(?:can|could|would|may|will) (?:i|we|you|u|someone|somebody|anyone|your \w+|one of your \w+)(?: guys| please| possibly)?"
_A = r"(?:(?:an?|the|some|any|my|our|me|us|to|for|in for|in|out|with) )*"
_LEAD_IN = {
    Intent.APPOINTMENT_REQUEST: re.compile(
        rf"^(?:(?:will|can|could|would) you (?:please )?help me |{_I_WANT} (?:to |for |forward to )?(?:{_DO} )?{_A}|{_CAN} (?:please )?(?:{_DO} )?{_A}|do you have (?:any|an?) (?:openings?|availability|slots?) (?:for )?{_A}|(?:book|schedule|reserve) {_A})",
        re.IGNORECASE,
    ),
    Intent.SUPPORT: re.compile(
        rf"^(?:{_CAN} (?:please )?(?:help me )?|please |(?:i|we)(?:'d| would)? (?:need|want|like) (?:you )?to )",
        re.IGNORECASE,
    ),
    Intent.QUOTE_REQUEST: re.compile(
        rf"^(?:{_I_WANT} (?:to know |to get |pricing |price |prices |quote |estimate |rough |an? )*(?:on|for|of|how much|what)? ?{_A}"
        r"|(?:can|could|would|please|pls)?,? ?(?:i|you|u|we)? ?(?:please )?(?:get|give|send|provide|have|let) (?:me |us )?(?:know )?(?:an? |the |your )?(?:rough |written |price |cost )*(?:quote|estimate|price|number|pricing|bid|proposal|rates?|idea|prices|list)? ?(?:list )?(?:on|for|of|to)? ?"
        r"|how (?:much|expensive)(?: (?:is|are|would|will|does|do|did|it|that|be|cost|for|to|u|you|guys|charge|it be|want))*(?: (?:for|to))? ?(?:(?:an?|the) )?"
        r"|(?:roughly |ballpark,? )?(?:what(?:'s| is| are| do| does| would| will)?|whats)(?: (?:do|does|would|will|is|are|the|your|ur|you|u|guys|it|me|typical|best|out the door))*(?: (?:price|cost|rate|fee|charge|run|pricing|prices|rates|fees)s?)+(?: me| us)?(?: (?:per \w+ )?(?:for|of|to|on))? ?(?:(?:an?|the) )?"
        r"|(?:prices?|pricing|cost|rates?|quote|estimate) (?:for|of|on|to) ?(?:(?:an?|the) )?)",
        re.IGNORECASE,
    ),
}
_TRAILS_OFF = re.compile(
    r"(?:[,;.!?]+ ?|\s+)(?:can (?:you|i|we)|could (?:you|i|we)|please|pls|thanks?|thank you|let me know|call me|text me|because|since (?:i|we)|and i|what day|if (?:that's )?possible|any time|i'm free|asap)\b.*$",
    re.IGNORECASE | re.DOTALL,
)
_SHORTEST = 12
"""Characters that must be left before a trailing clause is taken off."""


def gist(sentence: str, intent: Intent) -> str | None:
    """At most 58 characters of the sentence that say what it is about, inert; None when too little is left."""
    said = _PHONE.sub("…", inert(sentence)).strip()
    bare = _GREETING.sub("", said)
    lead_in = _LEAD_IN.get(intent)
    without = lead_in.sub("", bare, count=1) if lead_in else bare
    bare = without if len(without.split()) >= FEWEST_WORDS else bare
    trailing = None if intent is Intent.COMPLAINT else _TRAILS_OFF.search(bare, _SHORTEST)
    if trailing:
        bare = bare[: trailing.start()]
    short = shortened(bare.strip(" \t,.;:!?-…"), GIST_MAX)
    return short[:1].upper() + short[1:] if len(short.split()) >= FEWEST_WORDS else None
