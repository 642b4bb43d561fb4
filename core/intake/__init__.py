"""From what somebody sent to a Draft or an InvalidLead: known keys are read, others kept as custom fields."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumberMatcher
from pydantic import TypeAdapter, ValidationError

from core.errors import InvalidLead
from core.lead import MESSAGE_MAX, Contact, Draft

CONTACT_MAX: Final = 300
"""Longest name, phone or company, in characters."""

CUSTOM_FIELDS_MAX: Final = 100

SOURCES: Final = frozenset({"web_form", "email", "chat_widget", "api", "referral", "phone", "unknown"})
"""The original's sources (SEED.md): a sender may name one of these; vendors are named by their door."""

ALIASES: Final[Mapping[str, frozenset[str]]] = {
    "message": frozenset(
        {
            "message",
            "text",
            "body",
            "comments",
            "comment",
            "notes",
            "inquiry",
            "enquiry",
            "question",
            "details",
        }
        | {"your_message", "description", "how_can_we_help"}
    ),
    "email": frozenset({"email", "e_mail", "email_address", "mail", "your_email"}),
    "phone": frozenset({"phone", "phone_number", "tel", "telephone", "mobile", "cell", "your_phone"}),
    "name": frozenset({"name", "full_name", "fullname", "your_name", "contact_name"}),
    "first_name": frozenset({"first_name", "firstname", "fname", "given_name"}),
    "last_name": frozenset({"last_name", "lastname", "lname", "surname", "family_name"}),
    "company": frozenset({"company", "company_name", "organization", "organisation", "business_name"}),
    "source": frozenset({"source"}),
    "source_url": frozenset({"source_url", "page_url", "referrer"}),
    "business_type": frozenset({"business_type"}),
    "received_at": frozenset({"received_at"}),
}
FIELD_OF: Final = {alias: field for field, aliases in ALIASES.items() for alias in aliases}

CONTACT_OBJECTS: Final = frozenset({"contact", "contact_info", "custom_fields"})
"""Nested objects whose members are read as if they stood at the top."""

NO_VALUE: Final = frozenset({"", "-", "n/a", "na", "none", "null", "nil", "unknown"})

EMAIL_IN_TEXT: Final = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")

UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")

_time = TypeAdapter(datetime)


def read(
    payload: Mapping[str, Any],
    *,
    source: str,
    now: datetime,
    business_types: frozenset[str],
    ip_address: str | None = None,
) -> Draft:
    """The draft of a lead in a flat or nested mapping; InvalidLead names the first field that is wrong.

    Args:
        payload: what the sender said, decoded from JSON or a form.
        source: the door it came through; a sender may name another of SOURCES.
        now: aware; the time of receipt unless the sender says an earlier one.
        business_types: those this deployment knows.
        ip_address: the sender's, if known.
    """
    known, custom = _sort(payload)
    said_source = _text(known, "source", CONTACT_MAX)
    if said_source is not None and said_source not in SOURCES:
        custom["source"] = said_source
        said_source = None
    business_type = _text(known, "business_type", CONTACT_MAX)
    if business_type is not None and business_type not in business_types:
        raise InvalidLead("business_type", f"is not one of {', '.join(sorted(business_types))}")
    return Draft(
        contact=read_contact(known),
        message=_message(known),
        source=said_source or source,
        source_url=_text(known, "source_url", 2_000),
        business_type=business_type,
        custom_fields=custom,
        received_at=_received_at(known, now),
        ip_address=ip_address,
    )


def find_contact(text: str, *, region: str) -> Contact:
    """The first e-mail address and phone number in a free text; a phone without + is read as the region's.

    Args:
        text: what somebody wrote.
        region: ISO 3166 two-letter country, e.g. ``US``.
    """
    mail = EMAIL_IN_TEXT.search(text)
    phone = next(iter(PhoneNumberMatcher(text, region)), None)
    return Contact(email=mail[0].rstrip(".") if mail else None, phone=phone.raw_string if phone else None)


def fingerprint(payload: Mapping[str, Any]) -> str:
    """sha256 (hex) of the payload in canonical JSON: equal for equal content, whatever the order of keys."""
    canonical = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def storable(text: str) -> str:
    """The text with what no database can keep (NUL, lone surrogates) replaced by U+FFFD; else as sent."""
    return UNSTORABLE.sub("\ufffd", text)


def storable_json(value: Any) -> Any:
    """The same for all texts in a JSON value; each at most as long as a message."""
    if isinstance(value, str):
        return storable(value)[:MESSAGE_MAX]
    if isinstance(value, Mapping):
        return {storable(str(key)): storable_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable_json(item) for item in value]
    return value


def field_named(key: str) -> str | None:
    """Our field of that name or one like it; None: it is kept as a custom field."""
    return FIELD_OF.get(re.sub(r"[\s\-]+", "_", key.strip().lower()))


def names_message(payload: Mapping[str, Any]) -> bool:
    """Whether the sender says which of its fields is the message, be it empty."""
    return any(
        field_named(key) == "message"
        or (key in CONTACT_OBJECTS and isinstance(value, Mapping) and names_message(value))
        for key, value in payload.items()
    )


def _sort(payload: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Known fields by our names, and all the rest; of a field that is said twice, the first counts.

    What is empty is not said: forms send every field.
    """
    known: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    for key, value in payload.items():
        if _is_empty(value):
            continue
        if key in CONTACT_OBJECTS and isinstance(value, Mapping):
            inner_known, inner_custom = _sort(value)
            known = inner_known | known
            custom |= inner_custom
            continue
        field = field_named(key)
        if field is not None and field not in known:
            known[field] = value
        else:
            custom[storable(key)[:CONTACT_MAX]] = storable_json(value)
    if len(custom) > CUSTOM_FIELDS_MAX:
        raise InvalidLead("custom_fields", f"more than {CUSTOM_FIELDS_MAX} fields", code="TOO_MANY_FIELDS")
    return known, custom


def _text(known: Mapping[str, Any], field: str, longest: int, path: str | None = None) -> str | None:
    value = known.get(field)
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise InvalidLead(path or field, "must be text")
    text = "" if value is None else storable(str(value)).strip()
    if text.lower() in NO_VALUE:
        return None
    if len(text) > longest:
        raise InvalidLead(path or field, f"is longer than {longest:,} characters", code="TOO_LONG")
    return text


def _message(known: Mapping[str, Any]) -> str:
    value = known.get("message")
    if not isinstance(value, str) or not value.strip():
        raise InvalidLead("message", "is missing or empty", code="MESSAGE_EMPTY")
    if len(value) > MESSAGE_MAX:
        raise InvalidLead("message", f"is longer than {MESSAGE_MAX:,} characters", code="MESSAGE_TOO_LONG")
    return storable(value)


def read_contact(known: Mapping[str, Any]) -> Contact:
    """The contact in a mapping by our names of fields; InvalidLead names the field that is wrong."""

    def part(field: str) -> str | None:
        return _text(known, field, CONTACT_MAX, f"contact.{field}")

    first, last = part("first_name"), part("last_name")
    full = part("name")
    if full and not (first or last):
        first, _, last = (word or None for word in full.partition(" "))
    return Contact(
        first_name=first,
        last_name=last,
        email=_email(part("email")),
        phone=part("phone"),
        company=part("company"),
    )


def _email(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        # No DNS: the address may be unreachable now, and test and example domains are people's own affair.
        return validate_email(text, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise InvalidLead("contact.email", "is not an e-mail address", code="INVALID_EMAIL") from None


def _received_at(known: Mapping[str, Any], now: datetime) -> datetime:
    value = known.get("received_at")
    if value is None or value == "":
        return now
    try:
        said = _time.validate_python(value)
        said = said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC)
    except (ValidationError, OverflowError):  # year 1 in the east is year 0 in UTC
        raise InvalidLead("received_at", "is not an ISO 8601 time") from None
    return min(said, now)


def _is_empty(value: Any) -> bool:
    return value is None or value in ([], {}) or (isinstance(value, str) and not value.strip())
