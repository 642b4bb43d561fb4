"""Standard Webhooks: whoever signs as standardwebhooks.com says, with a secret that begins with whsec_."""

import base64
import binascii

from handlers.web.senders.sender import Incoming, digest, equal, in_base64

PREFIX = "whsec_"


def signed(incoming: Incoming, secret: str) -> bool:
    """Whether one of the request's signatures was made with this secret, and just now."""
    key = key_in(secret)
    if key is None:
        return False
    said = [incoming.headers.get(name, "") for name in ("webhook-id", "webhook-timestamp")]
    head = b"".join(part.encode(errors="surrogateescape") + b"." for part in said)
    expected = b"v1," + in_base64(digest(key, head, incoming.body))
    given = incoming.headers.get("webhook-signature", "").split(" ")
    matches = [equal(each, expected) for each in given]
    return any(matches) and all(said) and incoming.is_timely("webhook-timestamp")


def key_in(secret: str) -> bytes | None:
    """The key of a secret of this kind; None: it is a plain one, or spoilt."""
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True) if is_one(secret) else None
    except binascii.Error:
        return None


def is_one(secret: str) -> bool:
    """Whether the secret is of this kind."""
    return secret.startswith(PREFIX)
