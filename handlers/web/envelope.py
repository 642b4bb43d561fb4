"""The one shape of every JSON answer, and the middleware that turns each outcome into it."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from aiohttp import hdrs, web
from uuid_utils.compat import uuid4

from core import metrics
from core.api.changes import Outdated
from core.errors import InvalidLead, InvalidSearch, LeadDeskError, NotAllowed, NotFound, Refused, Unavailable
from core.lead import utcnow

log = structlog.get_logger()

API_VERSION = "1.0.0"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

REQUEST_ID = web.RequestKey("request_id", str)

LEAD_ID = "lead_id"
"""The part of an address that names a lead, and the field of an error about it."""

GIVEN_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)


class Rejected(Exception):
    """A request that is refused before anything of it is a lead: its HTTP status, a code and a sentence."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.headers = headers or {}
        self.status = status
        self.code = code
        self.message = message
        self.field = field


def answer(
    request: web.Request, data: Any, *, status: int = 200, pagination: Mapping[str, Any] | None = None
) -> web.Response:
    """Success, in the envelope; lists have a pagination."""
    envelope = _envelope(request, data=data, errors=[])
    if pagination is not None:
        envelope["pagination"] = dict(pagination)
    return web.json_response(envelope, status=status)


@web.middleware
async def outcomes(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give every request an id and every failure its envelope; nobody is shown an exception's text."""
    given = request.headers.get("X-Request-Id", "")
    request[REQUEST_ID] = given if GIVEN_ID.fullmatch(given) else f"req_{uuid4().hex}"
    bound = structlog.contextvars.bound_contextvars(request_id=request[REQUEST_ID])
    with bound, metrics.active_connections.track_inprogress():
        return await _outcome(request, handler)


async def _outcome(request: web.Request, handler: Handler) -> web.StreamResponse:  # noqa: C901, PLR0911 - one an error
    try:
        return await handler(request)
    except Rejected as error:
        return refused(request, error)
    except Outdated as error:
        return _failure(request, 409, "VERSION_CONFLICT", str(error), "version")
    except InvalidLead as error:
        why = f"The lead was not accepted: {error.field} {error.why}."
        return _failure(request, 422, error.code, why, error.field)
    except InvalidSearch as error:
        return _failure(request, 422, "INVALID_PARAMETER", f"{error}.", error.field)
    except NotFound as error:
        return _failure(request, 404, "NOT_FOUND", str(error), LEAD_ID if _names_lead(request) else None)
    except NotAllowed as error:
        return _failure(request, 403, "NOT_ALLOWED", str(error))
    except Unavailable as error:
        return _failure(request, 503, "UNAVAILABLE", f"{error.service} does not answer right now; try again.")
    except Refused as error:
        why = f"{error.service} refuses: whoever runs the desk must mend that."
        log.warning("service_refused", service=error.service, why=error.why)
        return _failure(request, 503, "REFUSED", why)
    except web.HTTPRequestEntityTooLarge:
        return _failure(request, 413, "TOO_LARGE", "The body is larger than is accepted.")
    except web.HTTPException as error:
        failed = _failure(request, error.status, error.reason.upper().replace(" ", "_"), f"{error.reason}.")
        if hdrs.ALLOW in error.headers:
            failed.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
        return failed
    except Exception as error:
        why = str(error) if isinstance(error, LeadDeskError) else type(error).__name__
        log.exception("request_failed", path=request.path, why=why)
        return _failure(request, 500, "INTERNAL", "Something broke here; it is logged under this request id.")


def _names_lead(request: web.Request) -> bool:
    return LEAD_ID in request.match_info


def refused(request: web.Request, error: Rejected) -> web.Response:
    """The answer to a request that is refused."""
    response = _failure(request, error.status, error.code, error.message, error.field)
    response.headers.update(error.headers)
    return response


def _failure(
    request: web.Request, status: int, code: str, message: str, field: str | None = None
) -> web.Response:
    error = {"code": code, "message": message, "field": field}
    return web.json_response(_envelope(request, data=None, errors=[error]), status=status)


def _envelope(request: web.Request, *, data: Any, errors: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "success": not errors,
        "data": data,
        "errors": errors,
        "metadata": {
            "timestamp": utcnow().isoformat(),
            "version": API_VERSION,
            "request_id": request[REQUEST_ID],
        },
    }
