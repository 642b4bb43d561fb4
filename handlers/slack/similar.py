"""/lead similar and the card's button: earlier leads that are alike, with their owner, outcome and age."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from core.desk import Desk
from core.errors import InvalidSearch
from core.lead import Lead, utcnow
from core.similar.wanted import Wanted
from handlers import cards, lists, search_options
from handlers.answers import Answer
from handlers.slack.answering import answered
from handlers.slack.directory import Directory

WHAT = "The similarity search"

_NUMBER = re.compile(r"(?:L-|#)\d{1,10}", re.IGNORECASE | re.ASCII)
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>|([UW][A-Z0-9]{7,})", re.ASCII)


def register(app: AsyncApp, desk: Desk, directory: Directory) -> None:
    """Listen to the card's button."""

    @app.action(cards.SIMILAR)
    async def clicked(
        ack: AsyncAck, respond: AsyncRespond, body: dict[str, Any], action: dict[str, Any]
    ) -> None:
        await ack()
        user = body["user"]["id"]

        async def alike() -> Answer:
            return await _like(desk, directory, await desk.lead(action["value"]), user, Wanted())

        answer = await answered(desk, user, WHAT, alike)
        if answer is not None:
            await respond(
                text=answer.text, blocks=answer.blocks, response_type="ephemeral", replace_original=False
            )


async def similar(desk: Desk, directory: Directory, text: str, user: str) -> Answer:
    """What to answer to the words and options that a member of the desk typed.

    Raises NotFound for an unknown number, Unavailable or Refused when the search is away.
    """
    typed = search_options.take_apart(text)
    try:
        wanted = search_options.wanted(
            await _with_owner(typed.options, directory, desk.desks.channels, user),
            business_types=desk.business_types,
            now=utcnow(),
        )
    except InvalidSearch as error:
        return lists.invalid_search(error)
    subject = typed.words
    if _NUMBER.fullmatch(subject):
        return await _like(desk, directory, await desk.lead(subject), user, wanted, unknown=typed.unknown)
    if not any(letter.isalnum() for letter in subject):
        return lists.no_words()
    return await _like(desk, directory, subject, user, wanted, unknown=typed.unknown)


async def _like(
    desk: Desk,
    directory: Directory,
    subject: Lead | str,
    user: str,
    wanted: Wanted,
    *,
    unknown: Sequence[str] = (),
) -> Answer:
    found = await desk.reader(user).similar(subject, wanted)
    return lists.similar(
        subject if isinstance(subject, str) else subject.number,
        found,
        wanted=wanted,
        links=await directory.links(await desk.cards([lead for lead, _ in found])),
        unknown=unknown,
        hidden=desk.hidden,
    )


async def _with_owner(
    options: Mapping[str, str], directory: Directory, desks: Sequence[str], user: str
) -> Mapping[str, str]:
    """The options with the owner's id in the place of what was typed for it."""
    said = options.get("owner", "").strip()
    if not said or said.lower() in search_options.UNOWNED:
        return options
    if said.lower() in search_options.MINE:
        return {**options, "owner": user}
    if mention := _MENTION.fullmatch(said):
        return {**options, "owner": mention[1] or mention[2]}
    for channel in desks:
        if found := await directory.member_named(said, channel):
            return {**options, "owner": found}
    raise InvalidSearch("owner", "is nobody of this desk: write @name, me or nobody")
