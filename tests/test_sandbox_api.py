"""The sandbox's Web API through the real SDK client: what Slack refuses is refused, with Slack's code."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.fixtures import Options
from bot.sandbox.slack.rates import BURST, Rates
from bot.sandbox.slack.server import SlackSandbox, running
from bot.sandbox.slack.values import Timing
from tests.sandbox_app import CARD, EVERYTHING, Json, client_of, modal, plain, section

LATER = "9999999999.000000"


@pytest.fixture
def slack_options() -> Options:
    return {"app": EVERYTHING}


@pytest.fixture
def client(slack: SlackSandbox) -> AsyncWebClient:
    return client_of(slack)


async def refusal(call: Awaitable[Any]) -> Json:
    """What Slack said no with."""
    with pytest.raises(SlackApiError) as refused:
        await call
    answer = refused.value.response.data
    assert isinstance(answer, dict)
    return answer


Refusal = Callable[[AsyncWebClient, SlackSandbox, str, str], Awaitable[Any]]
"""Client, sandbox, the desk channel's id, the ts of dana's message there."""

REFUSALS: dict[str, tuple[str, Refusal]] = {
    "an unknown method": ("unknown_method", lambda c, *_: c.api_call("chat.postMesage")),
    "no text": ("no_text", lambda c, _, ch, __: c.api_call("chat.postMessage", json={"channel": ch})),
    "blocks without text": (
        "no_text",
        lambda c, _, ch, __: c.api_call("chat.postMessage", json={"channel": ch, "blocks": CARD}),
    ),
    "blank text": ("no_text", lambda c, _, ch, __: c.chat_postMessage(channel=ch, text="  ")),
    "no such channel": ("channel_not_found", lambda c, *_: c.chat_postMessage(channel="C123", text="x")),
    "a channel the bot is not in": (
        "not_in_channel",
        lambda c, s, *_: c.chat_postMessage(channel=s.channel("general"), text="x"),
    ),
    "a private channel the bot is not in": (
        "channel_not_found",
        lambda c, s, *_: c.chat_postMessage(channel=s.channel("sales-leads"), text="x"),
    ),
    "blocks that are no JSON": (
        "invalid_blocks_format",
        lambda c, _, ch, __: c.chat_postMessage(channel=ch, text="x", blocks="[{"),
    ),
    "blocks that are no array": (
        "invalid_blocks_format",
        lambda c, _, ch, __: c.chat_postMessage(channel=ch, text="x", blocks='{"type": "divider"}'),
    ),
    "bad blocks": (
        "invalid_blocks",
        lambda c, _, ch, __: c.chat_postMessage(channel=ch, text="x", blocks=[section("x" * 3001)]),
    ),
    "too much in all blocks": (
        "msg_blocks_too_long",
        lambda c, _, ch, __: c.chat_postMessage(channel=ch, text="x", blocks=[section("x" * 3000)] * 5),
    ),
    "a thread that is not there": (
        "thread_not_found",
        lambda c, _, ch, __: c.chat_postMessage(channel=ch, text="x", thread_ts=LATER),
    ),
    "metadata without a type": (
        "invalid_metadata_schema",
        lambda c, _, ch, __: c.chat_postMessage(channel=ch, text="x", metadata={"event_payload": {}}),
    ),
    "too much metadata": (
        "metadata_too_large",
        lambda c, _, ch, __: c.chat_postMessage(
            channel=ch, text="x", metadata={"event_type": "t", "event_payload": {"x": "x" * 8000}}
        ),
    ),
    "text beside markdown": (
        "markdown_text_conflict",
        lambda c, _, ch, __: c.chat_postMessage(channel=ch, text="x", markdown_text="x"),
    ),
    "markdown of 12,001": (
        "msg_too_long",
        lambda c, _, ch, __: c.chat_postMessage(channel=ch, markdown_text="x" * 12_001),
    ),
    "an edit of nothing": (
        "message_not_found",
        lambda c, _, ch, __: c.chat_update(channel=ch, ts=LATER, text="x"),
    ),
    "an edit of another's message": (
        "cant_update_message",
        lambda c, _, ch, ts: c.chat_update(channel=ch, ts=ts, text="x"),
    ),
    "the deletion of another's message": (
        "cant_delete_message",
        lambda c, _, ch, ts: c.chat_delete(channel=ch, ts=ts),
    ),
    "an ephemeral to an outsider": (
        "user_not_in_channel",
        lambda c, s, ch, __: c.chat_postEphemeral(channel=ch, user=s.user("olga"), text="x"),
    ),
    "an ephemeral to nobody": (
        "user_not_found",
        lambda c, _, ch, __: c.chat_postEphemeral(channel=ch, user="U123", text="x"),
    ),
    "an ephemeral of 4,001": (
        "msg_too_long",
        lambda c, s, ch, __: c.chat_postEphemeral(channel=ch, user=s.user("dana"), text="x" * 4001),
    ),
    "a link to nothing": (
        "message_not_found",
        lambda c, _, ch, __: c.chat_getPermalink(channel=ch, message_ts=LATER),
    ),
    "a made-up trigger": (
        "invalid_trigger_id",
        lambda c, *_: c.views_open(trigger_id="1.2.abc", view=modal(section("x"))),
    ),
    "an update of a closed view": (
        "not_found",
        lambda c, *_: c.views_update(view_id="V123", view=modal(section("x"))),
    ),
    "a view over its limits": (
        "invalid_arguments",
        lambda c, *_: c.views_open(trigger_id="1.2.abc", view=modal(section("x"), title=plain("x" * 25))),
    ),
    "the history of a channel the bot is not in": (
        "not_in_channel",
        lambda c, s, *_: c.conversations_history(channel=s.channel("general")),
    ),
    "a cursor that is none": (
        "invalid_cursor",
        lambda c, _, ch, __: c.conversations_history(channel=ch, cursor="nonsense"),
    ),
    "a page that is too long": (
        "invalid_limit",
        lambda c, _, ch, __: c.conversations_history(channel=ch, limit=1000),
    ),
    "a thread's replies of nothing": (
        "thread_not_found",
        lambda c, _, ch, __: c.conversations_replies(channel=ch, ts=LATER),
    ),
    "an unknown user": ("user_not_found", lambda c, *_: c.users_info(user="U123")),
    "an unknown e-mail": ("users_not_found", lambda c, *_: c.users_lookupByEmail(email="no@x.example")),
    "an unknown user group": ("no_such_subteam", lambda c, *_: c.usergroups_users_list(usergroup="S123")),
    "a reaction on nothing": (
        "message_not_found",
        lambda c, _, ch, __: c.reactions_add(channel=ch, timestamp=LATER, name="eyes"),
    ),
    "a stream outside a thread": (
        "invalid_arguments",
        lambda c, _, ch, __: c.api_call("chat.startStream", json={"channel": ch}),
    ),
    "a stream in a channel for nobody": (
        "missing_recipient_user_id",
        lambda c, _, ch, ts: c.chat_startStream(channel=ch, thread_ts=ts),
    ),
    "five suggested prompts": (
        "invalid_arguments",
        lambda c, _, ch, __: c.assistant_threads_setSuggestedPrompts(
            channel_id=ch, prompts=[{"title": "t", "message": "m"}] * 5
        ),
    ),
    "an unknown session status": (
        "invalid_arguments",
        lambda c, _, ch, ts: c.agents_sessions_setStatus(channel_id=ch, thread_ts=ts, status="busy"),
    ),
}


@pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing")
@pytest.mark.parametrize(("error", "call"), REFUSALS.values(), ids=REFUSALS.keys())
async def test_what_slack_refuses_is_refused_with_its_code(
    slack: SlackSandbox, client: AsyncWebClient, error: str, call: Refusal
) -> None:
    ts = await slack.say("dana", "leads", "hello")
    answer = await refusal(call(client, slack, slack.desk_channel, ts))
    assert answer["error"] == error
    assert slack.refused[-1].error == error


async def test_bad_blocks_are_refused_with_a_pointer_to_what_is_wrong(
    slack: SlackSandbox, client: AsyncWebClient
) -> None:
    answer = await refusal(
        client.chat_postMessage(channel=slack.desk_channel, text="x", blocks=[section("x" * 3001)])
    )
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    ]


@pytest.mark.parametrize(
    ("token", "method", "error"),
    [
        ("", "auth.test", "not_authed"),
        ("xoxb-wrong", "auth.test", "invalid_auth"),
        ("app", "auth.test", "not_allowed_token_type"),
        ("bot", "apps.connections.open", "not_allowed_token_type"),
    ],
)
async def test_a_token_opens_only_what_it_is_for(
    slack: SlackSandbox, token: str, method: str, error: str
) -> None:
    real = {"app": slack.app_token, "bot": slack.bot_token}.get(token, token)
    answer = await refusal(AsyncWebClient(real, base_url=slack.api_url).api_call(method))
    assert answer["error"] == error


@pytest.mark.parametrize(
    ("needed", "call"),
    [
        ("reactions:write", lambda c: c.reactions_add(channel="C", timestamp="1", name="eyes")),
        ("users:read.email", lambda c: c.users_lookupByEmail(email="dana@leaddesk.example")),
        ("im:write", lambda c: c.conversations_open(users="U1")),
        ("files:write", lambda c: c.files_getUploadURLExternal(filename="x", length=1)),
        ("im:read", lambda c: c.conversations_list(types="public_channel,im")),
        ("usergroups:read", lambda c: c.usergroups_users_list(usergroup="S1")),
    ],
)
async def test_what_the_manifest_does_not_ask_for_is_a_missing_scope(needed: str, call: Any) -> None:
    app = replace(EVERYTHING, scopes=EVERYTHING.scopes - {needed})
    async with running(app=app) as slack:
        answer = await refusal(call(client_of(slack)))
    assert (answer["error"], answer["needed"]) == ("missing_scope", needed)


async def test_a_user_s_email_is_told_only_with_its_scope() -> None:
    seen = []
    for app in (replace(EVERYTHING, scopes=frozenset({"users:read"})), EVERYTHING):
        async with running(app=app) as slack:
            answer = await client_of(slack).users_info(user=slack.user("dana"))
            seen.append("email" in answer["user"]["profile"])
    assert seen == [False, True]


async def test_home_is_published_only_where_the_manifest_has_the_tab() -> None:
    async with running(app=replace(EVERYTHING, home_tab=False)) as slack:
        view = {"type": "home", "blocks": [section("x")]}
        answer = await refusal(client_of(slack).views_publish(user_id=slack.user("dana"), view=view))
    assert answer["error"] == "not_enabled"


async def test_message_ts_are_unique_and_increasing(slack: SlackSandbox, client: AsyncWebClient) -> None:
    answers = await asyncio.gather(
        *(client.chat_postMessage(channel=slack.desk_channel, text=str(n)) for n in range(50))
    )
    kept = [m["ts"] for m in slack.messages("leads")]
    assert kept == sorted({a["ts"] for a in answers})


async def test_an_edit_replaces_text_and_blocks_and_keeps_the_ts(
    slack: SlackSandbox, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(channel=slack.desk_channel, text="a", blocks=CARD)
    await client.chat_update(channel=slack.desk_channel, ts=posted["ts"], text="b", blocks=[section("b")])
    message = slack.messages("leads")[0]
    assert (message["ts"], message["text"], len(message["blocks"])) == (posted["ts"], "b", 1)


async def test_an_edit_with_text_alone_removes_the_blocks(
    slack: SlackSandbox, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(channel=slack.desk_channel, text="a", blocks=CARD)
    await client.chat_update(channel=slack.desk_channel, ts=posted["ts"], text="b")
    assert "blocks" not in slack.messages("leads")[0]


async def test_an_edit_of_more_than_4000_characters_is_too_long(
    slack: SlackSandbox, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(channel=slack.desk_channel, text="a")
    answer = await refusal(client.chat_update(channel=slack.desk_channel, ts=posted["ts"], text="x" * 4001))
    assert answer["error"] == "msg_too_long"


async def test_a_message_of_more_than_40000_characters_is_cut(
    slack: SlackSandbox, client: AsyncWebClient
) -> None:
    answer = await client.chat_postMessage(channel=slack.desk_channel, text="x" * 40_001)
    assert (len(answer["message"]["text"]), answer["warning"]) == (40_000, "message_truncated")


async def test_a_message_can_go_to_a_channel_by_name_or_to_a_person(
    slack: SlackSandbox, client: AsyncWebClient
) -> None:
    named = await client.chat_postMessage(channel="#leads", text="x")
    direct = await client.chat_postMessage(channel=slack.user("dana"), text="x")
    opened = await client.conversations_open(users=slack.user("dana"))
    assert (named["channel"], direct["channel"]) == (slack.desk_channel, opened["channel"]["id"])


async def test_replies_are_counted_on_their_thread(slack: SlackSandbox, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel=slack.desk_channel, text="root")
    for n in range(3):
        await client.chat_postMessage(channel=slack.desk_channel, text=str(n), thread_ts=posted["ts"])
    last = slack.thread("leads", posted["ts"])[-1]
    await client.chat_delete(channel=slack.desk_channel, ts=last["ts"])
    root = slack.messages("leads")[0]
    assert (root["reply_count"], len(slack.messages("leads"))) == (2, 1)


async def test_an_archived_channel_takes_no_messages_until_it_is_back(
    slack: SlackSandbox, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(channel=slack.desk_channel, text="root")
    await slack.archive("dana", "leads")
    refused = await refusal(client.chat_postMessage(channel=slack.desk_channel, text="x"))
    unchanged = await refusal(client.chat_update(channel=slack.desk_channel, ts=posted["ts"], text="x"))
    assert (refused["error"], unchanged["error"]) == ("is_archived", "is_inactive")
    listed = await client.conversations_list(exclude_archived=True)
    assert slack.desk_channel not in {each["id"] for each in listed["channels"]}
    await slack.archive("dana", "leads", archived=False)
    assert (await client.chat_postMessage(channel=slack.desk_channel, text="x"))["ok"]


async def test_a_deleted_message_with_replies_leaves_a_tombstone(
    slack: SlackSandbox, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(channel=slack.desk_channel, text="root")
    await client.chat_postMessage(channel=slack.desk_channel, text="reply", thread_ts=posted["ts"])
    await client.chat_delete(channel=slack.desk_channel, ts=posted["ts"])
    answer = await refusal(client.chat_update(channel=slack.desk_channel, ts=posted["ts"], text="x"))
    assert (slack.messages("leads")[0]["subtype"], answer["error"]) == ("tombstone", "message_not_found")


async def test_history_comes_in_pages_newest_first(slack: SlackSandbox, client: AsyncWebClient) -> None:
    for n in range(5):
        await client.chat_postMessage(channel=slack.desk_channel, text=str(n))
    first = await client.conversations_history(channel=slack.desk_channel, limit=2)
    pages = [[m["text"] for m in page["messages"]] async for page in first]
    assert pages == [["4", "3"], ["2", "1"], ["0"]]


async def test_history_between_two_times_excludes_both(slack: SlackSandbox, client: AsyncWebClient) -> None:
    ts = [(await client.chat_postMessage(channel=slack.desk_channel, text=str(n)))["ts"] for n in range(4)]
    answer = await client.conversations_history(channel=slack.desk_channel, oldest=ts[0], latest=ts[3])
    assert [m["text"] for m in answer["messages"]] == ["2", "1"]


@pytest.mark.parametrize("asked", [True, False])
async def test_history_tells_metadata_only_when_asked(
    slack: SlackSandbox, client: AsyncWebClient, *, asked: bool
) -> None:
    metadata = {"event_type": "card", "event_payload": {"lead_id": "1"}}
    await client.chat_postMessage(channel=slack.desk_channel, text="x", metadata=metadata)
    answer = await client.conversations_history(channel=slack.desk_channel, include_all_metadata=asked)
    assert answer["messages"][0].get("metadata") == (metadata if asked else None)


async def test_replies_begin_with_the_thread_s_first_message(
    slack: SlackSandbox, client: AsyncWebClient
) -> None:
    ts = await slack.say("dana", "leads", "root")
    await slack.say("marco", "leads", "reply", thread_ts=ts)
    answer = await client.conversations_replies(channel=slack.desk_channel, ts=ts)
    assert [m["text"] for m in answer["messages"]] == ["root", "reply"]


async def test_members_of_the_desk_are_its_people_and_the_bot(
    slack: SlackSandbox, client: AsyncWebClient
) -> None:
    answer = await client.conversations_members(channel=slack.desk_channel)
    people = {slack.user(name) for name in ("dana", "marco", "priya")}
    assert set(answer["members"]) == people | {slack.team.bot_user}


async def test_public_channels_are_listed_in_pages(client: AsyncWebClient) -> None:
    pages = [[c["name"] for c in page["channels"]] async for page in await client.conversations_list(limit=2)]
    assert pages == [["leads", "general"], ["front-desk"]]


async def test_a_trigger_works_once(slack: SlackSandbox, client: AsyncWebClient) -> None:
    trigger = slack.team.new_trigger(slack.user("dana"), 3.0)
    await client.views_open(trigger_id=trigger, view=modal(section("x")))
    answer = await refusal(client.views_open(trigger_id=trigger, view=modal(section("x"))))
    assert answer["error"] == "exchanged_trigger_id"


async def test_a_trigger_is_gone_after_its_time(slack: SlackSandbox, client: AsyncWebClient) -> None:
    trigger = slack.team.new_trigger(slack.user("dana"), -1.0)
    answer = await refusal(client.views_open(trigger_id=trigger, view=modal(section("x"))))
    assert answer["error"] == "expired_trigger_id"


async def test_a_fourth_modal_does_not_fit(slack: SlackSandbox, client: AsyncWebClient) -> None:
    user = slack.user("dana")
    await client.views_open(trigger_id=slack.team.new_trigger(user, 3.0), view=modal(section("x")))

    def push() -> Awaitable[Any]:
        trigger = slack.team.new_trigger(user, 3.0, slack.views("dana")[-1]["id"])
        return client.views_push(trigger_id=trigger, view=modal(section("x")))

    await push()
    await push()
    assert (await refusal(push()))["error"] == "push_limit_reached"


async def test_a_view_that_changed_meanwhile_is_a_hash_conflict(
    slack: SlackSandbox, client: AsyncWebClient
) -> None:
    trigger = slack.team.new_trigger(slack.user("dana"), 3.0)
    view = (await client.views_open(trigger_id=trigger, view=modal(section("x"))))["view"]
    await client.views_update(view_id=view["id"], hash=view["hash"], view=modal(section("y")))
    answer = await refusal(
        client.views_update(view_id=view["id"], hash=view["hash"], view=modal(section("z")))
    )
    assert answer["error"] == "hash_conflict"


async def test_an_external_id_is_for_one_view(slack: SlackSandbox, client: AsyncWebClient) -> None:
    view = modal(section("x"), external_id="lead-1")
    await client.views_open(trigger_id=slack.team.new_trigger(slack.user("dana"), 3.0), view=view)
    await client.views_update(external_id="lead-1", view=view)
    trigger = slack.team.new_trigger(slack.user("marco"), 3.0)
    answer = await refusal(client.views_open(trigger_id=trigger, view=view))
    assert answer["error"] == "duplicate_external_id"


async def test_a_reaction_is_added_once(slack: SlackSandbox, client: AsyncWebClient) -> None:
    ts = await slack.say("dana", "leads", "x")
    await client.reactions_add(channel=slack.desk_channel, timestamp=ts, name="eyes")
    answer = await refusal(client.reactions_add(channel=slack.desk_channel, timestamp=ts, name="eyes"))
    assert answer["error"] == "already_reacted"


async def test_a_file_is_uploaded_into_a_thread(slack: SlackSandbox, client: AsyncWebClient) -> None:
    ts = await slack.say("dana", "leads", "x")
    await client.files_upload_v2(
        filename="leads.csv", content="a,b", channel=slack.desk_channel, thread_ts=ts, initial_comment="here"
    )
    reply = slack.thread("leads", ts)[0]
    assert (reply["text"], reply["files"][0]["name"]) == ("here", "leads.csv")


async def test_a_stream_grows_until_it_is_stopped(slack: SlackSandbox, client: AsyncWebClient) -> None:
    channel = (await client.conversations_open(users=slack.user("dana")))["channel"]["id"]
    root = await slack.say("dana", channel, "find brakes")
    stream = await client.chat_startStream(channel=channel, thread_ts=root, markdown_text="one ")
    await client.chat_appendStream(channel=channel, ts=stream["ts"], markdown_text="two ")
    await client.chat_stopStream(channel=channel, ts=stream["ts"], markdown_text="three")
    late = await refusal(client.chat_appendStream(channel=channel, ts=stream["ts"], markdown_text="x"))
    assert slack.thread(channel, root)[0]["text"] == "one two three"
    assert late["error"] == "message_not_in_streaming_state"


async def test_a_session_keeps_its_title_and_changes_its_status(
    slack: SlackSandbox, client: AsyncWebClient
) -> None:
    ts = await slack.say("dana", "leads", "x")
    for status in ("processing", "active"):
        answer = await client.agents_sessions_setStatus(
            channel_id=slack.desk_channel, thread_ts=ts, status=status, title=status
        )
    assert (answer["status"], answer["title"]) == ("active", "processing")


async def test_a_permalink_leads_to_the_page(slack: SlackSandbox, client: AsyncWebClient) -> None:
    ts = await slack.say("dana", "leads", "x")
    link = (await client.chat_getPermalink(channel=slack.desk_channel, message_ts=ts))["permalink"]
    assert link == f"{slack.page}archives/{slack.desk_channel}/p{ts.replace('.', '')}"


@pytest.mark.parametrize(("body", "error"), [("{", "invalid_json"), ("[]", "json_not_object")])
async def test_a_body_that_is_no_json_object_is_refused(slack: SlackSandbox, body: str, error: str) -> None:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {slack.bot_token}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{slack.api_url}chat.postMessage", data=body, headers=headers) as response,
    ):
        assert (await response.json())["error"] == error


async def respond(url: str, body: Json) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
        return response.status, await response.text()


async def test_a_response_url_answers_five_times(slack: SlackSandbox) -> None:
    url = slack.new_response_url("dana", "leads")
    statuses = [(await respond(url, {"text": str(n)}))[0] for n in range(6)]
    assert statuses == [200] * 5 + [404]
    assert (len(slack.ephemerals("dana")), slack.refused[-1].error) == (5, "used_url")


async def test_a_response_url_ends_after_its_time() -> None:
    async with running(timing=Timing(response_url=-1.0)) as slack:
        status, body = await respond(slack.new_response_url("dana", "leads"), {"text": "x"})
    assert status == 404
    assert "expired_url" in body


async def test_a_response_url_s_blocks_are_checked(slack: SlackSandbox) -> None:
    url = slack.new_response_url("dana", "leads")
    status, body = await respond(url, {"text": "x", "blocks": [section("x" * 3001)]})
    assert status == 400
    assert "invalid_blocks" in body


async def test_a_response_url_replaces_or_deletes_what_was_clicked(
    slack: SlackSandbox, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(channel=slack.desk_channel, text="a", blocks=CARD)
    url = slack.new_response_url("dana", "leads", posted["ts"])
    await respond(url, {"text": "b", "replace_original": True})
    replaced = slack.messages("leads")[0]["text"]
    await respond(url, {"delete_original": True})
    assert (replaced, slack.messages("leads")) == ("b", [])


async def test_an_ephemeral_can_be_replaced_and_deleted_through_its_response_url(
    slack: SlackSandbox, client: AsyncWebClient
) -> None:
    sent = await client.chat_postEphemeral(channel=slack.desk_channel, user=slack.user("dana"), text="a")
    url = slack.new_response_url("dana", "leads", sent["message_ts"])
    await respond(url, {"text": "b", "replace_original": True})
    replaced = [m["text"] for m in slack.ephemerals("dana")]
    await respond(url, {"delete_original": True})
    assert (replaced, slack.ephemerals("dana")) == (["b"], [])


async def test_strict_rates_answer_429_with_retry_after() -> None:
    async with running(strict_rates=True) as slack:
        client = client_of(slack)
        for _ in range(BURST):
            await client.chat_postMessage(channel=slack.desk_channel, text="x")
        with pytest.raises(SlackApiError) as refused:
            await client.chat_postMessage(channel=slack.desk_channel, text="x")
    response = refused.value.response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    assert int(response.headers["Retry-After"]) >= 1


@pytest.mark.parametrize(("method", "most"), [("chat.update", 50), ("users.list", 20), ("views.open", 100)])
def test_a_method_takes_as_many_calls_a_minute_as_its_tier(method: str, most: int) -> None:
    now = [0.0]
    rates = Rates(clock=lambda: now[0])
    assert [rates.take(method, "") for _ in range(most)] == [0] * most
    assert rates.take(method, "") == 60
    now[0] = 60.0
    assert rates.take(method, "") == 0


@pytest.mark.parametrize("method", ["conversations.history", "conversations.replies"])
def test_an_app_outside_the_marketplace_reads_history_once_a_minute(method: str) -> None:
    rates = Rates(clock=lambda: 0.0, distributed=True)
    assert (rates.take(method, ""), rates.take(method, "")) == (0, 60)


async def test_an_app_outside_the_marketplace_reads_fifteen_messages_at_once() -> None:
    async with running(app=EVERYTHING, distributed=True) as slack:
        for number in range(16):
            await slack.say("dana", "leads", str(number))
        page = await client_of(slack).conversations_history(channel=slack.desk_channel, limit=200)
    assert (len(page["messages"]), page["has_more"]) == (15, True)


def test_another_channel_has_its_own_rate() -> None:
    rates = Rates(clock=lambda: 0.0)
    for _ in range(BURST):
        rates.take("chat.postMessage", "C1")
    assert (rates.take("chat.postMessage", "C1") > 0, rates.take("chat.postMessage", "C2")) == (True, 0)
