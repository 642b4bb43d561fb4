"""What is believed of a proposal: its quote stands in the turn, and the field's own finder agrees."""

import re
from typing import Final

from phonenumbers import PhoneNumberMatcher

from core import intake
from core.conversation import propose
from core.conversation.state import Matter, Proposal
from core.errors import InvalidLead
from core.model.answer import grounded, literal
from core.model.question import Quoted
from core.rules import entities
from core.rules.words import inert, one_line, shortened, words

VALUE_MAX: Final = 80

_COMPANY_WORDS: Final = 6
_DAY: Final = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


def believed(proposal: Proposal, text: str, matter: Matter) -> Proposal | None:
    """The proposal as it is kept, its quote as it stands in the text; None: it is not believed.

    What a model proposes goes through the same finder as what rules propose: it may point at words, and
    cannot add any.
    """
    quote = literal(proposal.quote, text)
    if quote is None:
        return None
    value = _value(proposal.model_copy(update={"quote": quote}), matter)
    return None if not value else proposal.model_copy(update={"value": value, "quote": quote})


def _value(proposal: Proposal, matter: Matter) -> str | None:
    match proposal.fills:
        case "email":
            return _email(proposal.quote)
        case "phone":
            found = next(iter(PhoneNumberMatcher(proposal.quote, matter.region)), None)
            return found.raw_string if found else None
        case "name":
            return one_line(proposal.quote) if propose.is_name(proposal.quote) else None
        case "company":
            said = one_line(proposal.quote)
            return said if len(said.split()) <= _COMPANY_WORDS and len(said) <= VALUE_MAX else None
    return _fact(proposal, matter)


def _email(quote: str) -> str | None:
    found = intake.EMAIL_IN_TEXT.search(quote)
    try:
        return intake.read_contact({"email": found[0].rstrip(".")}).email if found else None
    except InvalidLead:
        return None


def _is_past(value: str, matter: Matter) -> bool:
    """Whether it is a day that is over: "it began yesterday" is no wish."""
    day = _DAY.search(value)
    return day is not None and day[0] < matter.now.date().isoformat()


def _fact(proposal: Proposal, matter: Matter) -> str | None:
    guide = matter.business.entities.get(proposal.fills)
    if guide is None:
        return None
    if guide.found_by == "vehicle" and proposal.value == propose.with_year(
        matter.known.get(proposal.fills, ""), proposal.quote
    ):
        return proposal.value
    quote = proposal.quote
    found = entities.read(quote, words(quote), matter.business, matter.now).entities[proposal.fills]
    if found:
        values = [entity.value for entity in found if not _is_past(entity.value, matter)]
        if not values:
            return None
        return proposal.value if proposal.value in values else values[0]
    if proposal.by_model and guide.found_by is None:
        known = entities.lexicon(matter.business, proposal.fills)
        said = grounded([Quoted(value=proposal.value, quote=quote)], quote, known)
        return shortened(inert(said[0].value), VALUE_MAX) if said else None
    return None
