"""New contacts of HubSpot, by id (CRM API v3: contacts)."""

from collections.abc import Mapping
from typing import Any

from core.adapters.vendor_answers import client, get
from core.intake.answered import Answer
from core.ports import FilledIn

SERVICE = "HubSpot"

FIELDS = {
    "firstname": "first_name",
    "lastname": "last_name",
    "email": "email",
    "phone": "phone",
    "company": "company",
    "message": "message",
}


class HubSpotContacts:
    """A FormVendor of a HubSpot account's contacts.

    Args:
        token: of a private app, with crm.objects.contacts.read.
        url: of the API.
    """

    def __init__(self, token: str, url: str) -> None:
        self._http = client(url, token)

    async def filled_in(self, reference: str) -> FilledIn:
        """What the contact says of itself."""
        wanted = {"properties": ",".join(FIELDS)}
        contact = await get(
            self._http,
            f"/crm/v3/objects/contacts/{reference}",
            wanted,
            service=SERVICE,
            setting="HUBSPOT_TOKEN",
        )
        return read(contact)

    async def close(self) -> None:
        """Let what is under way end."""
        await self._http.aclose()


def read(contact: Mapping[str, Any]) -> FilledIn:
    """HubSpot's answer as ours."""
    found = contact.get("properties")
    properties = found if isinstance(found, Mapping) else {}
    return FilledIn(
        answers=[Answer(name, properties.get(name), field=field) for name, field in FIELDS.items()],
        about="Became a contact in HubSpot.",
        fields={},
    )
