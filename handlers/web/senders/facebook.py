"""Facebook Lead Ads: only ids; what was filled in is fetched afterwards (Graph API: webhooks for leadgen)."""

from typing import Any

from handlers.web.senders.sender import Delivery, Incoming, Sender, digest, equal, key_of, objects, part

KEPT = ("form_id", "page_id", "ad_id", "adgroup_id")


def _signed(incoming: Incoming, secret: str) -> bool:
    expected = b"sha256=" + digest(secret.encode(), incoming.body).hex().encode()
    return equal(incoming.headers.get("X-Hub-Signature-256", ""), expected)


def _reads(payload: Any) -> list[Delivery]:
    part(payload, "entry", list)
    changes = [change for entry in objects(payload, "entry") for change in objects(entry, "changes")]
    values = [part(each, "value", dict) for each in changes if each.get("field") == "leadgen"]
    return [
        Delivery(
            key=key_of(value.get("leadgen_id")),
            fetch=key_of(value.get("leadgen_id")),
            fields={f"facebook_{name}": str(value[name]) for name in KEPT if value.get(name)},
        )
        for value in values
    ]


FACEBOOK = Sender(name="Facebook", signed=_signed, reads=_reads, status=200)
