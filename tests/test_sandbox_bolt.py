"""The sandbox under the real Bolt app in Socket Mode: what an app and its people experience together."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp, AsyncAssistant
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.fixtures import Options
from bot.sandbox.slack.server import SlackSandbox, running
from bot.sandbox.slack.values import CannotAct
from tests.sandbox_app import CARD, EVERYTHING, FORM, Json, bolt, client_of, connected, modal, section


@pytest.fixture
def slack_options() -> Options:
    return {"app": EVERYTHING}


@pytest.fixture
def app(slack: SlackSandbox) -> AsyncApp:
    return bolt(slack)


async def test_a_message_in_the_desk_channel_reaches_the_app(slack: SlackSandbox, app: AsyncApp) -> None:
    @app.message()
    async def heard(message: Json, say: Any) -> None:
        await say(text=f"heard {message['text']}", thread_ts=message["ts"])

    async with connected(slack, app):
        ts = await slack.say("dana", "leads", "Brakes & squeal")
        replies = await slack.until(lambda s: s.thread("leads", ts))
    assert [r["text"] for r in replies] == ["heard Brakes &amp; squeal"]


async def test_a_message_where_the_bot_is_not_a_member_stays_unheard(
    slack: SlackSandbox, app: AsyncApp
) -> None:
    heard: list[str] = []

    @app.message()
    async def hear(message: Json) -> None:
        heard.append(message["text"])

    async with connected(slack, app):
        await slack.say("dana", "general", "not for the bot")
        await slack.say("dana", "leads", "for the bot")
        await slack.until(lambda _: heard)
    assert heard == ["for the bot"]


async def test_the_bots_own_messages_carry_its_bot_id_and_app_id(slack: SlackSandbox) -> None:
    await client_of(slack).chat_postMessage(channel=slack.desk_channel, text="a lead")
    message = slack.messages("leads")[0]
    assert (message["bot_id"], message["app_id"]) == (slack.team.bot_id, slack.team.app_id)


async def test_a_click_edits_the_card_it_was_made_on(slack: SlackSandbox, app: AsyncApp) -> None:
    @app.action("claim")
    async def claim(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        place = body["container"]
        text = f"claimed by {body['user']['id']}"
        await client.chat_update(channel=place["channel_id"], ts=place["message_ts"], text=text)

    async with connected(slack, app):
        posted = await client_of(slack).chat_postMessage(channel=slack.desk_channel, text="lead", blocks=CARD)
        ack = await slack.click("marco", "leads", posted["ts"], "claim")
        assert ack.ok
        card = await slack.until(lambda s: [m for m in s.messages("leads") if "edited" in m])
    assert card[0]["text"] == f"claimed by {slack.user('marco')}"


async def test_a_choice_in_a_menu_carries_who_was_chosen(slack: SlackSandbox, app: AsyncApp) -> None:
    seen: list[Json] = []

    @app.action({"block_id": "do"})
    async def take(ack: Any, body: Json) -> None:
        await ack()
        seen.append(body)

    async with connected(slack, app):
        posted = await client_of(slack).chat_postMessage(channel=slack.desk_channel, text="lead", blocks=CARD)
        await slack.click("marco", "leads", posted["ts"], "reassign", selected_user="priya")
        await slack.click("marco", "leads", posted["ts"], "more", selected_option="merge")
        await slack.until(lambda _: len(seen) == 2)
    assert seen[0]["actions"][0]["selected_user"] == slack.user("priya")
    assert seen[1]["actions"][0]["selected_option"]["value"] == "merge"
    assert seen[0]["state"]["values"]["do"]["reassign"]["selected_user"] == slack.user("priya")


async def test_a_click_on_what_the_card_does_not_have_is_refused(slack: SlackSandbox) -> None:
    posted = await client_of(slack).chat_postMessage(channel=slack.desk_channel, text="lead", blocks=CARD)
    with pytest.raises(CannotAct, match="claim, more, reassign"):
        await slack.click("marco", "leads", posted["ts"], "approve")


async def test_a_modal_is_refused_by_the_app_then_saved(slack: SlackSandbox, app: AsyncApp) -> None:
    @app.command("/lead")
    async def open_form(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.view("edit")
    async def save(ack: Any, view: Json) -> None:
        typed = view["state"]["values"]["name"]["typed"]["value"]
        if typed == "wrong":
            await ack(response_action="errors", errors={"name": "Not that one"})
        else:
            await ack()

    async with connected(slack, app):
        await slack.command("dana", "leads", "/lead", "edit")
        view_id = (await slack.until(lambda s: s.views("dana")))[0]["id"]
        wrong = await slack.submit("dana", view_id, {"name": "wrong"})
        shown = slack.views("dana")[0]["errors"]
        right = await slack.submit("dana", view_id, {"name": "Dana"})
    assert (wrong.error, shown, right.ok) == ("errors", {"name": "Not that one"}, True)
    assert slack.views("dana") == []


async def test_a_submission_can_update_push_and_clear(slack: SlackSandbox, app: AsyncApp) -> None:
    steps: Iterator[Json] = iter(
        [
            {"response_action": "update", "view": modal(section("two"), callback_id="edit")},
            {"response_action": "push", "view": modal(section("three"), callback_id="edit")},
            {"response_action": "clear"},
        ]
    )

    @app.shortcut("new_lead")
    async def open_form(ack: Any, shortcut: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=shortcut["trigger_id"], view=modal(section("one")))

    @app.view("edit")
    async def step(ack: Any) -> None:
        await ack(**next(steps))

    def words(sandbox: SlackSandbox) -> list[str]:
        return [view["blocks"][0]["text"]["text"] for view in sandbox.views("dana")]

    seen = []
    async with connected(slack, app):
        await slack.shortcut("dana", "new_lead")
        await slack.until(lambda s: s.views("dana"))
        for _ in range(3):
            await slack.submit("dana", slack.views("dana")[-1]["id"])
            seen.append(words(slack))
    assert seen == [["two"], ["two", "three"], []]


async def test_errors_for_a_block_that_the_modal_lacks_are_refused(
    slack: SlackSandbox, app: AsyncApp
) -> None:
    @app.shortcut("new_lead")
    async def open_form(ack: Any, shortcut: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=shortcut["trigger_id"], view=FORM)

    @app.view("edit")
    async def save(ack: Any) -> None:
        await ack(response_action="errors", errors={"nome": "misspelt"})

    async with connected(slack, app):
        await slack.shortcut("dana", "new_lead")
        view_id = (await slack.until(lambda s: s.views("dana")))[0]["id"]
        ack = await slack.submit("dana", view_id, {"name": "Dana"})
    assert (ack.ok, slack.refused[-1].method) == (False, "view_submission")
    assert slack.views("dana")[0]["id"] == view_id


async def test_closing_a_modal_tells_the_app_that_asked_for_it(slack: SlackSandbox, app: AsyncApp) -> None:
    closed: list[bool] = []

    @app.shortcut("new_lead")
    async def open_form(ack: Any, shortcut: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(
            trigger_id=shortcut["trigger_id"], view=modal(section("x"), notify_on_close=True)
        )

    @app.view_closed("edit")
    async def note(ack: Any, body: Json) -> None:
        await ack()
        closed.append(body["is_cleared"])

    async with connected(slack, app):
        await slack.shortcut("dana", "new_lead")
        view_id = (await slack.until(lambda s: s.views("dana")))[0]["id"]
        ack = await slack.close_view("dana", view_id)
    assert (ack.ok, closed, slack.views("dana")) == (True, [False], [])


async def test_a_command_answers_only_the_one_who_typed_it(slack: SlackSandbox, app: AsyncApp) -> None:
    @app.command("/lead")
    async def find(ack: Any, body: Json, respond: Any) -> None:
        await ack(f"looking for {body['text']}")
        await respond("found nothing")

    async with connected(slack, app):
        ack = await slack.command("olga", "general", "/lead", "brakes")
        await slack.until(lambda s: len(s.ephemerals("olga")) == 2)
    assert ack.text == "looking for brakes"
    assert {m["text"] for m in slack.ephemerals("olga")} == {"looking for brakes", "found nothing"}
    assert slack.ephemerals("dana") == []


async def test_a_command_can_answer_the_whole_channel(slack: SlackSandbox, app: AsyncApp) -> None:
    @app.command("/lead")
    async def find(ack: Any) -> None:
        await ack(text="for all", response_type="in_channel")

    async with connected(slack, app):
        await slack.command("dana", "leads", "/lead")
    assert [m["text"] for m in slack.messages("leads")] == ["for all"]


async def test_an_unknown_command_is_refused_as_slack_does(slack: SlackSandbox) -> None:
    with pytest.raises(CannotAct, match="not a valid command"):
        await slack.command("dana", "leads", "/leed")


async def test_a_command_nobody_answers_tells_the_person(slack: SlackSandbox) -> None:
    ack = await slack.command("dana", "leads", "/lead")
    assert (ack.ok, ack.error) == (False, "dispatch_failed")
    assert "dispatch_failed" in slack.ephemerals("dana")[0]["text"]


async def test_a_message_shortcut_carries_the_message(slack: SlackSandbox, app: AsyncApp) -> None:
    seen: list[str] = []

    @app.shortcut("make_lead")
    async def make(ack: Any, shortcut: Json) -> None:
        await ack()
        seen.append(shortcut["message"]["text"])

    async with connected(slack, app):
        ts = await slack.say("dana", "leads", "Call me")
        await slack.shortcut("priya", "make_lead", channel="leads", ts=ts)
    assert seen == ["Call me"]


async def test_home_is_published_when_somebody_opens_it(slack: SlackSandbox, app: AsyncApp) -> None:
    @app.event("app_home_opened")
    async def show(event: Json, client: AsyncWebClient) -> None:
        view = {"type": "home", "blocks": [section("Your leads")]}
        await client.views_publish(user_id=event["user"], view=view)

    async with connected(slack, app):
        await slack.open_home("priya")
        home = await slack.until(lambda s: s.home("priya"))
    assert home["blocks"][0]["text"]["text"] == "Your leads"


@pytest.mark.parametrize(
    ("act", "event"),
    [
        (lambda s, ts: s.react("marco", "leads", ts, "eyes"), "reaction_added"),
        (lambda s, _: s.join("olga", "leads"), "member_joined_channel"),
        (lambda s, _: s.say("marco", "leads", "@basecamp help"), "app_mention"),
        (lambda s, _: s.look_at("dana", "leads"), "app_context_changed"),
        (
            lambda s, ts: s.edit("dana", "leads", ts, "changed"),
            {"type": "message", "subtype": "message_changed"},
        ),
        (lambda s, ts: s.delete("dana", "leads", ts), {"type": "message", "subtype": "message_deleted"}),
    ],
)
async def test_what_people_do_comes_as_slacks_event(
    slack: SlackSandbox, app: AsyncApp, act: Any, event: Any
) -> None:
    seen: list[Json] = []

    @app.event(event)
    async def note(event: Json) -> None:
        seen.append(event)

    @app.event("message")
    async def ignore() -> None:
        """Everything else that is said."""

    ts = await slack.say("dana", "leads", "first")
    async with connected(slack, app):
        await act(slack, ts)
        await slack.until(lambda _: seen)
    assert len(seen) == 1


async def test_bolts_legacy_assistant_is_started_follows_and_answers() -> None:
    events = EVERYTHING.events | {"assistant_thread_started", "assistant_thread_context_changed"}
    async with running(app=replace(EVERYTHING, events=events, is_assistant=True)) as slack:
        seen: list[str | None] = []
        assistant, app = AsyncAssistant(), bolt(slack)

        @assistant.thread_started
        async def started(say: Any, context: Any) -> None:
            seen.append((await context.get_thread_context()).channel_id)
            await say("What are you looking for?")

        @assistant.thread_context_changed
        async def moved(context: Any) -> None:
            seen.append((await context.get_thread_context()).channel_id)

        @assistant.user_message
        async def answer(payload: Json, say: Any) -> None:
            await say(f"Looking for {payload['text']}")

        app.use(assistant)
        direct = slack.team.direct(slack.user("dana")).id
        async with connected(slack, app):
            ts = await slack.start_assistant("dana", beside="leads")
            await slack.until(lambda s: s.thread(direct, ts))
            await slack.look_at("dana", "front-desk")
            await slack.until(lambda _: len(seen) > 1)
            await slack.say("dana", direct, "brakes", thread_ts=ts)
            said = await slack.until(lambda s: len(s.thread(direct, ts)) > 2 and s.thread(direct, ts))
    assert seen == [slack.channel("leads"), slack.channel("front-desk")]
    assert [m["text"] for m in said] == ["What are you looking for?", "brakes", "Looking for brakes"]


async def test_an_app_without_the_legacy_surface_has_no_assistant(slack: SlackSandbox) -> None:
    with pytest.raises(CannotAct, match="no assistant_view"):
        await slack.start_assistant("dana")


async def test_pressing_stop_ends_the_stream_and_tells_the_app(slack: SlackSandbox, app: AsyncApp) -> None:
    stopped: list[Json] = []

    @app.event("agent_session_stopped")
    async def stop(event: Json) -> None:
        stopped.append(event)

    @app.event("message")
    async def ignore() -> None:
        """What is said meanwhile."""

    client, direct = client_of(slack), slack.team.direct(slack.user("dana")).id
    async with connected(slack, app):
        ts = await slack.say("dana", direct, "find brakes")
        await client.agents_sessions_setStatus(channel_id=direct, thread_ts=ts, status="processing")
        stream = await client.chat_startStream(channel=direct, thread_ts=ts, markdown_text="looking")
        await slack.stop_agent("dana", direct, ts)
        await slack.until(lambda _: stopped)
    assert stopped[0]["streaming_message_ts"] == [stream["ts"]]
