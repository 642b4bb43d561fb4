"""What people say to a bot beside answers: cancel, skip, thanks, a question, "no, I meant"; by patterns."""

# ruff: noqa: E501  # a pattern reads better on one line

import re
from enum import StrEnum

_POLITE = r"(?:please|pls|thanks|thank you|sorry|no|ok|okay|oh|hey|hi|well|then|now|that's fine|bitte|por favor|per favore|s'il vous pla[iî]t)"
_WHOLE = r"^\W*(?:{polite}\W+)*(?:{ways})(?:\W+{polite})*\W*$"


def _whole(*ways: str) -> re.Pattern[str]:
    """One of these and nothing else in the message but courtesies."""
    return re.compile(_WHOLE.format(polite=_POLITE, ways="|".join(ways)), re.IGNORECASE)


CANCEL = _whole(
    r"cancel(?: (?:it|this|that|the request|my request|everything))?|never ?mind(?: (?:it|that))?|forget (?:it|about it|that)",
    r"stop(?: (?:it|asking|asking me(?: questions)?|the questions|this))?|quit|no more questions|leave me alone|i changed my mind",
    r"i(?:'d| would) rather (?:talk|speak) to (?:a |somebody|someone)(?:person|human|real person)?|abbrechen|abbruch|vergiss es|annuler|laisse tomber|cancelar|olv[ií]dalo|annulla|lascia stare",
)
START_OVER = _whole(
    r"start (?:over|again|from (?:the )?(?:start|beginning|scratch))|(?:let's |can we |let me )?(?:start|begin) (?:over|again|anew)|reset|restart|all over again|from the (?:start|beginning|top)",
    r"(?:das )?alles (?:auf anfang|von vorn)|von vorn|recommencer|empezar de nuevo|ricominciare",
)
RESUME = _whole(
    r"continue|resume|go on|go ahead|let's (?:continue|go on|go|do it)|where were we|i'm back|back now|yes,? (?:continue|go on|ask)|ask me|weiter|weitermachen|continuer|continuar|continua"
)
SKIP = re.compile(
    r"\b(?:skip|pass\b(?= on|\W*$)|rather not|prefer not|don'?t (?:want|wish|like) to (?:say|give|share|tell)|don'?t have (?:one|it|that|any|a phone|an e-?mail)|no (?:idea|clue|preference)|not sure(?: yet)?|don'?t know(?: yet)?|dunno|doesn'?t matter|does not matter|i don'?t care|whatever works|any (?:day|time)(?: (?:works|is fine))?|none of (?:that|your business)|keine ahnung|wei[sß]+ (?:ich )?nicht|egal|je ne sais pas|no s[eé]|non lo so|weet ik niet)\b",
    re.IGNORECASE,
)
_SKIP_ALONE = _whole(r"[uü]e?berspringen|passer|omitir|saltar(?:e)?|pular")
_CONTACT_WORDS = {
    "phone": re.compile(
        r"\b(?:phone|mobile|cell|(?:my|a|any|the) number|telefon|t[eé]l[eé]phone|tel[eé]fono)\b",
        re.IGNORECASE,
    ),
    "email": re.compile(r"\b(?:e-?mail|mail address|correo|courriel)\b", re.IGNORECASE),
    "name": re.compile(r"\b(?:(?:my|a|any|the) name|names?\W*$)", re.IGNORECASE),
}
_CHAT = _whole(
    r"(?:thanks?(?: you)?|thank u|thx|ty|cheers|great|good|perfect|awesome|cool|nice|lovely|ok(?:ay)?|k|kk|sure|alright|all right|got it|understood|will do|yes|yep|yeah|no problem|np|sounds good|that works|fine|hi|hello|hey|good (?:morning|afternoon|evening)|haha+|lol|one (?:sec|second|moment)|just a (?:sec|second|moment|minute)|danke|merci|gracias|grazie|obrigad[oa]|dank je|vielen dank)(?:[\W]+(?:so much|very much|a lot|again|everyone|all|there|team|you|great|good|perfect|appreciate it))*"
)
_CORRECTS = re.compile(
    r"^\W*(?:no|nope|nein|non|nee)\b[\s,.:;!-]+(?!problem|worries|idea|clue|preference|need|rush|hurry|one\b|more\b)|\b(?:actually|i meant|i mean\b|my mistake|my bad|correction|typo|wrong (?:number|year|day|date|car|name|e-?mail|one)|that(?:'s| is| was) wrong|not right|not (?:the|an?|my|on)\b|instead|rather than|make that|change (?:that|it|the \w+) to|(?:it|that)(?:'s| is) not|should (?:be|have been)|sorry,? (?:it|that|my|the)|scratch that|better (?:make|on)|moved? it to)\b|^\W*\*",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"\b(?:not|instead of|rather than|isn'?t|wasn'?t|no longer) (?:(?:the|an?|my|on|at|at all|in|for|to) )*",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"\?\s*(?:$|\w)|^\W*(?:do|does|are|is|can|could|would|will|how (?:much|long|many|soon|do|does|far|about)|what|when|where|which|who|why)\b(?![^.!]*\bplease\b[^?]*$)",
    re.IGNORECASE,
)
_TO_SOMEBODY = re.compile(r"^\W*(?:(?:hey|hi|hello)\s+)?<@(?P<user>[UW][A-Z0-9]+)(?:\|[^>]*)?>")


class Wish(StrEnum):
    """What a turn asks of the conversation itself."""

    CANCEL = "cancel"
    START_OVER = "start_over"
    RESUME = "resume"


def wish(text: str) -> Wish | None:
    """What the turn asks of the conversation, if that is all it says: "cancel my booking" is no such wish."""
    for pattern, meant in ((CANCEL, Wish.CANCEL), (START_OVER, Wish.START_OVER), (RESUME, Wish.RESUME)):
        if pattern.match(text):
            return meant
    return None


def skips(text: str) -> bool:
    """Whether the writer cannot or will not answer something."""
    return SKIP.search(_straight(text)) is not None or _SKIP_ALONE.match(text) is not None


def left_out(text: str) -> set[str]:
    """The contact fields that are named in a turn which skips something; none: it skips all that was asked."""
    return {field for field, pattern in _CONTACT_WORDS.items() if pattern.search(text)}


def is_chat(text: str) -> bool:
    """Whether the turn is courtesies and nothing else."""
    return not any(mark.isalnum() for mark in text) or _CHAT.match(_straight(text)) is not None


def corrects(text: str) -> bool:
    """Whether the turn takes something back that was said before."""
    return _CORRECTS.search(_straight(text)) is not None


def is_question(text: str) -> bool:
    """Whether the writer wants to know something."""
    return _QUESTION.search(text) is not None


def is_negated(text: str, at: int) -> bool:
    """Whether what stands at this place is what the writer does not mean: "not the Civic, the Accord"."""
    before = text[max(0, at - 24) : at]
    return any(found.end() == len(before) for found in _NEGATED.finditer(before))


def spoken_to(text: str) -> str | None:
    """The Slack user id whom the turn begins with, if it begins with anybody."""
    found = _TO_SOMEBODY.match(text)
    return None if found is None else found["user"]


def _straight(text: str) -> str:
    return text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
