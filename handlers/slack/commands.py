"""The /lead command: answers within three seconds whatever hangs, privately, to members of the desk."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from core import intake
from core.desk import Desk
from core.errors import InvalidLead, InvalidSearch, NotAllowed, NotFound, Refused, Unavailable
from core.lead import utcnow
from core.store.submissions import Submission
from handlers import answers, lists, ownership, stats, views
from handlers.answers import Answer
from handlers.mrkdwn import escape
from handlers.slack import merge
from handlers.slack.api import Slack
from handlers.slack.directory import Directory
from handlers.slack.messages import as_typed
from handlers.slack.rules import open_rules
from handlers.slack.similar import PATIENCE, similar

TRY_AGAIN = "Slack or the store does not answer right now. Please add the lead again in a minute."

Ask = Callable[[str, dict[str, Any]], Awaitable[Answer | None]]
"""A subcommand: (what follows it, Slack's command) -> the answer, or None when a modal was opened."""


def register(app: AsyncApp, desk: Desk, slack: Slack, directory: Directory) -> None:
    """Listen to /lead and to its modal."""

    async def open_modal(words: str, command: dict[str, Any]) -> None:
        await slack.call("views.open", trigger_id=command["trigger_id"], view=views.new_lead(message=words))

    asks: dict[str, Ask] = {
        "help": lambda _rest, _command: _help(),
        "show": lambda rest, command: _show(desk, rest, command["user_id"]),
        "why": lambda rest, command: _why(desk, rest, command["user_id"]),
        "rules": lambda _rest, command: open_rules(desk, slack, directory, command),
        "similar": lambda rest, command: _similar(desk, directory, rest, command["user_id"]),
        "list": lambda _rest, command: _list(desk, command["user_id"]),
        "new": open_modal,
        "stats": lambda rest, command: _stats(desk, rest, command["user_id"]),
        "merge": lambda rest, command: merge.ask(desk, rest, command["user_id"]),
        "unmerge": lambda rest, _command: merge.ask_undo(desk, rest),
        "different": lambda rest, command: _different(desk, rest, command),
    }

    def unnamed(verb: str) -> Ask:
        return lambda rest, command: _unnamed(desk, directory, verb, rest, command["user_id"])

    @app.command("/lead")
    async def lead(ack: AsyncAck, respond: AsyncRespond, command: dict[str, Any]) -> None:
        await ack()
        verb, _, rest = (as_typed(command.get("text") or "", people=False).strip() or "help").partition(" ")
        answer = await _in_time(desk, asks.get(verb.lower(), unnamed(verb)), verb, rest.strip(), command)
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


async def _in_time(desk: Desk, ask: Ask, verb: str, rest: str, command: dict[str, Any]) -> Answer | None:
    """What to say privately, within PATIENCE; None when a modal is the answer."""
    try:
        async with asyncio.timeout(PATIENCE):
            await desk.admit(command["user_id"])
            return await ask(rest, command)
    except (Unavailable, Refused) as error:
        return answers.away(f"*/lead {escape(verb, 20)}*", error)
    except TimeoutError:
        return answers.away(f"*/lead {escape(verb, 20)}*", Unavailable("baseCamp", "took too long"))
    except NotFound as error:
        return answers.not_found(error)
    except NotAllowed as error:
        return answers.not_allowed(error)


async def _unnamed(desk: Desk, directory: Directory, verb: str, rest: str, user: str) -> Answer:
    """No command was named: a number is shown, other words are looked up, a slip of the pen is told."""
    if verb.upper().startswith("L-") and not rest:
        return await _show(desk, verb, user)
    if not rest and answers.meant(verb) is not None:
        return answers.unknown_command(verb)
    return await similar(desk, directory, f"{verb} {rest}".strip(), user)


async def _help() -> Answer:
    return answers.usage()


async def _show(desk: Desk, rest: str, user: str) -> Answer:
    if not rest:
        return answers.usage()
    lead, history = await desk.show(rest, reader=user)
    return answers.shown(
        lead,
        now=utcnow(),
        history=history,
        merged=await desk.merged_into(lead),
        hidden_entities=desk.hidden(lead.business_type),
    )


async def _why(desk: Desk, rest: str, user: str) -> Answer:
    return ownership.why(await desk.why(rest, reader=user)) if rest else answers.usage()


async def _similar(desk: Desk, directory: Directory, rest: str, user: str) -> Answer:
    if not rest:
        return answers.usage()
    return await similar(desk, directory, rest, user)


async def _different(desk: Desk, rest: str, command: dict[str, Any]) -> Answer:
    numbers = [word for word in rest.replace(",", " ").split() if word.lower() != "and"]
    if len(numbers) != 2:  # noqa: PLR2004 - of two leads
        return answers.usage()
    await desk.tell_apart(
        *numbers,
        actor=command["user_id"],
        key=f"command:different:{command['trigger_id']}",
        reply_to=command.get("response_url"),
    )
    return answers.told("On its way: the cards show it in a moment.")


async def _stats(desk: Desk, rest: str, user: str) -> Answer:
    try:
        since = stats.since(rest, utcnow())
    except InvalidSearch as error:
        return lists.invalid_search(error)
    return stats.told(await desk.responses(since, reader=user), since)


async def _list(desk: Desk, user: str) -> Answer:
    found = await desk.open_leads(limit=lists.ROWS_MAX, reader=user)
    return lists.listing(found, hidden=desk.hidden)


async def _submit(desk: Desk, view: dict[str, Any], user: str) -> None:
    await desk.admit(user)
    payload = views.read_new_lead(view["state"]["values"])
    submission = Submission(
        source="slash_command",
        event_key=f"view:{view['id']}",
        fingerprint=intake.fingerprint(payload),
        content_type="application/json",
        body=json.dumps(payload).encode(),
        received_at=utcnow(),
    )
    await desk.submit(
        submission,
        lambda: intake.read(
            payload, source="slash_command", now=submission.received_at, business_types=desk.business_types
        ),
        actor=user,
    )
