"""A lead's contact in comparable form: what is said about the person, brought to one way of writing."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.identity.names import company_words, is_placeholder, name_words
from core.identity.phones import number_of, numbers_in
from core.lead import Contact

FREE_MAIL = frozenset(
    {"gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "aol.com", "icloud.com", "live.com", "msn.com"}
    | {
        "me.com",
        "mac.com",
        "gmx.com",
        "gmx.de",
        "gmx.net",
        "web.de",
        "mail.com",
        "protonmail.com",
        "proton.me",
    }
    | {
        "ymail.com",
        "comcast.net",
        "verizon.net",
        "att.net",
        "sbcglobal.net",
        "mail.ru",
        "yandex.ru",
        "qq.com",
    }
    | {"163.com", "btinternet.com", "t-online.de", "orange.fr", "free.fr", "libero.it", "rocketmail.com"}
    | {"yahoo.co.uk", "hotmail.co.uk", "live.co.uk", "sky.com", "bigpond.com", "optusnet.com.au", "zoho.com"}
)
"""Domains that say nothing about where somebody works."""

ROLES = frozenset(
    {
        "info",
        "sales",
        "office",
        "contact",
        "hello",
        "admin",
        "support",
        "enquiries",
        "inquiries",
        "mail",
        "team",
    }
    | {
        "reception",
        "service",
        "billing",
        "accounts",
        "accounting",
        "marketing",
        "hr",
        "help",
        "booking",
        "shop",
    }
    | {
        "bookings",
        "appointments",
        "frontdesk",
        "orders",
        "purchasing",
        "jobs",
        "welcome",
        "general",
        "manager",
    }
    | {"post", "kontakt", "contacto", "webmaster", "postmaster", "noreply", "no-reply", "donotreply"}
)
"""Mailboxes that several people of a company read."""

_NO_MAIL = re.compile(
    r"(?:test|none|na|n\.?a|no|noemail|nomail|example|abc|asdf|a|aa|xxx?|foo|user|email|fake|no-?reply|donotreply)"
    r"\d*@.*|.*@(?:test|none|na|no|nomail|noemail|fake|asdf)\.(?:com|org|net)"
)
"""What people type into a mail field instead of their address."""

_MAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_GMAIL = frozenset({"gmail.com", "googlemail.com"})
_DOTLESS_DOMAINS = _GMAIL
_TEXT_MAX = 10_000

TRAITS: Mapping[str, frozenset[str]] = {
    "birth_date": frozenset({"dob", "date_of_birth", "birth_date", "birthday", "birthdate"}),
    "postcode": frozenset({"postcode", "zip", "zip_code", "postal_code", "zipcode"}),
    "city": frozenset({"city", "town", "suburb"}),
    "plate": frozenset({"plate", "license_plate", "registration", "rego", "vin", "vehicle_registration"}),
    "customer_no": frozenset({"customer_id", "customer_number", "account_number", "member_id", "patient_id"}),
}
"""Custom fields that help to tell people apart, by the names forms give them."""

_TRAIT_OF = {alias: trait for trait, aliases in TRAITS.items() for alias in aliases}


class Profile(BaseModel):
    """What is known of the person behind one lead; every part may be missing.

    Attributes:
        given: the first words of the name, e.g. ``("mary", "ann")``; of one word alone, that.
        surname: the last words.
        mails: normalised addresses: the field's, then those in the text.
        phones: E.164, or digits where the country cannot be told: the field's, then those in the text.
        company: without its legal form.
        traits: further facts by which people differ, e.g. ``birth_date``.
    """

    model_config = ConfigDict(frozen=True)

    given: tuple[str, ...] = ()
    surname: tuple[str, ...] = ()
    mails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    company: str = ""
    traits: Mapping[str, str] = {}

    @property
    def domains(self) -> frozenset[str]:
        """Domains of the mails that are a company's own."""
        return frozenset(domain for mail in self.mails if (domain := domain_of(mail)) not in FREE_MAIL)

    @property
    def is_empty(self) -> bool:
        """Nothing by which anybody could be recognised."""
        return not (self.given or self.surname or self.mails or self.phones or self.traits)


def profile_of(
    contact: Contact, message: str, *, region: str, custom_fields: Mapping[str, Any] | None = None
) -> Profile:
    """The profile of a lead as it came in. Never raises, whatever the text is.

    Args:
        contact: as the sender gave it.
        message: searched for an address and a number.
        region: ISO 3166 country of phone numbers without one.
        custom_fields: those of TRAITS are read.
    """
    given, surname = _name(contact)
    text = message[:_TEXT_MAX]
    mails = [contact.email or "", *(match[0] for match in _MAIL.finditer(text) if "@" in text)]
    phones = [number_of(contact.phone, region) if contact.phone else None, *numbers_in(text, region)]
    return Profile(
        given=given,
        surname=surname,
        mails=tuple(dict.fromkeys(mail for mail in map(mail_of, mails) if mail)),
        phones=tuple(dict.fromkeys(phone for phone in phones if phone)),
        company=company_words(contact.company or ""),
        traits=_traits(custom_fields or {}),
    )


def mail_of(text: str) -> str | None:
    """The address in one form: lower case, no +tag, no dots at Gmail; None if it is none."""
    local, at, domain = text.strip().rstrip(".").casefold().rpartition("@")
    local = local.split("+", 1)[0] or local
    if not at or not local or "." not in domain or _NO_MAIL.fullmatch(f"{local}@{domain}"):
        return None
    if domain in _DOTLESS_DOMAINS:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}" if local else None


def domain_of(mail: str) -> str:
    """What follows the @."""
    return mail.rpartition("@")[2]


def local_of(mail: str) -> str:
    """What precedes the @."""
    return mail.rpartition("@")[0]


def is_role(mail: str) -> bool:
    """Whether several people read this mailbox."""
    return local_of(mail).strip("0123456789.-_") in ROLES


def _name(contact: Contact) -> tuple[tuple[str, ...], tuple[str, ...]]:
    first, last = name_words(contact.first_name or ""), name_words(contact.last_name or "")
    if first and last:
        return first, last
    words = first or last
    if len(words) > 1:
        given, surname = words[:-1], words[-1:]
        return () if is_placeholder(given) else given, () if is_placeholder(surname) else surname
    return first, last


def _traits(custom_fields: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in custom_fields.items():
        trait = _TRAIT_OF.get(re.sub(r"[\s-]+", "_", str(key).strip().casefold()))
        if trait and trait not in found and isinstance(value, str | int):
            plain = re.sub(r"[\W_]+", "", str(value).casefold())[:60]
            if plain and plain not in {"na", "none", "unknown"}:
                found[trait] = plain
    return found
