"""One GET of a form vendor's API: its answer as JSON, its errors and httpx's in our words."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx

from core.errors import Refused, Unavailable

TIMEOUT_SECONDS = 10.0

ANSWER_MAX = 1_000_000
"""Bytes; a lead is a few hundred."""

VENDOR_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError)
"""All that a call of the client may raise."""


def client(base_url: str, token: str) -> httpx.AsyncClient:
    """A client of that API; proxies of the environment are not used, so a lead goes nowhere else."""
    return httpx.AsyncClient(
        base_url=base_url,
        headers={"Authorization": f"Bearer {token}"},
        timeout=TIMEOUT_SECONDS,
        trust_env=False,
    )


async def get(
    http: httpx.AsyncClient, path: str, params: Mapping[str, str], *, service: str, setting: str
) -> dict[str, Any]:
    """The object at that path; Unavailable while it is away, Refused where a person has to mend something."""
    try:
        response = await http.get(path, params=params)
    except httpx.UnsupportedProtocol:
        raise Refused(service, "its address is none: look at the settings") from None
    except VENDOR_ERRORS as error:
        raise Unavailable(service, f"does not answer ({type(error).__name__})") from None
    _judge(response, service, setting)
    try:
        answer = response.json()
    except ValueError:
        raise Unavailable(service, "answered with something that is not JSON") from None
    if not isinstance(answer, dict) or len(response.content) > ANSWER_MAX:
        raise Unavailable(service, "answered with something that is no lead")
    return answer


def _judge(response: httpx.Response, service: str, setting: str) -> None:
    """Nothing for a yes."""
    status = response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise Unavailable(service, "asked us to slow down")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unavailable(service, f"failed ({status})")
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise Refused(service, f"does not let us read its leads: set {setting} anew")
    if status == HTTPStatus.NOT_FOUND:
        raise Refused(service, "does not know that lead, or does not show it to this token")
    if status != HTTPStatus.OK:
        raise Refused(service, f"refused ({status}): look at {setting}")
