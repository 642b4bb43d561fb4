"""The sandbox's page in a browser: cards that are clicked, and modals that are filled."""

from typing import Any

import pytest
from playwright.async_api import Page, expect
from slack_bolt.async_app import AsyncApp

from bot.sandbox.fixtures import Options
from bot.sandbox.slack.server import SlackSandbox
from tests.sandbox_app import (
    CARD,
    NAME,
    Json,
    asked,
    bolt,
    button,
    client_of,
    connected,
    modal,
    plain,
    section,
)
from tests.sandbox_page import IN_A_HURRY, look, message, opens, post


@pytest.fixture
def slack_options() -> Options:
    return IN_A_HURRY


@pytest.fixture
def app(slack: SlackSandbox) -> AsyncApp:
    return bolt(slack)


async def test_a_click_changes_the_card_in_place(page: Page, slack: SlackSandbox, app: AsyncApp) -> None:
    @app.action("claim")
    async def claim(ack: Any, respond: Any, body: Json) -> None:
        await ack()
        await respond(
            text="c", blocks=[section(f"Claimed by <@{body['user']['id']}>")], replace_original=True
        )

    ts = await post(slack, CARD)
    async with connected(slack, app):
        await look(page, slack, "marco")
        await message(page, ts).get_by_role("button", name="Press").click()
        await expect(message(page, ts).locator(".body")).to_contain_text("Claimed by @Marco Bellini")


async def test_a_click_the_app_does_not_acknowledge_says_so_on_the_card(
    page: Page, slack: SlackSandbox, app: AsyncApp
) -> None:
    slack.faults.add("interactive", drop_ack=True)
    ts = await post(slack, CARD)
    async with connected(slack, app):
        await look(page, slack)
        await message(page, ts).get_by_role("button", name="Press").click()
        failure = message(page, ts).get_by_role("alert")
        await expect(failure).to_have_text('Press failed with the error "operation_timeout"')


async def test_what_is_declined_in_the_confirm_dialog_is_not_sent(
    page: Page, slack: SlackSandbox, app: AsyncApp
) -> None:
    asks = {name: plain(name.title()) for name in ("title", "text", "confirm", "deny")}
    ts = await post(slack, [{"type": "actions", "elements": [button("reject", confirm=asks)]}])
    async with connected(slack, app):
        await look(page, slack)
        before = slack.delivery.delivered
        await message(page, ts).get_by_role("button", name="Press").click()
        await page.get_by_role("button", name="Deny").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        assert slack.delivery.delivered == before


async def test_an_open_list_survives_what_happens_in_the_channel(
    page: Page, slack: SlackSandbox, app: AsyncApp
) -> None:
    picked: list[str] = []

    @app.action("reassign")
    async def reassign(ack: Any, action: Json) -> None:
        await ack()
        picked.append(action["selected_user"])

    ts = await post(slack, CARD)
    async with connected(slack, app):
        await look(page, slack)
        await message(page, ts).locator("[data-action=reassign]").click()
        await page.keyboard.type("pri")
        await slack.say("marco", "leads", "something else")
        await expect(page.get_by_text("something else")).to_be_visible()
        await page.keyboard.press("Enter")
        await slack.until(lambda _: picked)
    assert picked == [slack.user("priya")]


async def test_an_external_select_offers_what_the_app_suggests(
    page: Page, slack: SlackSandbox, app: AsyncApp
) -> None:
    @app.options("find")
    async def suggest(ack: Any, payload: Json) -> None:
        await ack(options=[{"text": plain(f"L-1042 {payload['value']}"), "value": "L-1042"}])

    select = {"type": "external_select", "action_id": "find", "min_query_length": 1}
    ts = await post(slack, [{"type": "actions", "elements": [select]}])
    async with connected(slack, app):
        await look(page, slack)
        await message(page, ts).locator("[data-action=find]").click()
        await page.keyboard.type("brake")
        await expect(page.get_by_role("option")).to_have_text(["L-1042 brake"])


async def test_a_thumb_up_reaches_the_app_with_its_value(
    page: Page, slack: SlackSandbox, app: AsyncApp
) -> None:
    given: list[str] = []

    @app.action("rate")
    async def rate(ack: Any, action: Json) -> None:
        await ack()
        given.append(action["value"])

    halves = {
        f"{side}_button": {"text": plain(side), "value": side, "accessibility_label": side}
        for side in ("positive", "negative")
    }
    thumbs = {"type": "feedback_buttons", "action_id": "rate", **halves}
    ts = await post(slack, [{"type": "context_actions", "elements": [thumbs]}])
    async with connected(slack, app):
        await look(page, slack)
        await message(page, ts).get_by_role("button", name="positive").click()
        await slack.until(lambda _: given)
    assert given == ["positive"]


async def test_a_day_is_picked_with_the_keyboard(page: Page, slack: SlackSandbox, app: AsyncApp) -> None:
    picked: list[str] = []

    @app.action("day")
    async def day(ack: Any, action: Json) -> None:
        await ack()
        picked.append(action["selected_date"])

    picker = {"type": "datepicker", "action_id": "day", "initial_date": "2026-11-30"}
    ts = await post(slack, [{"type": "actions", "elements": [picker]}])
    async with connected(slack, app):
        await look(page, slack)
        await message(page, ts).locator("[data-action=day]").focus()
        for key in ("Enter", "ArrowRight", "ArrowDown", "Enter"):
            await page.keyboard.press(key)
        await slack.until(lambda _: picked)
    assert picked == ["2026-12-08"]


async def test_what_the_app_refuses_is_said_beside_the_field(
    page: Page, slack: SlackSandbox, app: AsyncApp
) -> None:
    @app.view("edit")
    async def edit(ack: Any) -> None:
        await ack(response_action="errors", errors={"name": "We know nobody of that name."})

    opens(app, "claim", modal(NAME))
    ts = await post(slack, CARD)
    async with connected(slack, app):
        await look(page, slack)
        await message(page, ts).get_by_role("button", name="Press").click()
        await page.get_by_label("Label").fill("Nobody")
        await page.get_by_role("button", name="Save").click()
        field = page.get_by_label("Label")
        await expect(field).to_have_accessible_description("We know nobody of that name.")


async def test_a_form_that_was_mended_is_taken(page: Page, slack: SlackSandbox, app: AsyncApp) -> None:
    taken: list[str] = []

    @app.view("edit")
    async def edit(ack: Any, view: Json) -> None:
        await ack()
        taken.append(view["state"]["values"]["name"]["typed"]["value"])

    opens(app, "claim", modal(NAME))
    ts = await post(slack, CARD)
    async with connected(slack, app):
        await look(page, slack)
        await message(page, ts).get_by_role("button", name="Press").click()
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Please complete this required field.")).to_be_visible()
        await page.get_by_label("Label").fill("Ann")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
    assert taken == ["Ann"]


async def test_what_is_typed_survives_a_change_of_the_view(
    page: Page, slack: SlackSandbox, app: AsyncApp
) -> None:
    opens(app, "claim", modal(NAME))
    ts = await post(slack, CARD)
    async with connected(slack, app):
        await look(page, slack)
        await message(page, ts).get_by_role("button", name="Press").click()
        await page.get_by_label("Label").press_sequentially("half ty")
        view_id = slack.views("dana")[0]["id"]
        await client_of(slack).views_update(view_id=view_id, view=modal(section("Loaded"), NAME))
        await expect(page.get_by_text("Loaded")).to_be_visible()
        await page.keyboard.type("ped")
        await expect(page.get_by_label("Label")).to_have_value("half typed")


async def test_escape_takes_only_the_topmost_of_a_stack(
    page: Page, slack: SlackSandbox, app: AsyncApp
) -> None:
    @app.action("deeper")
    async def deeper(ack: Any, body: Json, client: Any) -> None:
        await ack()
        await client.views_push(trigger_id=body["trigger_id"], view=modal(NAME, title=plain("Second")))

    first = modal(section("Down?", accessory=button("deeper")), title=plain("First"))
    opens(app, "claim", first)
    ts = await post(slack, CARD)
    async with connected(slack, app):
        await look(page, slack)
        await message(page, ts).get_by_role("button", name="Press").click()
        await page.get_by_role("dialog").get_by_role("button", name="Press").click()
        await expect(page.get_by_role("dialog", name="Second")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog", name="First")).to_be_visible()


async def test_every_kind_of_input_reaches_the_app(page: Page, slack: SlackSandbox, app: AsyncApp) -> None:
    got: list[Json] = []

    @app.view("edit")
    async def edit(ack: Any, view: Json) -> None:
        await ack()
        got.append({block: next(iter(held.values())) for block, held in view["state"]["values"].items()})

    offer: Json = {"options": [{"text": plain(text), "value": text.lower()} for text in ("Hot", "Cold")]}
    kinds: dict[str, Json] = {
        "text": {"type": "plain_text_input", "multiline": True},
        "one": {"type": "static_select", **offer},
        "many": {"type": "multi_static_select", **offer},
        "who": {"type": "users_select"},
        "time": {"type": "timepicker"},
        "ticks": {"type": "checkboxes", **offer},
        "radio": {"type": "radio_buttons", **offer},
    }
    fields = [
        asked(name, {**element, "action_id": f"{name}_in"}, label=plain(name))
        for name, element in kinds.items()
    ]
    opens(app, "claim", modal(*fields))
    ts = await post(slack, CARD)
    async with connected(slack, app):
        await look(page, slack)
        await message(page, ts).get_by_role("button", name="Press").click()
        dialog = page.get_by_role("dialog", name="Edit")
        await dialog.locator("[data-action=text_in]").fill("two\nlines")
        for name, typed in (("one", "Cold"), ("many", "Hot"), ("who", "Olga"), ("time", "9:10")):
            await dialog.locator(f"[data-action={name}_in]").click()
            await page.keyboard.type(typed)
            await expect(page.get_by_role("option")).to_have_count(1)
            await page.keyboard.press("Enter")
            if name == "many":
                await page.keyboard.press("Escape")
        await dialog.get_by_role("checkbox", name="Cold").check()
        await dialog.get_by_role("radio", name="Hot").check()
        await dialog.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
    said = {
        name: held.get("value")
        or held.get("selected_user")
        or held.get("selected_time")
        or (held.get("selected_option") or {}).get("value")
        or [option["value"] for option in held.get("selected_options", [])]
        for name, held in got[0].items()
    }
    assert said == {
        "text": "two\nlines",
        "one": "cold",
        "many": ["hot"],
        "who": slack.user("olga"),
        "time": "09:10",
        "ticks": ["cold"],
        "radio": "hot",
    }
