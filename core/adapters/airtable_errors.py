"""Airtable's, pyairtable's and requests' errors in our words; slow to import."""

import re
from collections.abc import Collection
from typing import Any

from pyairtable.exceptions import PyAirtableError
from pydantic import ValidationError
from requests import exceptions as http
from requests.models import Response
from urllib3.exceptions import HTTPError as Urllib3Error

from core.adapters.airtable_calls import NAME
from core.errors import Refused, TableChanged, Unavailable

# KeyError, TypeError and ValidationError: pyairtable read an answer of a shape that it does not know, also an
# error whose body is JSON but no object (api.py: `"error" in error_dict`).
VENDOR_ERRORS = (http.RequestException, PyAirtableError, Urllib3Error, KeyError, TypeError, ValidationError)
"""Everything that a call of pyairtable may raise."""

TOKEN = "make a token at airtable.com/create/tokens with the scopes data.records:read and data.records:write"  # noqa: S105 - advice, not a secret

WITHOUT_ANSWER: tuple[tuple[Any, type[Unavailable] | type[Refused], str], ...] = (
    (http.JSONDecodeError, Unavailable, "answered with something that is not JSON"),
    (http.InvalidJSONError, Refused, "a value cannot be written as JSON"),
    (http.InvalidHeader, Refused, "the token cannot be sent: set AIRTABLE_API_KEY without line breaks"),
    (http.ConnectTimeout, Unavailable, "did not answer the call in time"),
    (http.Timeout, Unavailable, "took too long to answer"),
    (http.SSLError, Unavailable, "could not be reached safely: its certificate was not accepted"),
    (http.ProxyError, Unavailable, "could not be reached: the proxy does not answer"),
    (http.ConnectionError, Unavailable, "cannot be reached"),
    (http.ChunkedEncodingError, Unavailable, "broke off in the middle of its answer"),
    (http.ContentDecodingError, Unavailable, "sent an answer that cannot be unpacked"),
    (http.RetryError, Unavailable, "failed several times"),
    (Urllib3Error, Unavailable, "cannot be reached"),
    (PyAirtableError, Refused, "pyairtable refused the request"),
    ((KeyError, TypeError, ValidationError), Unavailable, "answered with something we do not understand"),
    (
        Exception,
        Refused,
        "the address cannot be called: set AIRTABLE_ENDPOINT_URL to https://api.airtable.com",
    ),
)
"""What an error without an HTTP status is, most special first."""


class RecordRefused(TableChanged):
    """Airtable refused what is in a request, so of several records in it the others may be fine.

    Attributes:
        unknown_field: whether every record that holds that field will be refused.
    """

    def __init__(self, service: str, why: str, *, field: str | None, unknown_field: bool = False) -> None:
        super().__init__(service, why, field=field)
        self.unknown_field = unknown_field


def in_our_words(error: Exception, *, sent: Collection[str], penalty: float) -> Unavailable | Refused:
    """What happened and what to do, free of keys and cell values.

    ``sent`` are the names of the fields in the request: only those are quoted from an answer. ``penalty`` is
    the wait in seconds after too many requests, unless the answer says.
    """
    response = getattr(error, "response", None)
    if isinstance(response, Response):
        return _answered(response, sent, penalty)
    return next(ours(NAME, why) for kinds, ours, why in WITHOUT_ANSWER if isinstance(error, kinds))


def status_of(error: http.HTTPError) -> int:
    """The HTTP status of an answer; 0 where there was none."""
    return 0 if error.response is None else error.response.status_code


def _answered(  # noqa: PLR0911 - a table: one answer, one sentence
    response: Response, sent: Collection[str], penalty: float
) -> Unavailable | Refused:
    kind, message = _error(response)
    match response.status_code:
        case 301 | 302 | 303 | 307 | 308:
            return Refused(NAME, "the address has moved: set AIRTABLE_ENDPOINT_URL to the new one")
        case 401:
            return Refused(NAME, f"does not accept the token: {TOKEN} and set AIRTABLE_API_KEY")
        case 403 | 404:
            return Refused(
                NAME,
                "the token may not do this, or there is no such base or table: check AIRTABLE_BASE_ID and "
                f"AIRTABLE_TABLE_NAME, give the token access to the base, or {TOKEN}",
            )
        case 429 if kind == "PUBLIC_API_BILLING_LIMIT_EXCEEDED":
            return Refused(NAME, "this month's requests are used up: change the workspace's plan, or wait")
        case 429:
            wait = _seconds(response) or penalty
            return Unavailable(NAME, f"asked us to wait {wait:.0f} s (too many requests)", retry_after=wait)
        case 413:
            return RecordRefused(NAME, "the record is too large", field=None)
        case 422:
            return _unprocessable(kind, message, sent)
        case 408:
            return Unavailable(NAME, "took too long to answer")
        case status if status >= 500:  # noqa: PLR2004 - HTTP's class of server errors
            return Unavailable(NAME, f"has a fault of its own ({status})", retry_after=_seconds(response))
        case status:
            return Refused(NAME, f"refused the request ({status}{f', {kind}' if kind else ''})")


def _unprocessable(kind: str, message: str, sent: Collection[str]) -> RecordRefused:
    field = next((name for name in re.findall(r'"([^"]*)"', message) if name in sent), None)
    named = f'the field "{field}"' if field else "a field"
    if kind == "UNKNOWN_FIELD_NAME":
        why = f"the table lacks {named} that we send: add it, or take it out of the mapping"
    elif kind == "INVALID_MULTIPLE_CHOICE_OPTIONS":
        why = "a select field lacks the option that we send: `basecamp doctor` says which to add"
    elif kind == "INVALID_VALUE_FOR_COLUMN":
        why = f"{named} does not take what we send: `basecamp doctor` says which type it should have"
    else:
        why = f"refused the record ({kind or 'without a reason'})"
    return RecordRefused(NAME, why, field=field, unknown_field=kind == "UNKNOWN_FIELD_NAME")


def _error(response: Response) -> tuple[str, str]:
    """Type and message of any of Airtable's three shapes; empty where the body is something else."""
    try:
        body: Any = response.json()
    except http.JSONDecodeError:
        return "", ""
    found: Any = body.get("error") if isinstance(body, dict) else None
    if found is None and isinstance(body, dict) and isinstance(body.get("errors"), list) and body["errors"]:
        found = body["errors"][0]
    if isinstance(found, dict):
        kind, message = found.get("type") or found.get("error"), found.get("message")
    else:
        kind, message = found, ""
    # an error's type is one word in capitals; anything else is not for people's eyes
    known = isinstance(kind, str) and re.fullmatch(r"[A-Z_]{1,60}", kind)
    return (str(kind) if known else ""), (message if isinstance(message, str) else "")


def _seconds(response: Response) -> float | None:
    said = response.headers.get("Retry-After", "")
    return float(said) if re.fullmatch(r"\d{1,5}", said) else None
