"""Leads of Facebook Lead Ads, by id (Graph API: retrieving leads)."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.adapters.vendor_answers import client, get
from core.intake.answered import Answer
from core.ports import FilledIn

SERVICE = "Facebook"

WANTED = "created_time,field_data,ad_name,campaign_name,form_id,is_organic,platform"

KEPT = ("ad_name", "campaign_name", "platform")

FIELDS = {
    "full_name": "name",
    "first_name": "first_name",
    "last_name": "last_name",
    "email": "email",
    "work_email": "email",
    "phone_number": "phone",
    "work_phone_number": "phone",
    "company_name": "company",
}
"""Facebook's own questions; all others carry the words in which they were asked."""

DUMMY = "<test lead:"
"""How every answer begins that Facebook's testing tool makes up."""


class FacebookLeads:
    """A FormVendor of a page's leads.

    Args:
        token: of the page, with leads_retrieval.
        url: of the Graph API, with its version.
    """

    def __init__(self, token: str, url: str) -> None:
        self._http = client(url, token)

    async def filled_in(self, reference: str) -> FilledIn:
        """What was filled in."""
        lead = await get(
            self._http, f"/{reference}", {"fields": WANTED}, service=SERVICE, setting="FACEBOOK_TOKEN"
        )
        return read(lead)

    async def close(self) -> None:
        """Let what is under way end."""
        await self._http.aclose()


def read(lead: Mapping[str, Any]) -> FilledIn:
    """Facebook's answer as ours."""
    asked = [each for each in _list(lead.get("field_data")) if isinstance(each, Mapping)]
    answers = [_answer(str(each.get("name")), _list(each.get("values"))) for each in asked]
    fields: dict[str, Any] = {name: lead[name] for name in KEPT if lead.get(name)}
    fields["received_at"] = lead.get("created_time")
    if any(answer.text.startswith(DUMMY) for answer in answers):
        fields["is_test"] = True
        # Made-up answers are no addresses and no numbers.
        answers = [Answer(each.label, each.value) for each in answers]
    return FilledIn(answers=answers, about="Asked to be contacted in a lead ad of Facebook.", fields=fields)


def _answer(name: str, values: Sequence[Any]) -> Answer:
    field = FIELDS.get(name)
    return Answer(name.replace("_", " ").capitalize(), list(values), field=field, open=field is None)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
