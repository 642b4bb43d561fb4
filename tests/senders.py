"""Every sender as it comes to our door: its documented payload, its signature, and how to spoil each."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

FOLDER = Path(__file__).parent / "data" / "webhooks"

JSON, FORM = "application/json", "application/x-www-form-urlencoded"

KEY, OLD, WRONG = "a-secret-of-this-week", "a-secret-of-last-week", "a-secret-of-nobody"

WHSEC = "whsec_" + base64.b64encode(KEY.encode()).decode()

URL = "https://desk.example"
"""PUBLIC_URL: what HubSpot called, whatever stands in between."""

Headers = dict[str, str]

Sign = Callable[[str, bytes, int, str], Headers]
"""sign(secret, body, seconds since 1970, path)"""


def golden(name: str) -> Any:
    """A payload as the vendor documents it."""
    return json.loads((FOLDER / f"{name}.json").read_text())


@dataclass(frozen=True, kw_only=True)
class Case:
    """A sender.

    Attributes:
        source: its name in the path.
        payload: documented.
        sign: the headers that prove a body; None: the secret is in the body, under ``carries``.
        timed: whether its signature has a time.
        keyed: whether its deliveries have an id.
        says: words of the lead's message.
    """

    source: str
    payload: Any
    sign: Sign | None = None
    carries: str | None = None
    timed: bool = False
    form: bool = False
    says: str = ""

    def with_secret(self, secret: str | None) -> "Case":
        """With this secret in its body, where it belongs there."""
        if self.carries is None:
            return self
        others = {name: value for name, value in self.payload.items() if name != self.carries}
        return replace(self, payload=others | ({} if secret is None else {self.carries: secret}))

    def body(self) -> bytes:
        """As it is sent."""
        return urlencode(self.payload).encode() if self.form else json.dumps(self.payload).encode()

    @property
    def content_type(self) -> str:
        """As it is sent."""
        return FORM if self.form else JSON


def mac(secret: str, *parts: bytes) -> bytes:
    """HMAC-SHA256."""
    return hmac.new(secret.encode(), b"".join(parts), hashlib.sha256).digest()


def b64(value: bytes) -> str:
    """As text."""
    return base64.b64encode(value).decode()


def _typeform(secret: str, body: bytes, _at: int, _path: str) -> Headers:
    return {"Typeform-Signature": f"sha256={b64(mac(secret, body))}"}


def _tally(secret: str, body: bytes, _at: int, _path: str) -> Headers:
    return {"Tally-Signature": b64(mac(secret, body))}


def _webflow(secret: str, body: bytes, at: int, _path: str) -> Headers:
    stamp = str(at * 1000)
    signature = mac(secret, f"{stamp}:".encode(), body).hex()
    return {"x-webflow-timestamp": stamp, "x-webflow-signature": signature}


def _hubspot(secret: str, body: bytes, at: int, path: str) -> Headers:
    stamp = str(at * 1000)
    signature = b64(mac(secret, f"POST{URL}{path}".encode(), body, stamp.encode()))
    return {"X-HubSpot-Request-Timestamp": stamp, "X-HubSpot-Signature-v3": signature}


def _facebook(secret: str, body: bytes, _at: int, _path: str) -> Headers:
    return {"X-Hub-Signature-256": f"sha256={mac(secret, body).hex()}"}


def _calendly(secret: str, body: bytes, at: int, _path: str) -> Headers:
    return {"Calendly-Webhook-Signature": f"t={at},v1={mac(secret, f'{at}.'.encode(), body).hex()}"}


def _standard(secret: str, body: bytes, at: int, _path: str) -> Headers:
    signature = b64(mac(secret, f"msg_2KWPBgL.{at}.".encode(), body))
    return {
        "webhook-id": "msg_2KWPBgL",
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{b64(b'another')} v1,{signature}",
    }


def _header(secret: str, _body: bytes, _at: int, _path: str) -> Headers:
    return {"X-Webhook-Secret": secret}


CASES = {
    "Standard Webhooks": Case(
        source="standard", payload=golden("standard"), sign=_standard, timed=True, says="repair this week"
    ),
    "Typeform": Case(
        source="typeform",
        payload=golden("typeform"),
        sign=_typeform,
        says="Which service is it: Brake repair",
    ),
    "Tally": Case(source="tally", payload=golden("tally"), sign=_tally, says="Treatment: HydraFacial"),
    "Webflow": Case(
        source="webflow", payload=golden("webflow"), sign=_webflow, timed=True, says="a team of twelve"
    ),
    "Gravity Forms": Case(
        source="gravity_forms", payload=golden("gravity_forms"), sign=_header, says="gearbox"
    ),
    "HubSpot": Case(
        source="hubspot", payload=golden("hubspot"), sign=_hubspot, timed=True, says="your yearly plan"
    ),
    "HubSpot's contacts": Case(
        source="hubspot-crm",
        payload=golden("hubspot_contact"),
        sign=_hubspot,
        timed=True,
        says="Became a contact in HubSpot.",
    ),
    "Google Ads": Case(
        source="google_ads",
        payload=golden("google_ads"),
        carries="google_key",
        says="What is your preferred dealership: Downtown",
    ),
    "Facebook": Case(
        source="facebook", payload=golden("facebook"), sign=_facebook, says="2020 Toyota Corolla"
    ),
    "Calendly": Case(
        source="calendly",
        payload=golden("calendly"),
        sign=_calendly,
        timed=True,
        says="Booked: 30 minute call for 2026-12-02",
    ),
    "Wufoo": Case(
        source="wufoo", payload=golden("wufoo"), carries="HandshakeKey", form=True, says="Part: Windscreen"
    ),
    "Zapier": Case(source="zapier", payload=golden("zapier"), sign=_header, says="price list"),
}
"""By the names that people know."""

SECRETS = {case.source: [KEY, OLD] for case in CASES.values()} | {
    "standard": [WHSEC, "whsec_" + base64.b64encode(OLD.encode()).decode()],
    "gone": [],
}
"""WEBHOOK_SECRETS for all of them."""
