"""Google Ads lead forms: columns by id, the key in the body (Lead form webhook: implementation)."""

from typing import Any

from core.intake.answered import Answer
from handlers.web.senders.sender import Delivery, Sender, key_of, part, text

FIELDS = {
    "FULL_NAME": "name",
    "FIRST_NAME": "first_name",
    "LAST_NAME": "last_name",
    "EMAIL": "email",
    "WORK_EMAIL": "email",
    "PHONE_NUMBER": "phone",
    "WORK_PHONE": "phone",
    "COMPANY_NAME": "company",
}
KEPT = ("campaign_id", "form_id", "adgroup_id", "creative_id", "gcl_id")


def _reads(payload: Any) -> list[Delivery]:
    columns = part(payload, "user_column_data", list)
    answers = [
        Answer(
            text(each, "column_name") or text(each, "column_id").replace("_", " ").capitalize(),
            text(each, "string_value"),
            field=FIELDS.get(text(each, "column_id")),
        )
        for each in columns
        if isinstance(each, dict)
    ]
    fields = {name: payload[name] for name in KEPT if name in payload}
    if payload.get("is_test") is True:
        fields["is_test"] = True
    return [
        Delivery(
            key=key_of(payload.get("lead_id")),
            answers=answers,
            about="Asked to be contacted in a lead form of Google Ads.",
            fields=fields,
        )
    ]


GOOGLE_ADS = Sender(
    name="Google Ads", carried=lambda payload: text(payload, "google_key"), reads=_reads, status=200
)
