"""The form in headless Chromium: on a phone and at a desk, without JavaScript, by keyboard, in a frame."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from core.ports import Embedder
from handlers.web.forms.token import TOO_FAST_SECONDS
from tests.test_forms import ANA, FORM, PORT_OF_A_SITE, WithForm, with_form

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}

SHOTS = os.environ.get("SCREENSHOTS")
"""A folder for pictures of what the tests see, to be looked at."""


@pytest.fixture
async def bot(embedder: Embedder, tmp_path: Path) -> AsyncIterator[WithForm]:
    """The product with a form, in this test's own loop: the browser is there too."""
    async with with_form(embedder, tmp_path) as bot:
        yield bot


async def faults(page: Page, name: str) -> list[str]:
    """What axe finds, as rule and place; takes a picture beside."""
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
    found = await Axe().run(page)
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found.response["violations"]]


async def open_form(browser: Browser, bot: WithForm, size: Any, *, scripts: bool = True) -> Page:
    context = await browser.new_context(viewport=size, java_script_enabled=scripts)
    page = await context.new_page()
    await page.goto(f"{bot.app.url}{FORM}?src=flyer")
    return page


async def fill(page: Page, **changes: str) -> None:
    said = {**ANA, **changes}
    for name in ("name", "email", "vehicle", "message"):
        await page.fill(f"#{name}", said[name])
    await page.select_option("#drivable", said["drivable"])


async def old_enough(page: Page, bot: WithForm) -> None:
    """As if it had been open for a minute."""
    await page.wait_for_selector("input[name=token]", state="attached")
    script = "token => document.querySelector('input[name=token]').value = token"
    await page.evaluate(script, bot.opened())


@pytest.mark.parametrize(("name", "size"), [("phone", PHONE), ("desk", DESK)])
async def test_axe_finds_no_fault_in_the_form_its_mistakes_and_its_thanks(
    browser: Browser, bot: WithForm, name: str, size: Any
) -> None:
    page = await open_form(browser, bot, size)
    assert await faults(page, f"form-{name}") == []
    await fill(page, email="ana@")
    await old_enough(page, bot)
    await page.click("button")
    assert await faults(page, f"mistakes-{name}") == []
    await page.fill("#email", ANA["email"])
    await page.click("button")
    await page.wait_for_url("**/thanks?ref=L-*")
    assert await faults(page, f"thanks-{name}") == []
    await page.context.close()


async def test_nothing_is_wider_than_a_phone(browser: Browser, bot: WithForm) -> None:
    page = await open_form(browser, bot, {"width": 320, "height": 640})
    root = "document.documentElement"
    assert await page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")
    await page.context.close()


async def test_the_form_works_without_javascript(browser: Browser, bot: WithForm) -> None:
    page = await open_form(browser, bot, PHONE, scripts=False)
    await fill(page)
    await page.wait_for_timeout(TOO_FAST_SECONDS * 1000)
    await page.click("button")
    assert "Your reference is L-" in await page.inner_text("main")
    await page.context.close()


async def test_the_keyboard_goes_through_the_form_from_top_to_bottom(browser: Browser, bot: WithForm) -> None:
    page = await open_form(browser, bot, DESK)
    order = []
    for _ in range(7):
        await page.keyboard.press("Tab")
        order.append(await page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert order == ["name", "email", "phone", "vehicle", "drivable", "message", "BUTTON"]
    await page.context.close()


async def test_after_a_mistake_the_first_thing_read_is_what_is_wrong(browser: Browser, bot: WithForm) -> None:
    page = await open_form(browser, bot, DESK)
    await old_enough(page, bot)
    await page.click("button")
    await page.wait_for_selector("#problems")
    assert await page.evaluate("document.activeElement.id") == "problems"
    await page.click("#problems a >> nth=0")
    assert await page.evaluate("document.activeElement.id") == "name"
    await page.context.close()


async def test_a_name_that_is_html_is_shown_as_it_is_written(browser: Browser, bot: WithForm) -> None:
    page = await open_form(browser, bot, DESK)
    assert await page.inner_text("h1") == "Corner <Garage> & Sons"
    await page.context.close()


async def test_one_line_of_script_puts_the_form_into_a_site_of_the_list(
    page: Page, bot: WithForm, site: web.TCPSite
) -> None:
    await page.goto(f"{site.name}/contact?form={bot.app.url}{FORM}/embed.js%3Fsrc=site")
    frame = page.frame_locator("iframe")
    await frame.locator("#name").wait_for()
    assert await frame.locator("input[name=src]").get_attribute("value") == "site"
    assert await frame.locator("input[name=page]").get_attribute("value") == f"{site.name}/contact"
    await page.wait_for_function("parseInt(document.querySelector('iframe').style.height) > 600")
    if SHOTS:
        await page.screenshot(path=f"{SHOTS}/embedded.png", full_page=True)


@pytest.fixture
async def site() -> AsyncIterator[web.TCPSite]:
    """Somebody's web site with our line of script in it."""

    async def contact(request: web.Request) -> web.Response:
        html = f'<!doctype html><h1>Our garage</h1><script src="{request.query["form"]}"></script>'
        return web.Response(text=html, content_type="text/html")

    app = web.Application()
    app.add_routes([web.get("/contact", contact)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", PORT_OF_A_SITE)
    await site.start()
    yield site
    await runner.cleanup()
