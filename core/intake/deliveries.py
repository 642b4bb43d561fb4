"""From what came through a door to a lead: at once, once its fields are known, or once it is fetched."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from math import log2
from typing import Any, Final

import structlog
from sqlalchemy import Connection

from core import intake, metrics
from core.desk import Desk
from core.errors import InvalidLead, NotFound, Refused, Unavailable
from core.intake import shapes
from core.intake.answered import as_lead
from core.intake.sent import Sent, actor_of
from core.intake.shapes import Shape
from core.lead import Draft, utcnow
from core.parts import Step
from core.ports import FormVendor
from core.store.kept import KeptDelivery, Waits
from core.store.submissions import Accepted, Submission

log = structlog.get_logger()

OPEN_SHAPES_MAX: Final = 20
"""Questions about one source's fields that may be open at once; more would only fill the channel."""

FIRST_PAUSE: Final = 5.0
"""Seconds until a lead that could not be fetched is asked for again; each further pause is twice as long."""


@dataclass(frozen=True)
class Waiting:
    """A delivery that is kept and is no lead yet.

    Attributes:
        why: what it waits for.
        fresh: this very delivery was the first.
    """

    submission_id: str
    why: Waits
    fresh: bool


async def deliver(desk: Desk, sent: Sent, *, kept: str | None = None) -> Accepted | Waiting:
    """Make it a lead, or keep it until it can be one; InvalidLead, kept with its reason, if it never can.

    kept: the id of the submission, where it was kept before and is read again.
    """
    submission = sent.submission
    fields = submission.fields or {}
    if sent.fetch is not None:
        return await _keep(desk, sent, Waits.FETCH, None, kept=kept)
    named = sent.named or (intake.names_message(fields) and not sent.nameless)
    texts = {} if named else shapes.flat(fields)
    if texts:
        shape = await _shape_of(desk, sent, texts, kept=kept)
        if shape.confirmed_by is None:
            return await _keep(desk, sent, Waits.SHAPE, shape, kept=kept)
        fields = _by(shape, fields, desk.region)
    return await _submit(desk, submission, fields, actor=sent.actor, ip_address=sent.ip_address, kept=kept)


async def take(desk: Desk, submission_id: str) -> None:
    """What was kept is a lead now, or a person is asked what its fields are."""
    kept = await desk.parts.store.kept.get(submission_id)
    if kept.number is not None or kept.fields is None:
        return
    fields = kept.fields
    if kept.shape is not None:
        await ask(desk, kept.shape)
        if kept.shape.confirmed_by is None:
            return
        fields = _by(kept.shape, fields, desk.region)
    await _settle(desk, kept, fields)


async def fetch(desk: Desk, submission_id: str) -> None:
    """Get from its sender what it keeps; when it does not give it, a later call asks again."""
    store = desk.parts.store
    kept = await store.kept.get(submission_id)
    if kept.fetch is None or kept.number is not None:
        return
    try:
        filled = await _vendor(desk, kept.submission.source).filled_in(kept.fetch)
    except (Unavailable, Refused) as error:
        metrics.failures.labels(error.service).inc()
        log.warning("not_fetched", service=error.service, why=error.why)
        await store.kept.note(submission_id, why=str(error))
        return
    lead = as_lead(filled.answers, about=filled.about, region=desk.region)
    fields = {**lead, **filled.fields, **(kept.fields or {})}
    await _settle(desk, kept, fields)


async def ask(desk: Desk, shape: Shape) -> None:
    """Bring the question about a shape, or its answer, to its desk."""
    waiting = await desk.parts.store.shapes.waiting(shape.shape_id)
    await desk.parts.shape_board.show_shape(shape, waiting)


async def confirm(desk: Desk, shape: Shape, *, by: str, key: str) -> None:
    """Use the shape from now on, for what waited too. The same key twice is one."""

    def follow(connection: Connection, submission_id: str) -> None:
        desk.queue.deliver(connection, submission_id, key)

    await desk.parts.store.shapes.confirm(shape, by=by, follow=follow)
    await ask(desk, await desk.parts.store.shapes.get(shape.shape_id))


async def delivery_pipeline(step: Step, desk: Desk, submission_id: str) -> None:
    """From kept to a lead, or to a question."""

    async def settle(submission_id: str) -> None:
        try:
            kept = await desk.parts.store.kept.get(submission_id)
        except NotFound:
            return  # erased meanwhile
        await (take if kept.fetch is None else fetch)(desk, submission_id)

    await step("settle", settle, submission_id)


def attempt(received_at: datetime, now: datetime) -> int:
    """The how manieth attempt to fetch is due: pauses double, so that a sender's outage costs few calls."""
    age = (now - received_at).total_seconds()
    return int(log2(age / FIRST_PAUSE)) + 1 if age >= FIRST_PAUSE else 0


async def _keep(
    desk: Desk, sent: Sent, why: Waits, shape: Shape | None, *, kept: str | None
) -> Accepted | Waiting:
    def follow(connection: Connection, submission_id: str) -> None:
        desk.queue.deliver(connection, submission_id, "0")

    submission_id, before = await desk.parts.store.kept.keep(
        sent.submission, why, shape=shape, fetch=sent.fetch, follow=follow, kept=kept
    )
    outcome = "repeated" if before else "kept"
    metrics.deliveries.labels(sent.submission.source, outcome).inc()
    log.info("delivery", outcome=outcome, source=sent.submission.source, why=why.value)
    return before or Waiting(submission_id, why, fresh=True)


async def _shape_of(desk: Desk, sent: Sent, texts: Mapping[str, str], *, kept: str | None) -> Shape:
    submission = sent.submission
    known = await desk.parts.store.shapes.of(submission.source)
    found = shapes.fitting(known, sent.form, texts)
    if found is not None:
        return found
    if sum(shape.confirmed_by is None for shape in known) >= OPEN_SHAPES_MAX:
        error = InvalidLead(
            "fields", "are of too many kinds that nobody has confirmed", code="TOO_MANY_SHAPES"
        )
        await desk.refuse(submission, error, kept=kept)
        raise error
    place = submission.desk or desk.desks.taking(source=submission.source, business_type=None).channel
    return shapes.new_shape(submission.source, sent.form, texts, desk=place, region=desk.region)


def _by(shape: Shape, fields: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    """The fields by what a person said they are; that it is a test is no matter of opinion."""
    lead = shapes.read(shape, shapes.flat(fields), region=region)
    return lead | ({"is_test": True} if fields.get("is_test") is True else {})


def _vendor(desk: Desk, source: str) -> FormVendor:
    name = source.partition("-")[0]
    found = desk.parts.form_vendors.get(name)
    if found is None:
        raise Refused(name.capitalize(), "there is no token to fetch its leads with (docs/doors.md)")
    return found


async def _settle(desk: Desk, kept: KeptDelivery, fields: Mapping[str, Any]) -> None:
    try:
        await submit_kept(desk, kept, fields)
    except InvalidLead as error:  # written down, and nobody waits for an answer here
        log.info("not_a_lead", source=kept.submission.source, code=error.code)


async def submit_kept(desk: Desk, kept: KeptDelivery, fields: Mapping[str, Any]) -> None:
    """Make what was kept a lead of these fields; InvalidLead, kept with its reason."""
    submission = replace(kept.submission, fields=kept.fields)
    actor = actor_of(submission.source)
    await _submit(desk, submission, fields, actor=actor, kept=kept.submission_id)


async def _submit(
    desk: Desk,
    submission: Submission,
    fields: Mapping[str, Any],
    *,
    actor: str,
    ip_address: str | None = None,
    kept: str | None = None,
) -> Accepted:
    def read() -> Draft:
        return intake.read(
            fields,
            source=submission.source,
            now=submission.received_at if kept else utcnow(),
            business_types=desk.business_types,
            ip_address=ip_address,
        )

    return await desk.submit(submission, read, actor=actor, desk=submission.desk, kept=kept)
