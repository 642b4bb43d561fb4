"""Signed HTTP delivery: what Slack posts to a request URL when the app is not in Socket Mode."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.sandbox.slack.values import Json

FORMS = {"interactive": "payload", "slash_commands": "fields"}
"""How a delivery is form-encoded; events go as JSON."""


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Slack's v0 signature of a raw body (SLACK.md)."""
    digest = hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256)
    return "v0=" + digest.hexdigest()


def encoded(payload: Mapping[str, object], form: str | None) -> tuple[bytes, str]:
    """Body and content type: JSON, a form with one JSON field, or a form of the payload's own fields."""
    if form is None:
        return json.dumps(payload).encode(), "application/json"
    fields = {"payload": json.dumps(payload)} if form == "payload" else payload
    return urlencode(fields).encode(), "application/x-www-form-urlencoded"


async def post(
    session: ClientSession,
    url: str,
    secret: str,
    payload: Json,
    *,
    timeout: float,  # noqa: ASYNC109 -- it is Slack's limit for the other side, handed to the client
    form: str | None = None,
    retry: tuple[int, str] | None = None,
) -> tuple[int, Json]:
    """The status and the answer, a plain text as {"text": …}.

    Raises TimeoutError or ConnectionError.
    """
    body, content_type = encoded(payload, form)
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": content_type,
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature(secret, timestamp, body),
    }
    if retry is not None:
        headers |= {"X-Slack-Retry-Num": str(retry[0]), "X-Slack-Retry-Reason": retry[1]}
    try:
        async with session.post(
            url, data=body, headers=headers, timeout=ClientTimeout(total=timeout), allow_redirects=False
        ) as response:
            answer = _answer(await response.text(), response.content_type)
            if response.headers.get("X-Slack-No-Retry") == "1":
                answer = {**answer, "no_retry": True}
            return response.status, answer
    except TimeoutError:
        raise
    except ClientError as error:
        raise ConnectionError(type(error).__name__) from None


def _answer(text: str, content_type: str) -> Json:
    if content_type == "application/json":
        try:
            answer = json.loads(text)
        except json.JSONDecodeError:
            return {}
        return answer if isinstance(answer, dict) else {}
    return {"text": text} if text else {}
