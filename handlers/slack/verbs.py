"""Carries out what a verb asks for, after /lead or a mention: an answer, a form, or an action."""

import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond

from core.actions import Action, ActionName
from core.desk import Desk
from core.errors import NotAllowed, Refused
from core.home import Place as Home
from core.lead import Lead, utcnow
from core.reps import person
from handlers import answers, confirming, forgetting, me, mine, orders, ownership, views
from handlers.answers import Answer
from handlers.mrkdwn import sentence
from handlers.orders import Unclear
from handlers.slack import me as own_form
from handlers.slack import menu, merge, message_lead
from handlers.slack.answering import Place
from handlers.slack.api import Slack
from handlers.slack.directory import Directory
from handlers.slack.looks import LOOKS, Looks
from handlers.slack.rules import open_rules
from handlers.verbs import BARE, Asked, Verb

MENTION = re.compile(r"<@([UW][A-Z0-9]+)>", re.ASCII)

ME = frozenset({"me", "myself", "mine"})

FORMS = {
    Verb.EDIT: ActionName.EDIT,
    Verb.NOTE: ActionName.NOTE,
    Verb.SNOOZE: ActionName.SNOOZE,
    Verb.MERGE: ActionName.MERGE,
}
"""Verbs that open a form when nothing but the lead was said."""


class Verbs:
    """The verbs, each a method; None as an answer: a form was opened, or the card's thread says it."""

    def __init__(self, desk: Desk, slack: Slack, directory: Directory) -> None:
        self._desk = desk
        self._slack = slack
        self._directory = directory
        self._looks = Looks(desk, directory)

    async def carry_out(self, asked: Asked, place: Place) -> Answer | None:
        """The answer to a member of a desk; raises NotFound, NotAllowed, Unavailable and Refused."""
        if asked.verb in LOOKS:
            return await self._looks.answer(asked, place)
        of_no_lead = {
            Verb.NEW: self._new,
            Verb.ME: self._me,
            Verb.RULES: self._rules,
            Verb.MERGE: self._merge,
            Verb.DIFFERENT: self._different,
        }
        if asked.verb in of_no_lead:
            return await of_no_lead[asked.verb](asked, place)
        name = asked.number or place.here
        if name is None and (asked.verb not in BARE or not asked.words):
            return answers.how(asked.verb.value)
        return await self._of_one(asked, await self._desk.lead(name or asked.words), place)

    async def _of_one(self, asked: Asked, lead: Lead, place: Place) -> Answer | None:
        if asked.verb == Verb.SHOW:
            return await self._looks.show(lead.number, place.user)
        if asked.verb == Verb.WHY:
            return ownership.why(await self._desk.reader(place.user).why(lead))
        await self._desk.reader(place.user).check(lead)
        if asked.verb == Verb.UNMERGE:
            return await merge.ask_undo(self._desk, lead, user=place.user)
        if asked.verb == Verb.FORGET:
            return await self._forget(lead, place.user)
        return await self._order(asked, lead, place)

    async def _new(self, asked: Asked, place: Place) -> Answer | None:
        words = await self._readable(asked.words)
        if place.trigger_id is not None:
            await self._slack.call(
                "views.open", trigger_id=place.trigger_id, view=views.new_lead(message=words)
            )
            return None
        if not words or place.message is None:
            return answers.how("new")
        channel, ts = place.message
        file = (await self._directory.named(self._desk.desks.channels)).get(channel)
        accepted = await self._desk.submit(
            message_lead.submission(channel, ts, words),
            lambda: message_lead.draft(
                words, user=place.user, channel=channel, ts=ts, region=self._desk.region
            ),
            actor=place.user,
            desk=file,
            talk=place.talk,
        )
        return answers.told(f"{accepted.number} is kept; its card comes in a moment.")

    async def _me(self, asked: Asked, place: Place) -> Answer | None:
        """The form of somebody's own settings at this desk; with words, how these leave them."""
        at = (await self._directory.named(self._desk.desks.channels)).get(place.channel)
        if not asked.words and place.trigger_id is not None:
            home = Home(desk=at)
            await own_form.open_form(self._desk, self._slack, place.user, place.trigger_id, home)
            return None
        file, own = await self._desk.own_settings(place.user, at)
        now = utcnow()
        if asked.words:
            try:
                own = mine.changed(own, asked.words, person(file, place.user, own).today(now))
            except Unclear as error:
                return answers.told(str(error))
            await self._desk.set_own(place.user, file.channel, own)
        return answers.told("\n".join(me.lines(file, person(file, place.user, own), own, now)))

    async def _rules(self, _asked: Asked, place: Place) -> Answer | None:
        if place.trigger_id is None:
            return answers.how("rules")
        command = {"trigger_id": place.trigger_id, "user_id": place.user, "channel_id": place.channel}
        await open_rules(self._desk, self._slack, self._directory, command)
        return None

    async def _merge(self, asked: Asked, place: Place) -> Answer | None:
        numbers = await self._two(asked, place)
        if len(numbers) == 1 and not asked.words and place.trigger_id is not None:
            lead = await self._desk.lead(numbers[0])
            await self._form(ActionName.MERGE, lead, place)
            return None
        if len(numbers) != 2 or asked.words:  # noqa: PLR2004 - a merge is of two
            return answers.how("merge")
        return await merge.ask(self._desk, *numbers, user=place.user, as_told=asked.into)

    async def _different(self, asked: Asked, place: Place) -> Answer:
        numbers = await self._two(asked, place)
        if len(numbers) != 2 or asked.words:  # noqa: PLR2004 - of two leads
            return answers.how("different")
        if place.confirms:
            return confirming.ask_apart(*numbers)
        key = f"command:different:{place.key}"
        await self._desk.tell_apart(*numbers, actor=place.user, key=key, reply_to=place.reply_to)
        return answers.told("On its way: the cards show it in a moment.")

    async def _forget(self, lead: Lead, user: str) -> Answer:
        await self._desk.precheck(forget_action(lead.lead_id, user, "asked"))
        return forgetting.ask(lead, await self._desk.reader(user).merged_into(lead))

    async def _two(self, asked: Asked, place: Place) -> tuple[str, ...]:
        """The numbers of the two leads; in a card's thread one is enough, and the other is the card's."""
        if len(asked.numbers) == 1 and place.here is not None:
            return ((await self._desk.lead(place.here)).number, *asked.numbers)
        return asked.numbers

    async def _order(self, asked: Asked, lead: Lead, place: Place) -> Answer | None:
        if asked.verb == Verb.EDIT or (asked.verb in FORMS and not asked.words):
            if place.trigger_id is not None:
                await self._form(FORMS[asked.verb], lead, place)
                return None
            if asked.verb == Verb.EDIT:
                return answers.told("The form is in the card's menu, or */lead edit L-1042* opens it.")
        try:
            words = await self._readable(asked.words)
            target = await self._target(asked, lead, place.user)
            said = orders.fields(
                Asked(verb=asked.verb, words=words),
                self._desk.now(lead.desk),
                target=target,
            )
        except Unclear as error:
            return answers.told(sentence(str(error)))
        action = Action(
            key=f"action:{lead.lead_id}:{place.key}",
            lead_id=lead.lead_id,
            actor=place.user,
            reply_to=place.reply_to,
            **said,
        )
        await self._desk.precheck(action)
        if place.confirms:
            return confirming.ask(lead, action, now=self._desk.now(lead.desk), hidden=self._desk.hidden)
        await self._desk.act(action)
        if lead.lead_id == place.here:
            return None
        return answers.told(f"{lead.number}: on its way, its card shows it in a moment.")

    async def _form(self, name: ActionName, lead: Lead, place: Place) -> None:
        body = {"trigger_id": place.trigger_id, "user_id": place.user}
        await menu.open_form(self._desk, self._slack, name, lead.lead_id, body)

    async def _target(self, asked: Asked, lead: Lead, user: str) -> str | None:
        if asked.verb == Verb.MOVE:
            return asked.channel and await self._desk_called(asked.channel)
        return await self._owner(asked, lead, user) if asked.verb == Verb.ASSIGN else None

    async def _desk_called(self, channel: str) -> str:
        """The desk's channel as its file names it, given an id or a #name; what is no desk stays as it is."""
        try:
            channel_id = await self._directory.channel_id(channel)
            named = await self._directory.named(self._desk.desks.channels)
        except Refused:  # there is no such channel
            return channel
        return named.get(channel_id, channel)

    async def _owner(self, asked: Asked, lead: Lead, user: str) -> str | None:
        """Who was named as the new owner: a mention, a name of somebody of the desk, or oneself."""
        if asked.people:
            return asked.people[0]
        if asked.words.lower() in ME:
            return user
        if not asked.words:
            return None
        found = await self._directory.member_named(asked.words, lead.desk)
        if found is None:
            raise NotAllowed(f"“{asked.words[:80]}” is nobody of this desk, or more than one: write @name.")
        return found

    async def _readable(self, words: str) -> str:
        """Words with names in the place of mentions."""
        for user in dict.fromkeys(MENTION.findall(words)):
            name = await self._directory.name_of(user) or user
            words = words.replace(f"<@{user}>", f"@{name}")
        return words


def forget_action(lead_id: str, user: str, at: str, *, reply_to: str | None = None) -> Action:
    """The erasing of a lead. Its key begins like no other of the lead: those are ended by it."""
    return Action(
        key=f"erase:{lead_id}:{user}:{at}",
        name=ActionName.FORGET,
        lead_id=lead_id,
        actor=user,
        reply_to=reply_to,
    )


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the button that erases."""

    @app.action(forgetting.FORGET)
    async def forgotten(
        ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], respond: AsyncRespond
    ) -> None:
        user = body["user"]["id"]
        await desk.act(
            forget_action(action["value"], user, action["action_ts"], reply_to=body.get("response_url"))
        )
        await ack()
        await respond(text="It is being erased; you are told when it is done.", replace_original=True)
