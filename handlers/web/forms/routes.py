"""GET and POST /forms/{desk}, what follows it, and how it is put on a web site, a flyer, a shop window."""

import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import segno
import structlog
from aiohttp import hdrs, web

from core import intake, metrics
from core.desk import Desk
from core.deskfile import DeskFile, Form
from core.desks import slug_of
from core.errors import InvalidLead
from core.lead import utcnow
from core.store.submissions import Accepted, Submission
from handlers.web.bodies import content_type_of, decode, raw_body
from handlers.web.envelope import Rejected, answer, refused
from handlers.web.forms import fields
from handlers.web.forms.page import PAGES, Filled, form_page, thanks_page
from handlers.web.forms.token import Opened, Tokens
from handlers.web.guesses import Guesses
from handlers.web.limits import Limit, Limits, by_address

log = structlog.get_logger()

FORM = "form"
"""The source of these deliveries; the lead's own says where the link was."""

NUMBER = re.compile(r"L-\d{1,12}", re.ASCII)

NOTICES = {
    Opened.FORGED: "This form was not sent as we gave it to you. Please send it once more.",
    Opened.JUST_NOW: "That was very quick. Please look it over and send it once more.",
    Opened.LONG_AGO: "This form was open for a long time. Please send it once more.",
}

NOT_EMPTY = "A field that people do not see was filled in. Please send it once more."

TOO_OFTEN = "Many forms came from your connection. Please try again in a few minutes."


@dataclass(frozen=True, kw_only=True)
class Forms:
    """All desks' forms."""

    desk: Desk
    tokens: Tokens
    public_url: str | None
    limits: Limits
    guesses: Guesses


@dataclass(frozen=True, kw_only=True)
class _Place:
    """One desk's form, as a request asks for it."""

    file: DeskFile
    form: Form
    asked: tuple[fields.Input, ...]

    @property
    def slug(self) -> str:
        return slug_of(self.file)

    @property
    def path(self) -> str:
        return f"/forms/{self.slug}"


def routes(forms: Forms) -> Iterable[web.RouteDef]:
    """The routes."""

    async def opened(request: web.Request) -> web.Response:
        place = _place(request, forms)
        token = forms.tokens.new(place.slug, utcnow().timestamp())
        if _wants_json(request):
            asked = [
                {"name": each.name, "label": each.label, "required": each.required} for each in place.asked
            ]
            return _shared(answer(request, {"token": token, "fields": asked}), request, place)
        filled = Filled(token=token, values={}, wrong={}, hidden=_hidden(request.query))
        return form_page(place.form, place.asked, filled, action=place.path, status=200)

    async def sent(request: web.Request) -> web.Response:
        place = _place(request, forms)
        return _shared(await _sent(request, forms, place), request, place)

    async def thanks(request: web.Request) -> web.Response:
        place = _place(request, forms)
        number = request.query.get("ref", "")
        shown = number if NUMBER.fullmatch(number) else ""
        return thanks_page(place.form, number=shown, again=place.path)

    async def asked_before(request: web.Request) -> web.Response:
        """A browser asks whether a script of another site may send."""
        return _shared(web.Response(status=204), request, _place(request, forms))

    async def embed(request: web.Request) -> web.Response:
        _place(request, forms)
        script = (PAGES / "embed.js").read_bytes()
        return web.Response(body=script, headers={hdrs.CONTENT_TYPE: "text/javascript; charset=utf-8"})

    async def code(request: web.Request) -> web.Response:
        place, kind = _place(request, forms), request.match_info["kind"]
        base = forms.public_url or f"{request.scheme}://{request.host}"
        src = request.query.get("src", "")
        query = f"?{urlencode({'src': src})}" if fields.SOURCE.fullmatch(src) else ""
        drawn = io.BytesIO()
        segno.make_qr(f"{base}{place.path}{query}", error="m").save(drawn, kind=kind, scale=10, border=4)
        content_type = {"svg": "image/svg+xml", "png": "image/png"}[kind]
        return web.Response(body=drawn.getvalue(), content_type=content_type)

    path = "/forms/{desk}"
    return [
        web.get(path, opened),
        web.post(path, sent),
        web.options(path, asked_before),
        web.get(f"{path}/thanks", thanks),
        web.get(f"{path}/embed.js", embed),
        web.get(path + "/qr.{kind:svg|png}", code),
    ]


async def _sent(request: web.Request, forms: Forms, place: _Place) -> web.Response:
    body = await raw_body(request)
    now = utcnow().timestamp()
    sent = await decode(content_type_of(request), body)
    said = fields.entered(sent, place.asked)
    given = str(sent.get("token", ""))
    token = forms.tokens.check(given, place.slug, now)
    notice, often = _trap(token, sent), None
    wrong = {} if notice else fields.mistakes(said, place.asked)
    try:
        if token == Opened.FORGED:
            await forms.guesses.wrong(request)
        elif not notice and not wrong:
            await forms.limits.count(Limit.FORMS, by_address(request))
            accepted = await _accept(request, forms, place, body, sent, said=said, opening=str(token))
            return _done(request, place, accepted)
    except Rejected as error:
        notice, often = TOO_OFTEN, error
    except InvalidLead as error:
        wrong = _told(error, place)
    outcome = "pause" if often else "trapped" if notice else "mistakes"
    metrics.deliveries.labels(FORM, outcome).inc()
    log.info("delivery", outcome=outcome, source=FORM)
    status, code, headers = (often.status, often.code, often.headers) if often else (422, "INVALID_FIELD", {})
    if _wants_json(request):
        name, why = next(iter(wrong.items()), (None, notice))
        return refused(request, Rejected(status, code, why, field=name, headers=headers))
    # The same token again, so that it is older the next time; another where that one is no good.
    fresh = token in {Opened.FORGED, Opened.LONG_AGO}
    filled = Filled(
        token=forms.tokens.new(place.slug, now) if fresh else given,
        values=said,
        wrong=wrong,
        hidden=_hidden(sent),
        notice=notice,
    )
    page = form_page(place.form, place.asked, filled, action=place.path, status=status)
    page.headers.update(headers)
    return page


async def _accept(
    request: web.Request,
    forms: Forms,
    place: _Place,
    body: bytes,
    sent: Mapping[str, Any],
    *,
    said: Mapping[str, str],
    opening: str,
) -> Accepted:
    desk, now = forms.desk, utcnow()
    source = fields.source_of(str(sent.get("src", "")))
    lead = fields.lead_of(said, place.asked, page=str(sent.get("page", "")), region=desk.region)
    submission = Submission(
        source=FORM,  # not what anybody may write into the address
        event_key=opening,
        fingerprint=intake.fingerprint(lead),
        content_type=intake.storable(content_type_of(request))[:200],
        body=body,
        received_at=now,
        fields=intake.storable_json(lead),
        desk=place.file.channel,
    )
    return await desk.submit(
        submission,
        lambda: intake.read(
            lead,
            source=source,
            now=now,
            business_types=desk.business_types,
            ip_address=request.remote,
        ),
        actor=FORM,
        desk=place.file.channel,
    )


def _trap(token: str | Opened, sent: Mapping[str, Any]) -> str:
    """What a program did that a person would not, as a sentence, should it have been one after all."""
    if sent.get(fields.HONEYPOT):
        return NOT_EMPTY
    return NOTICES[token] if isinstance(token, Opened) else ""


def _told(error: InvalidLead, place: _Place) -> dict[str, str]:
    name = error.field.rpartition(".")[2]
    asked = {each.name: each.label for each in place.asked}
    return (
        {name: f"“{asked[name]}” {error.why}."}
        if name in asked
        else {"message": f"Your request {error.why}."}
    )


def _done(request: web.Request, place: _Place, accepted: Accepted) -> web.Response:
    if _wants_json(request):
        data = {"number": accepted.number, "repeated": not accepted.fresh}
        return answer(request, data, status=202)
    return web.Response(
        status=303, headers={hdrs.LOCATION: f"{place.path}/thanks?{urlencode({'ref': accepted.number})}"}
    )


def _place(request: web.Request, forms: Forms) -> _Place:
    file = forms.desk.desks.called(request.match_info["desk"])
    if file is None or file.form is None:
        raise web.HTTPNotFound
    business = forms.desk.parts.analyst.business(file.business_type or forms.desk.business_type)
    return _Place(file=file, form=file.form, asked=fields.inputs(business.form))


def _hidden(sent: Mapping[str, Any]) -> dict[str, str]:
    """Where the form is, kept from the address to what is sent."""
    src, page = str(sent.get("src", "")), str(sent.get("page", ""))
    known = {"src": src} if fields.SOURCE.fullmatch(src) else {}
    return known | ({"page": page} if fields.SITE_PAGE.fullmatch(page) else {})


def _wants_json(request: web.Request) -> bool:
    return "application/json" in request.headers.get(hdrs.ACCEPT, "")


def _shared(response: web.Response, request: web.Request, place: _Place) -> web.Response:
    """Scripts of the sites that the desk's file names may read the answer; others' may not."""
    origin = request.headers.get(hdrs.ORIGIN, "")
    response.headers[hdrs.VARY] = "Origin, Accept"
    if origin in place.form.sites:
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = "GET, POST"
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = "Content-Type"
        response.headers[hdrs.ACCESS_CONTROL_MAX_AGE] = "600"
    return response
