"""The door for forms and automations: POST /webhooks/{source} and /webhooks/{source}/{desk}."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import hdrs, web

from core.api.keys import Scope
from core.desk import Desk
from core.errors import InvalidLead
from core.intake.deliveries import Waiting, deliver
from core.intake.sent import Sent
from core.lead import utcnow
from core.store.kept import WHY
from core.store.submissions import Accepted
from handlers.web.authorised import carries, given, refusal
from handlers.web.bodies import content_type_of, decode, raw_body
from handlers.web.envelope import Rejected, answer
from handlers.web.event_key import event_key
from handlers.web.keys import Keys
from handlers.web.reading import leads_in, payload_of, sent_of
from handlers.web.senders import Delivery, Incoming, Sender, sender_of, standard

SOURCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}", re.ASCII)

CHALLENGE = re.compile(r"[\w.-]{1,200}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Door:
    """One source's door.

    Attributes:
        channel: of the desk in the address; None: whichever takes it.
        secrets: the source's own, newest first.
        keys: with the scope intake, they open it too.
    """

    desk: Desk
    source: str
    channel: str | None
    secrets: Sequence[str]
    keys: Keys
    public_url: str | None

    async def has_key(self, request: web.Request) -> bool:
        """Whether the request needs no other proof."""
        return await self.keys.holder(request, Scope.INTAKE) is not None

    async def check(self, request: web.Request, proofs: Sequence[bool]) -> None:
        """Rejected with 401, without detail, unless one of these holds.

        All were looked at before the first counts: the time says nothing about which secret it was.
        """
        if not any(proofs):
            raise refusal()
        await self.keys.guesses.right(request, f"source:{self.source}")


def routes(
    desk: Desk,
    *,
    keys: Keys,
    secrets: Mapping[str, Sequence[str]],
    public_url: str | None,
    facebook_verify_token: str,
) -> Iterable[web.RouteDef]:
    """The routes; a key to send opens every door, a source's secret its own. A source without any is gone."""

    async def webhook(request: web.Request) -> web.Response:
        source, slug = request.match_info["source"], request.match_info.get("desk")
        file = None if slug is None else desk.desks.called(slug)
        if not SOURCE.fullmatch(source) or (slug is not None and file is None):
            raise web.HTTPNotFound
        own = secrets.get(source)
        if own is not None and not own:
            raise web.HTTPGone  # some vendors then stop, which is what somebody wanted
        door = Door(
            desk=desk,
            source=source,
            channel=None if file is None else file.channel,
            secrets=own or (),
            keys=keys,
            public_url=public_url,
        )
        sender = sender_of(source)
        return await (_from_vendor(request, door, sender) if sender else _from_anybody(request, door))

    async def hello(request: web.Request) -> web.Response:
        """Facebook asks once whether this address is meant to hear of its leads."""
        query, source = request.query, request.match_info["source"]
        token = query.get("hub.verify_token", "")
        if source.partition("-")[0] != "facebook" or query.get("hub.mode") != "subscribe":
            raise web.HTTPNotFound
        if not carries([token], [facebook_verify_token]):
            raise refusal()
        await keys.guesses.right(request, "facebook's word")
        challenge = query.get("hub.challenge", "")
        if not CHALLENGE.fullmatch(challenge):
            raise Rejected(400, "BAD_CHALLENGE", "The challenge is none.", field="hub.challenge")
        return web.Response(text=challenge)

    paths = ("/webhooks/{source}", "/webhooks/{source}/{desk}")
    return [
        *(web.post(path, webhook) for path in paths),
        *(web.get(path, hello, allow_head=False) for path in paths),
    ]


async def _from_anybody(request: web.Request, door: Door) -> web.Response:
    """Zapier, Make, n8n, own code: a secret in a header or a Standard Webhooks signature, and any fields."""
    body = await raw_body(request)
    if not await door.has_key(request):
        signing = [secret for secret in door.secrets if standard.is_one(secret)]
        if "webhook-signature" in request.headers and signing:
            incoming = _incoming(request, body, door)
            proofs = [standard.signed(incoming, secret) for secret in signing]
        else:
            proofs = [carries(given(request), [each for each in door.secrets if each not in signing])]
        await door.check(request, proofs)
    fields = await decode(content_type_of(request), body)
    delivery = Delivery(key=event_key(request), fields=fields)
    # Whoever calls is who filled it in, so far as anybody can tell.
    sent = replace(_sent(request, door, body, delivery), ip_address=request.remote)
    taken = await deliver(door.desk, sent)
    return answer(request, _told(taken), status=202)


async def _from_vendor(request: web.Request, door: Door, sender: Sender) -> web.Response:
    body = await raw_body(request)
    trusted = await door.has_key(request)
    if sender.signed is not None and not trusted:
        incoming = _incoming(request, body, door)
        await door.check(request, [sender.signed(incoming, secret) for secret in door.secrets])
    if sender.by_header and not trusted:
        await door.check(request, [carries([*given(request), request.query.get("secret", "")], door.secrets)])
    if request.content_type not in sender.content_types:
        why = f"{sender.name} sends {' or '.join(sorted(sender.content_types))}."
        raise Rejected(415, "UNSUPPORTED_TYPE", why, field=hdrs.CONTENT_TYPE)
    payload = await payload_of(content_type_of(request), body)
    if sender.carried is not None and not trusted:
        await door.check(request, [carries([sender.carried(payload)], door.secrets)])
    leads = await _read(request, door, sender, body, payload)
    told = [_told(taken) for taken in leads]
    data = told[0] if len(told) == 1 else {"leads": told}
    return answer(request, data, status=sender.status)


async def _read(
    request: web.Request, door: Door, sender: Sender, body: bytes, payload: Any
) -> list[Accepted | Waiting]:
    """Each lead of the request by itself: one that is none does not cost the others."""
    try:
        deliveries = leads_in(sender, payload, door.desk.region)
    except InvalidLead as error:
        unread = replace(_sent(request, door, body, Delivery(key=None)).submission, fields=None)
        await door.desk.refuse(unread, error)
        raise
    taken: list[Accepted | Waiting] = []
    wrong: InvalidLead | None = None
    for delivery in deliveries:
        try:
            taken.append(await deliver(door.desk, _sent(request, door, body, delivery)))
        except InvalidLead as error:
            wrong = error
    if wrong is not None and not taken:
        raise wrong
    return taken


def _sent(request: web.Request, door: Door, body: bytes, delivery: Delivery) -> Sent:
    return sent_of(
        delivery,
        source=door.source,
        content_type=content_type_of(request),
        body=body,
        received_at=utcnow(),
        channel=door.channel,
    )


def _incoming(request: web.Request, body: bytes, door: Door) -> Incoming:
    base = door.public_url or f"{request.scheme}://{request.host}"
    return Incoming(
        method=request.method,
        url=base + request.raw_path,
        headers=request.headers,
        body=body,
        now=utcnow().timestamp(),
    )


def _told(taken: Accepted | Waiting) -> dict[str, Any]:
    if isinstance(taken, Waiting):
        return {"lead_id": None, "number": None, "repeated": not taken.fresh, "waits": WHY[taken.why]}
    return {"lead_id": taken.lead_id, "number": taken.number, "repeated": not taken.fresh}
