"""What a card says first: the request as a person would note it, and the customer's own words."""

import re
from collections.abc import Mapping

from core.lead import Entity, Intent
from core.rules.asking import PATTERNS
from core.rules.entities import without_hidden
from core.rules.gist import gist
from core.rules.language import ENGLISH, NAMES
from core.rules.words import inert, shortened
from prompts import BusinessType

WANTS_MAX = 80
OWN_WORDS_MAX = 180
SUMMARY_MAX = 300
TOPICS_MAX = 5

_ASKING = {Intent.INQUIRY, Intent.APPOINTMENT_REQUEST, Intent.QUOTE_REQUEST, Intent.SUPPORT}
"""Whose request stands in the sentence that asks; a complaint's stands where it begins."""

_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?!\s|$)[^.!?\n]*)*[.!?]*")
_COURTESY = re.compile(
    r"^\W*(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|thanks?|thank you"
    r"|(?:kind|best|warm) regards|cheers|sincerely|please advise|let me know|quick question|regards"
    r"|my name is|this is)\b",
    re.IGNORECASE,
)


def wants(
    entities: Mapping[str, tuple[Entity, ...]], business: BusinessType, intent: Intent, newest: str = ""
) -> str:
    """The headline, e.g. "Brake repair, 2019 Honda Civic"; without facts the customer's own words."""
    everyday = business.everyday.intents[intent]
    if intent in {Intent.SPAM, Intent.SOLICITATION}:
        return everyday.headline
    what = next((_joined(entities[name]) for name in business.card.headline if entities.get(name)), "")
    own = _own(newest, entities, business, intent) if intent in business.card.own_words or not what else None
    if own is None:
        guide = business.intents.get(intent)
        template = (guide and guide.headline) or everyday.headline
        own = template.format(what=what) if what else everyday.plain
    beside = [entities[name][0].value for name in business.card.beside if entities.get(name)]
    return headline(", ".join([own, *(each for each in beside if not _names(own, each))]))


def _names(own: str, thing: str) -> bool:
    """Whether the words name the thing already: "my Jetta" does a Volkswagen Jetta."""
    said = own.casefold()
    return any(word in said for word in thing.casefold().split() if len(word) > 3)  # noqa: PLR2004  # not "4x4"


def _own(
    newest: str, entities: Mapping[str, tuple[Entity, ...]], business: BusinessType, intent: Intent
) -> str | None:
    """The headline in the customer's words, without what the card may not show; None if too little."""
    template = business.everyday.intents[intent].own
    sentence = own_words(newest, _weights(entities, business), intent)
    words = gist(without_hidden(sentence, business), intent)
    return template.format(words=words) if template and words else None


def headline(text: str) -> str:
    """Any text as a headline: inert, on one line, at most 80 characters, with a capital."""
    line = inert(text).rstrip(" .")
    return shortened(line[:1].upper() + line[1:], WANTS_MAX)


def summary(
    newest: str,
    entities: Mapping[str, tuple[Entity, ...]],
    business: BusinessType,
    intent: Intent,
    language: str = ENGLISH,
) -> str:
    """One sentence that quotes the customer, and says so when it is not in English.

    What the card may not show is left out.
    """
    plain = business.everyday.intents[intent].plain
    if language != ENGLISH:
        plain = f"{plain}, in {NAMES[language]}"
    own = own_words(newest, _weights(entities, business), intent)
    shown = shortened(inert(without_hidden(own, business)), OWN_WORDS_MAX)
    return f"{plain}: “{shown}”" if shown else plain


def own_words(newest: str, weights: Mapping[str, int], intent: Intent) -> str:
    """The sentence that says most: with the weightiest (case-folded) quotes, one that asks, the earlier."""
    sentences = [match[0].strip() for match in _SENTENCE.finditer(newest) if match[0].strip()]
    if not sentences:
        return newest

    def says(place: tuple[int, str]) -> tuple[float, int]:
        at, sentence = place
        folded = sentence.casefold()
        known = sum(weight for quote, weight in weights.items() if quote in folded)
        courtesy = 1.5 if _COURTESY.match(sentence) and len(sentence) < OWN_WORDS_MAX / 3 else 0
        asks = (
            1.5
            if intent in _ASKING and any(k is intent and way.search(folded) for k, _, way in PATTERNS)
            else 0
        )
        return known + asks - courtesy - 0.1 * at, -at

    return max(enumerate(sentences), key=says)[1]


def _weights(entities: Mapping[str, tuple[Entity, ...]], business: BusinessType) -> dict[str, int]:
    return {
        found.quote.casefold(): 2 if name in business.card.headline else 1
        for name in entities
        for found in entities[name]
    }


def topics(entities: Mapping[str, tuple[Entity, ...]], business: BusinessType) -> tuple[str, ...]:
    """What it is about, for filters and lists: the values of the headline's entities."""
    values = (found.value for name in business.card.headline for found in entities.get(name, ()))
    return tuple(dict.fromkeys(values))[:TOPICS_MAX]


def _joined(found: tuple[Entity, ...]) -> str:
    first, *others = [entity.value for entity in found[:2]]
    if others == ["consultation"]:
        return f"{first} consultation"
    return " and ".join([first, *others])
