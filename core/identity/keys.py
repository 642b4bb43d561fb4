"""Keys under which a lead is found: two leads of one person share at least one of them (nearly always).

Pair recall on a labelled set, keys added one after the other (IDENTITY.md): address .694, phone .877,
mailbox .888, full name .955, start of surname and initial .977, phone with a wrong digit .980, company domain
and start of surname .980; the nearest messages bring most of the rest.
"""

from core.identity.names import canonical
from core.identity.phones import tail
from core.identity.profile import Profile, is_role, local_of

_MAILBOX_LEAST = 5
"""Shorter mailbox names (``ana``) are many people's."""

_SURNAME_START, _DOMAIN_SURNAME_START = 4, 3
_LINE = 4
"""Digits of a number within its exchange."""


def keys(profile: Profile) -> frozenset[str]:
    """The keys of a profile, each ``kind:value`` of at most 120 characters; empty for an empty profile."""
    found: set[str] = set()
    for mail in profile.mails:
        found.add(f"mail:{mail}")
        local = local_of(mail)
        if len(local) >= _MAILBOX_LEAST and not is_role(mail):
            found.add(f"box:{local.replace('.', '').replace('_', '')}")
    for phone in profile.phones:
        found.add(f"phone:{tail(phone)}")
    found |= _name_keys(profile)
    for trait in ("birth_date", "plate", "customer_no"):
        if trait in profile.traits:
            found.add(f"{trait}:{profile.traits[trait]}")
    return frozenset(key[:120] for key in found)


def full_name(profile: Profile) -> str | None:
    """The key of the whole name, the same when given name and surname are swapped."""
    if not (profile.given and profile.surname):
        return None
    return "name:" + " ".join(sorted({canonical(profile.given[0]), *profile.given[1:], *profile.surname}))


def _name_keys(profile: Profile) -> set[str]:
    found: set[str] = set()
    if name := full_name(profile):
        found.add(name)
    initials = "".join(sorted(words[0][0] for words in (profile.given, profile.surname) if words))
    for phone in profile.phones if len(initials) > 1 else ():
        last = tail(phone)
        found.add(f"line:{last[-_LINE:]}{initials}")  # a wrong digit in the one half leaves the other
        found.add(f"exchange:{phone[:-_LINE]}{initials}")
    for one, other in ((profile.given, profile.surname), (profile.surname, profile.given)):
        if one and other:
            found.add(f"short:{''.join(other)[:_SURNAME_START]}{one[0][0]}")
    for domain in profile.domains:
        for words in filter(None, (profile.given, profile.surname)):
            found.add(f"firm:{domain}{''.join(words)[:_DOMAIN_SURNAME_START]}")
    return found
