"""What can be wrong with a delivery: each kind, and what is answered to it."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from handlers.web.bodies import DEPTH_MAX
from tests.senders import FORM, KEY, WRONG, Case


@dataclass(frozen=True, kw_only=True)
class Request:
    """A POST."""

    path: str
    body: bytes
    headers: dict[str, str]
    content_type: str


def request_of(
    case: Case,
    *,
    secret: str = KEY,
    at: int | None = None,
    body: bytes | None = None,
    content_type: str | None = None,
) -> Request:
    """The case as its vendor sends it, or with one thing changed, and signed as it is then."""
    path = f"/webhooks/{case.source}"
    sent = case.with_secret(secret).body() if body is None else body
    at = int(time.time()) if at is None else at
    headers = case.sign(secret, sent, at, path) if case.sign is not None else {}
    return Request(path=path, body=sent, headers=headers, content_type=content_type or case.content_type)


def _tampered(case: Case) -> Request:
    request = request_of(case)
    if case.sign is None or "X-Webhook-Secret" in request.headers:  # there the secret is all that proves it
        return request_of(case, secret=KEY[:-1] + "x")
    return replace(request, body=request.body.replace(b"example.com", b"example.net") + b" ")


def _unsigned(case: Case) -> Request:
    return replace(request_of(case.with_secret(None), body=case.with_secret(None).body()), headers={})


def _nested(case: Case) -> bytes:
    deep: Any = "deep"
    for _ in range(DEPTH_MAX + 1):
        deep = [deep]
    return json.dumps({**_as_object(case), "deep": deep}).encode()


def _twice(case: Case) -> bytes:
    first = json.dumps({"email": "one@example.com"})[:-1]
    return f"{first}, {json.dumps({**_as_object(case), 'email': 'two@example.com'})[1:]}".encode()


def _no_number(case: Case) -> bytes:
    return json.dumps({**_as_object(case), "amount": float("nan")}).encode()


def _as_object(case: Case) -> dict[str, Any]:
    payload = case.with_secret(KEY).payload
    return {"events": payload} if isinstance(payload, list) else dict(payload)


def _no_address(case: Case) -> Request:
    """A lead whose address hides something; where it has none, one that is no lead at all."""
    spoilt = case.with_secret(KEY).body().replace(b"@example.com", "\u202e@ex\u200bample.com".encode())
    if case.form:
        sent = {name: str(value).replace("@example.com", "\u202e@ex\u200bample.com") for name, value in
                case.with_secret(KEY).payload.items()}  # fmt: skip
        spoilt = urlencode(sent).encode()
    if case.source == "facebook":
        spoilt = json.dumps({"object": "page", "entry": "'; DROP TABLE leads; --"}).encode()
    if case.source == "hubspot-crm":
        spoilt = json.dumps({"properties": "{{ 7 * 7 }}"}).encode()
    return request_of(case, body=spoilt)


BROKEN_FORM = {
    "truncated": "multipart/form-data",
    "deeply nested": f"{FORM}; charset=nonsense",
}
"""What is wrong with a form where nothing can be nested or cut off in the middle."""


def _changed(case: Case, kind: str, body: Callable[[Case], bytes]) -> Request:
    if not case.form:
        return request_of(case, body=body(case))
    if kind in BROKEN_FORM:
        return request_of(case, content_type=BROKEN_FORM[kind])
    many = urlencode([*case.with_secret(KEY).payload.items(), *((f"f{n}", n) for n in range(501))])
    return request_of(case, body=many.encode())


def _hour_ago(case: Case) -> Request:
    return request_of(case, at=int(time.time()) - 3600)


KINDS: dict[str, tuple[Callable[[Case], Request], int]] = {
    "tampered": (_tampered, 401),
    "wrong secret": (lambda case: request_of(case, secret=WRONG), 401),
    "no signature": (_unsigned, 401),
    "an hour old": (_hour_ago, 401),
    "from the future": (lambda case: request_of(case, at=int(time.time()) + 3600), 401),
    "wrong content type": (lambda case: request_of(case, content_type="text/plain"), 415),
    "truncated": (lambda case: _changed(case, "truncated", lambda c: c.body()[:-9]), 400),
    "10 MB": (lambda case: request_of(case, body=b" " * 10_000_000), 413),
    "deeply nested": (lambda case: _changed(case, "deeply nested", _nested), 400),
    "a key twice": (lambda case: _changed(case, "a key twice", _twice), 400),
    "NaN": (lambda case: _changed(case, "NaN", _no_number), 400),
    "hidden signs in an address": (_no_address, 422),
    "path tricks": (
        lambda case: replace(request_of(case), path=f"/webhooks/{case.source}/..%2f%27%3b--"),
        404,
    ),
}
"""Kind -> how it comes about, and the status that is answered."""

TIMED = frozenset({"an hour old", "from the future"})
"""Kinds that there are only where the signature has a time."""


def kinds_of(case: Case) -> list[str]:
    """The kinds that this case can be spoilt in."""
    return [kind for kind in KINDS if case.timed or kind not in TIMED]
