"""Acts as a person in Slack: says, clicks, types commands, fills modals; refuses as Slack's client does."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.sandbox.slack import agent, forms, modals, payloads, typed
from bot.sandbox.slack import blocks as kit
from bot.sandbox.slack.integrations import Integrations
from bot.sandbox.slack.methods_chat import answer_to, content, react
from bot.sandbox.slack.values import Ack, CannotAct, Channel, Json, SlackError, User
from bot.sandbox.slack.workspace import made_id


class People(Integrations):
    """The workspace's people; every ``user`` and ``channel`` is an id or a name."""

    async def say(
        self, user: str, channel: str, text: str, thread_ts: str | None = None, files: Sequence[str] = ()
    ) -> str:
        """Write a message as one types it (``@dana``, ``#leads`` and addresses become links); its ts.

        ``files`` are names of files that are dropped into it; it is a ``file_share`` then.
        """
        who, where = self._user(user), self._channel(channel)
        if who.id not in where.members:
            raise CannotAct(f"{who.name} is not in #{where.name}")
        message: Json = {
            "client_msg_id": self._space.mint("client-"),
            "user": who.id,
            "text": self._as_sent(text),
            "blocks": [typed.as_rich_text(text, self._space.mint("b"))],
        }
        if files:
            shared = [{"id": self._space.mint("F"), "name": name, "user": who.id} for name in files]
            message |= {"subtype": "file_share", "files": shared, "upload": False}
        if thread_ts is not None:
            root = self._message(where, thread_ts)
            message |= {"thread_ts": thread_ts, "parent_user_id": root.get("user")}
        kept = self._desk.post(where, message)
        if f"<@{self._space.bot_user}>" in kept["text"] and where.kind != "im":
            mention = {**payloads.message_event(kept, where), "type": "app_mention"}
            mention.pop("channel_type")
            self._desk.emit(mention, where)
        return str(kept["ts"])

    async def edit(self, user: str, channel: str, ts: str, text: str) -> None:
        """Change one's own message."""
        who, where = self._user(user), self._channel(channel)
        self._own(who, where, ts)
        edited = {"user": who.id, "ts": self._space.next_ts()}
        blocks = [typed.as_rich_text(text, self._space.mint("b"))]
        self._desk.edit(where, ts, text=self._as_sent(text), blocks=blocks, edited=edited)

    async def delete(self, user: str, channel: str, ts: str) -> None:
        """Delete one's own message."""
        who, where = self._user(user), self._channel(channel)
        self._own(who, where, ts)
        self._desk.delete(where, ts)

    async def react(self, user: str, channel: str, ts: str, name: str) -> None:
        """Put a reaction on a message."""
        who, where = self._user(user), self._channel(channel)
        self._message(where, ts)
        try:
            react(self._desk, where, ts, name, who.id)
        except SlackError as error:
            raise CannotAct(error.error) from None

    async def join(self, user: str, channel: str) -> None:
        """Join a channel."""
        who, where = self._user(user), self._channel(channel)
        self._space.membership(where.id, who.id, member=True)
        event = {
            "type": "member_joined_channel",
            "user": who.id,
            "channel": where.id,
            "channel_type": "C" if where.kind == "channel" else "G",
            "team": self._space.team_id,
            "event_ts": self._space.next_ts(),
        }
        self._desk.emit(event, self._space.channels[where.id])

    async def archive(self, user: str, channel: str, *, archived: bool = True) -> None:
        """Archive a channel, or bring it back."""
        who, where = self._user(user), self._space.channels[self._channel(channel).id]
        self._space.channels[where.id] = replace(where, archived=archived)
        what = ("channel" if where.kind == "channel" else "group") + (
            "_archive" if archived else "_unarchive"
        )
        event = {"type": what, "channel": where.id, "user": who.id, "event_ts": self._space.next_ts()}
        self._desk.emit(event, self._space.channels[where.id])

    async def hire(self, name: str, *channels: str, is_guest: bool = False, team: str | None = None) -> str:
        """A new person in the workspace and in these channels; their id.

        is_guest: invited into these channels only. team: of another organisation (Slack Connect); the
        channels are shared with it then.
        """
        who = User(
            id=made_id("U", name),
            name=name,
            real_name=name.title(),
            email=f"{name}@leaddesk.example",
            is_guest=is_guest,
            team=team,
        )
        if who.id in self._space.users:
            raise CannotAct(f"there is somebody called {name} already")
        self._space.users[who.id] = who
        for channel in channels:
            await self.join(who.id, channel)
        return who.id

    def promote(self, user: str) -> None:
        """Make somebody an admin of the workspace."""
        who = self._user(user)
        self._space.users[who.id] = replace(who, is_admin=True)

    async def deactivate(self, user: str) -> None:
        """Somebody leaves the workspace: their account stays, in no channel and no group."""
        who = self._user(user)
        for channel in list(self._space.channels.values()):
            if who.id in channel.members and channel.kind != "im":
                self._space.membership(channel.id, who.id, member=False)
        for group, (name, people) in self._space.usergroups.items():
            self._space.usergroups[group] = (name, tuple(each for each in people if each != who.id))
        self._space.users[who.id] = replace(who, deleted=True)

    async def leave(self, user: str, channel: str) -> None:
        """Leave a channel."""
        self._space.membership(self._channel(channel).id, self._user(user).id, member=False)

    async def click(
        self,
        user: str,
        channel: str,
        ts: str,
        action_id: str,
        *,
        value: Any = None,
        selected_user: str | None = None,
        selected_option: Any = None,
    ) -> Ack:
        """Use an element of a message (an ephemeral one too); raise CannotAct if it is not there."""
        who, where = self._user(user), self._channel(channel)
        if where.kind != "channel" and who.id not in where.members:
            raise CannotAct(f"{who.name} cannot see #{where.name}")
        message = self._visible(who, where, ts)
        pairs = list(kit.interactive(message.get("blocks", [])))
        given = self._given(value, selected_user, selected_option)
        block, element = modals.find(pairs, action_id)
        action = forms.action(block, element, given, self._space.next_ts())
        touched = {action_id: forms.entered(element, given)} if forms.initial(element) else {}
        payload = payloads.interaction(
            self._space,
            "block_actions",
            who,
            **payloads.on_message(where, message),
            trigger_id=self._space.new_trigger(who.id, self._desk.timing.trigger),
            response_url=self._desk.response_url(who.id, where.id, message),
            state={"values": forms.values_of(pairs, touched)},
            actions=[action],
        )
        return await self._interact(payload)

    async def click_view(
        self,
        user: str,
        view_id: str,
        action_id: str,
        *,
        value: Any = None,
        selected_user: str | None = None,
        selected_option: Any = None,
    ) -> Ack:
        """Use an element of an open modal or of Home; raise CannotAct if it is not there."""
        given = self._given(value, selected_user, selected_option)
        return await modals.click(self._desk, self._user(user), view_id, action_id, given)

    async def suggest(
        self,
        user: str,
        action_id: str,
        value: str,
        *,
        channel: str | None = None,
        ts: str | None = None,
        view_id: str | None = None,
    ) -> Ack:
        """Type into an external select; the Ack's payload is the app's ``options`` or ``option_groups``."""
        who = self._user(user)
        if view_id is not None:
            view = modals.shown(self._desk, who, view_id)
            blocks, place = view["blocks"], payloads.on_view(view, {})
        else:
            where = self._channel(channel or "")
            message = self._visible(who, where, ts or "")
            blocks, place = message.get("blocks", []), payloads.on_message(where, message)
        block, element = modals.find(list(kit.interactive(blocks)), action_id)
        payload = payloads.interaction(
            self._space,
            "block_suggestion",
            who,
            **place,
            action_id=element["action_id"],
            block_id=block["block_id"],
            value=value,
        )
        return await self._interact(payload)

    async def look_at(self, user: str, channel: str) -> None:
        """Look at a channel while the agent is open beside it."""
        agent.look_at(self._desk, self._user(user), self._channel(channel))

    async def start_assistant(self, user: str, beside: str | None = None) -> str:
        """Open the assistant of an app with the legacy ``assistant_view``; the ts of its new thread."""
        return agent.start_assistant(
            self._desk, self._user(user), None if beside is None else self._channel(beside)
        )

    async def stop_agent(self, user: str, channel: str, thread_ts: str) -> None:
        """Press stop on a session that is processing; ends its streams, its status is the app's to change."""
        agent.stop(self._desk, self._user(user), self._channel(channel), thread_ts)

    async def submit(self, user: str, view_id: str, values: Json | None = None) -> Ack:
        """Fill the topmost modal and submit it; does what the app's response_action says.

        ``values`` maps block ids (or action ids) to what is entered: text, an option's value, a user, a date,
        a list of those, or the value in Slack's shape. What Slack's client would not submit comes back as
        ``errors`` and never reaches the app.
        """
        return await modals.submit(self._desk, self._user(user), view_id, values or {})

    async def close_view(self, user: str, view_id: str, *, all_of_them: bool = False) -> Ack:
        """Close the topmost modal, or the whole stack; tells the app if the view asked for that."""
        return await modals.close(self._desk, self._user(user), view_id, all_of_them=all_of_them)

    async def command(self, user: str, channel: str, command: str, text: str = "") -> Ack:
        """Type a slash command; what it answers is shown to them, and is the Ack's payload."""
        who, where = self._user(user), self._channel(channel)
        if command not in {each.command for each in self._desk.app.commands}:
            raise CannotAct(f"{command} is not a valid command")
        if where.kind != "channel" and who.id not in where.members:
            raise CannotAct(f"{who.name} cannot see #{where.name}")
        payload = payloads.slash(
            self._space,
            who,
            where,
            command,
            typed.escaped(text),
            response_url=self._desk.response_url(who.id, where.id),
            trigger_id=self._space.new_trigger(who.id, self._desk.timing.trigger),
        )
        ack = await self._desk.delivery.interact("slash_commands", payload)
        if not ack.ok:
            self._slackbot(who, where, f'{command} failed with the error "{ack.error}"')
            return ack
        if not ack.payload:
            return ack
        try:
            words, blocks = content(self._desk, ack.payload)
        except SlackError as error:
            self._desk.note_refusal(command, error, ack.payload)
            self._slackbot(who, where, f'{command} failed with the error "{error.error}"')
            return Ack(ok=False, payload=ack.payload, error=error.error)
        public = ack.payload.get("response_type") == "in_channel"
        answer_to(self._desk, who.id, where, self._desk.bot_message(words, blocks), public=public)
        return ack

    async def shortcut(
        self, user: str, callback_id: str, *, channel: str | None = None, ts: str | None = None
    ) -> Ack:
        """Use a global shortcut, or a message's one with ``channel`` and ``ts``."""
        who = self._user(user)
        kind = "message" if ts is not None else "global"
        if (kind, callback_id) not in {(s.type, s.callback_id) for s in self._desk.app.shortcuts}:
            raise CannotAct(f"the app has no {kind} shortcut {callback_id}")
        more: Json = {
            "callback_id": callback_id,
            "trigger_id": self._space.new_trigger(who.id, self._desk.timing.trigger),
            "action_ts": self._space.next_ts(),
        }
        if channel is None or ts is None:
            return await self._interact(payloads.interaction(self._space, "shortcut", who, **more))
        where = self._channel(channel)
        message = self._message(where, ts)
        more |= {
            "channel": {"id": where.id, "name": where.name},
            "message": message,
            "message_ts": ts,
            "response_url": self._desk.response_url(who.id, where.id, message),
        }
        return await self._interact(payloads.interaction(self._space, "message_action", who, **more))

    async def open_home(self, user: str, tab: str = "home") -> None:
        """Look at the app's Home, or its Messages tab (``messages``)."""
        agent.open_home(self._desk, self._user(user), tab)

    async def _interact(self, payload: Json) -> Ack:
        if not self._desk.app.interactive:
            raise CannotAct("the manifest does not enable interactivity")
        return await self._desk.delivery.interact("interactive", payload)

    def _given(self, value: Any, user: str | None, option: Any) -> Any:
        if user is not None:
            return self._user(user).id
        return option if option is not None else value

    def _as_sent(self, text: str) -> str:
        users = {u.name: u.id for u in self._space.users.values()}
        channels = {c.name: c.id for c in self._space.channels.values() if c.kind != "im"}
        return typed.as_sent(text, users, channels)

    def _slackbot(self, who: User, where: Channel, text: str) -> None:
        self._space.whisper(who.id, {"user": "USLACKBOT", "text": text, "channel": where.id})

    def _user(self, name: str) -> User:
        try:
            return self._space.user(name)
        except KeyError:
            raise CannotAct(f"there is no user {name}") from None

    def _message(self, where: Channel, ts: str) -> Json:
        message = self._space.message(where.id, ts)
        if message is None:
            raise CannotAct(f"there is no message {ts} in #{where.name}")
        return message

    def _own(self, who: User, where: Channel, ts: str) -> None:
        if self._message(where, ts).get("user") != who.id:
            raise CannotAct(f"message {ts} is not {who.name}'s own")

    def _visible(self, who: User, where: Channel, ts: str) -> Json:
        for message in self._space.ephemerals.get(who.id, []):
            if message["ts"] == ts and message["channel"] == where.id:
                return message
        return self._message(where, ts)
