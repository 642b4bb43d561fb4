"""The product as a person meets it: its cards, its form and its refusals on the sandbox's page."""

import re
from collections.abc import Iterator

import pytest
from playwright.async_api import Page, expect

from core.ports import Embedder
from tests.product import API_KEY, Product
from tests.sandbox_page import look, write
from tests.standing import desk


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all of this module, Priya its admin; only the page talks to it, from another loop."""
    with desk(embedder, tmp_path_factory.mktemp("browser")) as bot:
        bot.slack.promote("priya")
        yield bot


async def test_a_click_on_claim_changes_the_card_and_begins_its_thread(page: Page, bot: Product) -> None:
    await look(page, bot.slack, "dana")
    await write(page, "The clutch of my 2016 Golf slips, please call me on 415 555 0170")
    card = page.locator("#stream .message").filter(has_text="Golf").filter(has=page.get_by_text("Claim"))
    await card.get_by_role("button", name="Claim").click()
    await expect(card).to_contain_text("Claimed by dana", timeout=20_000)
    await card.get_by_role("button", name="1 reply").click()
    await expect(page.locator("#thread")).to_contain_text("Claimed by")


async def test_a_form_says_what_is_missing_and_then_becomes_a_card(page: Page, bot: Product) -> None:
    await look(page, bot.slack, "priya")
    await write(page, "/lead new")
    form = page.get_by_role("dialog")
    await form.get_by_label("E-mail").fill("not an address")
    await form.get_by_label("What they want").fill("A purple respray for a 1972 Beetle")
    await form.get_by_role("button", name="Add lead").click()
    await expect(form).to_contain_text("is not an e-mail address")
    await form.get_by_label("E-mail").fill("beetle@example.com")
    await form.get_by_role("button", name="Add lead").click()
    await expect(form).to_have_count(0)
    await expect(page.locator("#stream")).to_contain_text("1972 Beetle", timeout=20_000)


async def test_an_outsider_who_clicks_is_told_so_alone(page: Page, bot: Product) -> None:
    await look(page, bot.slack, "olga", at=f"#{bot.slack.desk_channel}")
    await page.locator("#stream").get_by_role("button", name="Approve").first.click()
    refusal = page.locator(".message.ephemeral")
    await expect(refusal).to_contain_text("Only members of the desk's channel", timeout=20_000)
    await expect(refusal).to_contain_text("Only visible to you")


async def test_a_lead_is_claimed_in_home_and_moves_to_one_s_own(page: Page, bot: Product) -> None:
    await look(page, bot.slack, "marco")
    await write(page, "The gearbox of my 2012 Passat whines in third gear, please call 415 555 0188")
    await expect(page.locator("#stream")).to_contain_text("Passat", timeout=20_000)
    await look(page, bot.slack, "marco", at="#home")
    home = page.locator("#home")
    await expect(home).to_contain_text("Nothing waits for you.", timeout=20_000)
    await home.get_by_role("button", name="Claim").first.click()
    await expect(home).to_contain_text("is yours.", timeout=20_000)
    await expect(home).not_to_contain_text("Nothing waits for you.")


async def test_a_delivery_that_is_no_lead_is_read_again_in_an_admin_s_home(page: Page, bot: Product) -> None:
    sent = {"message": "Please call me about my 1999 Panda", "email": "panda@"}
    headers = {"Authorization": f"Bearer {API_KEY}"}
    answered = await page.request.post(f"{bot.app.url}/webhooks/own_code", data=sent, headers=headers)
    assert answered.status == 422
    await look(page, bot.slack, "priya", at="#home")
    home = page.locator("#home")
    await expect(home).to_contain_text("is not an e-mail address.", timeout=20_000)
    await home.get_by_role("button", name="Read again").click()
    await expect(home).to_contain_text("Still refused: ", timeout=20_000)
    await expect(home).not_to_contain_text("panda@")


async def test_one_s_hours_are_set_in_home(page: Page, bot: Product) -> None:
    await look(page, bot.slack, "dana", at="#home")
    await page.locator("#home").get_by_role("button", name="Edit").click(timeout=20_000)
    form = page.get_by_role("dialog")
    await form.get_by_label("When I work").fill("never")
    await form.get_by_role("button", name="Save").click()
    await expect(form).to_contain_text("is no day with its hours")
    await form.get_by_label("When I work").fill("mon-thu 9:00-16:30")
    await form.get_by_role("button", name="Save").click()
    await expect(form).to_have_count(0)
    await expect(page.locator("#home")).to_contain_text(re.compile("mon-thu 09:\\W?00-16:30"), timeout=20_000)


async def test_a_message_becomes_a_lead_by_its_menu_and_by_a_reaction(page: Page, bot: Product) -> None:
    await look(page, bot.slack, "dana", at="#" + bot.slack.channel("front-desk"))
    await write(page, "Zoe rang, 415 555 0177, her 2019 Honda Civic needs brakes")
    message = page.locator("#stream .message").filter(has_text="Zoe rang")
    await message.hover()
    await page.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Make this a lead").click()
    form = page.get_by_role("dialog")
    await expect(form.get_by_label("Phone")).to_have_value("415 555 0177", timeout=20_000)
    await form.get_by_role("button", name="Add lead").click()
    await expect(form).to_have_count(0)
    await message.hover()
    await page.get_by_role("button", name="Add reaction").click()
    await page.get_by_role("menuitem", name="inbox_tray").click()
    await expect(page.locator(".message.ephemeral").last).to_contain_text("already", timeout=20_000)
