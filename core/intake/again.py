"""A delivery that is no lead is read once more: for a program, or for an admin who clicked in Home."""

import structlog

from core.desk import Desk
from core.errors import InvalidLead, NotAllowed, NotFound, Refused
from core.intake.deliveries import deliver, fetch, submit_kept, take
from core.intake.sent import OWN_DOORS
from core.lead import Value
from core.parts import Step
from core.rights import check_reading
from core.store.kept import KeptDelivery
from core.store.submissions import Delivery

log = structlog.get_logger()


class Reading(Value):
    """What an admin asks for.

    Attributes:
        key: of this very click, so that a payload that comes twice is one reading.
        actor: Slack user id.
    """

    key: str
    submission_id: str
    actor: str


async def redeliver(desk: Desk, submission_id: str) -> KeptDelivery:
    """Read what is kept once more, now; the delivery as it is then. NotFound, or InvalidLead as before."""
    kept = await desk.parts.store.kept.get(submission_id)
    if kept.number is None and kept.fetch is not None:
        await fetch(desk, submission_id)
    elif kept.number is None and kept.shape is not None:
        await take(desk, submission_id)
    elif kept.number is None:
        await _read_anew(desk, kept)
    return await desk.parts.store.kept.get(submission_id)


async def start(desk: Desk, reading: Reading) -> None:
    """Have it read durably; whether its actor may is decided when it is."""
    await desk.queue.read_again(reading.key, reading.model_dump(mode="json"))


async def came_of(desk: Desk, reading: Reading) -> Delivery | None:
    """The delivery, once it is a lead or was read for this click; None until then. NotAllowed, NotFound."""
    delivery = await admitted(desk, reading)
    return delivery if delivery.number is not None or delivery.read_key == reading.key else None


async def admitted(desk: Desk, reading: Reading) -> Delivery:
    """The delivery; NotAllowed unless the actor is an admin of the desk that it came to, NotFound."""
    delivery = await desk.parts.store.kept.delivery(reading.submission_id)
    channel = delivery.desk if delivery.desk in desk.desks.channels else desk.desks.first.channel
    check_reading(await desk.parts.members.role(reading.actor, channel))
    return delivery


async def reading_pipeline(step: Step, desk: Desk, asked: dict[str, str]) -> None:
    """Read it, if its actor may ask for that still, and note for whom: Home waits for that."""

    async def read(asked: dict[str, str]) -> None:
        reading = Reading.model_validate(asked)
        try:
            await admitted(desk, reading)
            await redeliver(desk, reading.submission_id)
        except (NotAllowed, NotFound, Refused) as error:
            log.info("not_read_again", submission_id=reading.submission_id, why=str(error))
            return
        except InvalidLead as error:  # written down with the delivery
            log.info("not_a_lead", submission_id=reading.submission_id, code=error.code)
        await desk.parts.store.kept.was_read(reading.submission_id, reading.key)

    await step("read", read, asked)


async def _read_anew(desk: Desk, kept: KeptDelivery) -> None:
    """Its body, as its door reads such a body today; else the fields that were found in it when it came."""
    if kept.fields is not None and kept.submission.source in OWN_DOORS:
        await submit_kept(desk, kept, kept.fields)
        return
    try:
        found = await desk.read_body(kept.submission)
    except InvalidLead as error:
        if kept.fields is None:
            await desk.refuse(kept.submission, error, kept=kept.submission_id)
            raise
        found = ()
    if kept.fields is not None and len(found) != 1:  # the others in that body were kept by themselves
        await submit_kept(desk, kept, kept.fields)
        return
    own, *others = found
    for each in others:
        try:
            await deliver(desk, each)
        except InvalidLead as error:  # kept by itself, with its reason
            log.info("not_a_lead", source=each.submission.source, code=error.code)
    await deliver(desk, own, kept=kept.submission_id)
