"""The sandbox's page in a browser: channels, threads, commands, Home, refusals, unread marks."""

from typing import Any

import pytest
from playwright.async_api import Page, expect
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError

from bot.sandbox.fixtures import Options
from bot.sandbox.slack.server import SlackSandbox, running
from tests.sandbox_app import CARD, EVERYTHING, NAME, Json, bolt, client_of, connected, modal, plain, section
from tests.sandbox_page import IN_A_HURRY, look, message, post, write


@pytest.fixture
def slack_options() -> Options:
    return IN_A_HURRY


@pytest.fixture
def app(slack: SlackSandbox) -> AsyncApp:
    return bolt(slack)


async def test_home_shows_what_the_app_published_for_this_person(
    page: Page, slack: SlackSandbox, app: AsyncApp
) -> None:
    @app.event("app_home_opened")
    async def opened(event: Json, client: Any) -> None:
        view = {"type": "home", "blocks": [section(f"Leads of <@{event['user']}>")]}
        await client.views_publish(user_id=event["user"], view=view)

    async with connected(slack, app):
        await look(page, slack, "priya")
        await page.get_by_role("button", name="Home", exact=True).click()
        await expect(page.locator("#home")).to_have_text("Leads of @Priya Raman")


async def test_a_reply_stands_in_its_thread(page: Page, slack: SlackSandbox) -> None:
    ts = await slack.say("marco", "leads", "Who takes this?")
    await look(page, slack)
    await message(page, ts).hover()
    await page.get_by_role("button", name="Reply in thread").click()
    await page.get_by_role("combobox", name="Reply").fill("I do")
    await page.keyboard.press("Enter")
    await expect(page.locator("#thread .message").last).to_contain_text("I do")
    assert [reply["text"] for reply in slack.thread("leads", ts)] == ["I do"]


async def test_half_typed_text_and_its_cursor_survive_new_messages(page: Page, slack: SlackSandbox) -> None:
    await look(page, slack)
    await page.get_by_role("combobox", name="Message").press_sequentially("half")
    await page.keyboard.press("ArrowLeft")
    await slack.say("marco", "leads", "meanwhile")
    await expect(page.get_by_text("meanwhile")).to_be_visible()
    await page.keyboard.type("X")
    await expect(page.get_by_role("combobox", name="Message")).to_have_value("halXf")


async def test_a_draft_waits_in_its_channel(page: Page, slack: SlackSandbox) -> None:
    await look(page, slack)
    await page.get_by_role("combobox", name="Message").fill("for later")
    await page.get_by_role("button", name="general", exact=True).click()
    await expect(page.get_by_role("combobox", name="Message #general")).to_have_value("")
    await page.get_by_role("button", name="leads", exact=True).click()
    await expect(page.get_by_role("combobox", name="Message #leads")).to_have_value("for later")


async def test_a_command_answers_only_the_person_who_typed_it(
    page: Page, slack: SlackSandbox, app: AsyncApp
) -> None:
    @app.command("/lead")
    async def lead(ack: Any, command: Json) -> None:
        await ack(f"3 leads like {command['text']}")

    async with connected(slack, app):
        await look(page, slack)
        await page.get_by_role("combobox", name="Message").press_sequentially("/le")
        await expect(page.get_by_role("option")).to_contain_text("Find leads")
        await page.keyboard.press("Tab")
        await page.keyboard.type("brakes")
        await page.keyboard.press("Enter")
        await expect(page.locator(".message.ephemeral")).to_contain_text("Only visible to you")
        await expect(page.locator(".message.ephemeral")).to_contain_text("3 leads like brakes")


async def test_a_command_without_an_answer_shows_slacks_error(
    page: Page, slack: SlackSandbox, app: AsyncApp
) -> None:
    slack.faults.add("slash_commands", drop_ack=True)
    async with connected(slack, app):
        await look(page, slack)
        await write(page, "/lead brakes")
        failure = page.get_by_text('/lead failed with the error "operation_timeout"')
        await expect(failure).to_be_visible()


async def test_an_unknown_command_stays_to_be_mended(page: Page, slack: SlackSandbox) -> None:
    await look(page, slack)
    await write(page, "/laed brakes")
    await expect(page.get_by_role("alert")).to_have_text("/laed is not a valid command")
    await expect(page.get_by_role("combobox", name="Message")).to_have_value("/laed brakes")


async def test_a_command_in_a_thread_is_refused_as_in_slack(page: Page, slack: SlackSandbox) -> None:
    ts = await slack.say("marco", "leads", "root")
    await look(page, slack, at=f"#{slack.desk_channel}/{ts}")
    await page.get_by_role("combobox", name="Reply").fill("/lead brakes")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("/lead is not supported in threads")


async def test_an_ephemeral_refusal_is_marked_and_can_be_dismissed(
    page: Page, slack: SlackSandbox, app: AsyncApp
) -> None:
    @app.action("claim")
    async def claim(ack: Any, body: Json, client: Any) -> None:
        await ack()
        await client.chat_postEphemeral(
            channel=body["channel"]["id"], user=body["user"]["id"], text="Marco has this lead already."
        )

    ts = await post(slack, CARD)
    async with connected(slack, app):
        await look(page, slack)
        await message(page, ts).get_by_role("button", name="Press").click()
        refusal = page.locator(".message.ephemeral")
        await expect(refusal).to_contain_text("Only visible to you")
        await refusal.get_by_role("button", name="Dismiss message").click()
        await expect(refusal).to_have_count(0)


async def test_a_refused_card_is_shown_with_the_error_the_place_and_the_payload(
    page: Page, slack: SlackSandbox
) -> None:
    await look(page, slack)
    with pytest.raises(SlackApiError):
        await post(slack, [{"type": "header", "text": plain("x" * 151)}])
    bar = page.get_by_role("alert", name="Refused")
    await expect(bar.locator("summary")).to_contain_text("invalid_blocks chat.postMessage in #leads")
    await expect(bar.locator("summary")).to_contain_text("/blocks/0/text/text")
    await bar.locator("summary").click()
    await expect(bar.locator("pre")).to_contain_text('"type": "header"')


async def test_a_refusal_that_was_put_away_stays_away(page: Page, slack: SlackSandbox) -> None:
    await look(page, slack)
    with pytest.raises(SlackApiError):
        await post(slack, [{"type": "nothing"}])
    bar = page.get_by_role("alert", name="Refused")
    await bar.get_by_role("button", name="Dismiss").click()
    await slack.say("marco", "leads", "later")
    await expect(page.get_by_text("later")).to_be_visible()
    await expect(bar).to_have_count(0)


async def test_another_user_sees_another_workspace(page: Page, slack: SlackSandbox) -> None:
    await look(page, slack, "dana")
    await expect(page.get_by_role("button", name="sales-leads")).to_be_visible()
    await page.get_by_role("button", name="Switch user").click()
    await page.get_by_role("menuitemradio", name="Olga").click()
    await expect(page.get_by_role("button", name="You are Olga Sorensen")).to_be_visible()
    await expect(page.get_by_role("button", name="sales-leads")).to_have_count(0)


async def test_messages_elsewhere_mark_their_channel_until_it_is_read(
    page: Page, slack: SlackSandbox
) -> None:
    await look(page, slack, at=f"#{slack.channel('general')}")
    await slack.say("marco", "leads", "a mention of @dana")
    await page.get_by_role("button", name="leads, 1 unread").click()
    await expect(page.get_by_role("separator").filter(has_text="New")).to_be_visible()
    await expect(page.get_by_role("button", name="leads", exact=True)).to_be_visible()


async def test_new_messages_do_not_move_who_reads_further_up(page: Page, slack: SlackSandbox) -> None:
    for n in range(60):
        await slack.say("marco", "leads", f"line {n}")
    await look(page, slack)
    await expect(page.get_by_text("line 59")).to_be_in_viewport()
    await page.get_by_text("line 59").hover()
    await page.mouse.wheel(0, -600)
    await expect(page.get_by_text("line 59")).not_to_be_in_viewport()
    await slack.say("marco", "leads", "one more")
    await page.get_by_role("button", name="1 new message").click()
    await expect(page.get_by_text("one more")).to_be_in_viewport()


async def test_a_permalink_shows_its_message(page: Page, slack: SlackSandbox) -> None:
    ts = await slack.say("marco", "leads", "the one")
    for n in range(60):
        await slack.say("marco", "leads", f"line {n}")
    link = (await client_of(slack).chat_getPermalink(channel=slack.desk_channel, message_ts=ts))["permalink"]
    await page.goto(str(link))
    await expect(page.get_by_text("the one")).to_be_in_viewport()


async def test_the_page_says_whether_the_app_is_there(page: Page, slack: SlackSandbox, app: AsyncApp) -> None:
    await look(page, slack)
    await expect(page.locator("#banner")).to_contain_text("baseCamp is not connected")
    async with connected(slack, app):
        await expect(page.get_by_role("navigation")).to_contain_text("baseCamp is connected")


async def test_the_page_comes_back_after_the_sandbox_was_away(page: Page) -> None:
    async with running(app=EVERYTHING) as first:
        port = int(first.page.rsplit(":", 1)[1].strip("/"))
        await look(page, first)
    await expect(page.locator("#banner")).to_contain_text("does not answer")
    async with running(port, app=EVERYTHING) as second:
        await second.say("marco", "leads", "we are back")
        await expect(page.get_by_text("we are back")).to_be_visible(timeout=15_000)


async def test_a_messages_shortcut_is_started_with_the_keyboard(
    page: Page, slack: SlackSandbox, app: AsyncApp
) -> None:
    @app.shortcut("make_lead")
    async def make_lead(ack: Any, body: Json, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal(section(body["message"]["text"])))

    ts = await slack.say("marco", "leads", "Brakes squeal")
    async with connected(slack, app):
        await look(page, slack)
        await message(page, ts).focus()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog")).to_contain_text("Brakes squeal")


async def test_a_global_shortcut_opens_its_form(page: Page, slack: SlackSandbox, app: AsyncApp) -> None:
    @app.shortcut("new_lead")
    async def new_lead(ack: Any, body: Json, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal(NAME, title=plain("New lead")))

    async with connected(slack, app):
        await look(page, slack)
        await page.get_by_role("button", name="Shortcuts").click()
        await page.get_by_role("menuitem", name="New lead").click()
        await expect(page.get_by_role("dialog", name="New lead")).to_be_visible()
