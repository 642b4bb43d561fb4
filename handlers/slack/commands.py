"""The /lead command: answers within three seconds whatever hangs, privately, to members of the desk."""

import asyncio
import json
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from core import intake
from core.desk import Desk
from core.errors import InvalidLead, NotAllowed, Refused, Unavailable
from core.lead import utcnow
from core.store.submissions import Submission
from handlers import answers, verbs, views
from handlers.answers import Answer
from handlers.mrkdwn import escape
from handlers.slack.answering import PATIENCE, Place, answered
from handlers.slack.api import Slack
from handlers.slack.directory import Directory
from handlers.slack.similar import similar
from handlers.slack.typed import as_typed
from handlers.slack.verbs import Verbs

TRY_AGAIN = "Slack or the store does not answer right now. Please add the lead again in a minute."


def register(app: AsyncApp, desk: Desk, slack: Slack, directory: Directory) -> None:
    """Listen to /lead and to its modal."""
    by_verb = Verbs(desk, slack, directory)

    @app.command("/lead")
    async def lead(ack: AsyncAck, respond: AsyncRespond, command: dict[str, Any]) -> None:
        await ack()
        typed = as_typed(command.get("text") or "", targets=True).strip() or "help"
        place = Place(
            user=command["user_id"],
            channel=command["channel_id"],
            key=f"command:{command['trigger_id']}",
            trigger_id=command["trigger_id"],
            reply_to=command.get("response_url"),
        )

        async def ask() -> Answer | None:
            asked = verbs.parse(typed)
            if asked is not None:
                return await by_verb.carry_out(asked, place)
            return await _unnamed(desk, directory, typed, place.user)

        what = f"*/lead {escape(typed.split()[0], 20)}*"
        answer = await answered(desk, place.user, what, ask)
        if answer is not None:
            await respond(text=answer.text, blocks=answer.blocks, response_type="ephemeral")

    @app.view(views.NEW_LEAD)
    async def new_lead(ack: AsyncAck, body: dict[str, Any], view: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await _submit(desk, view, body["user"]["id"])
        except InvalidLead as error:
            await ack(response_action="errors", errors=views.errors_of(error))
        except NotAllowed as error:
            await ack(response_action="errors", errors={"message": str(error)})
        except (Unavailable, Refused, TimeoutError):  # a second try with this view makes no second lead
            await ack(response_action="errors", errors={"message": TRY_AGAIN})
        else:
            await ack()


async def _unnamed(desk: Desk, directory: Directory, typed: str, user: str) -> Answer:
    """No command was named: words are looked up, a slip of the pen is told."""
    verb, _, rest = typed.partition(" ")
    about_a_lead = not rest or verbs.parse(rest) is not None  # a number alone
    if about_a_lead and answers.meant(verb) is not None:
        return answers.unknown_command(verb)
    return await similar(desk, directory, typed, user)


async def _submit(desk: Desk, view: dict[str, Any], user: str) -> None:
    await desk.reader(user).desks()
    payload = views.read_new_lead(view["state"]["values"])
    submission = Submission(
        source="slash_command",
        event_key=f"view:{view['id']}",
        fingerprint=intake.fingerprint(payload),
        content_type="application/json",
        body=json.dumps(payload).encode(),
        received_at=utcnow(),
        fields=intake.storable_json(payload),
    )
    await desk.submit(
        submission,
        lambda: intake.read(
            payload, source="slash_command", now=submission.received_at, business_types=desk.business_types
        ),
        actor=user,
    )
