"""Deliveries that are no leads, in their admins' Home: seen there, read again there, told what came of it."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.slack.workspace import made_id
from core.errors import InvalidLead, NotAllowed
from core.home import DELIVERIES, Undone
from core.intake.again import Reading, admitted, redeliver, start
from core.lead import utcnow
from core.ports import Embedder
from core.rights import Role
from core.store.kept import WHY, Waits
from core.store.submissions import Delivery, Submission
from handlers import deliveries as shown
from handlers import home as homes
from tests.home_examples import delivery, full, made
from tests.lead_examples import NOW
from tests.product import Product, text_of
from tests.slack_limits import check_view, visible
from tests.standing import desk, there
from tests.test_home_tab import click, opened

LEADS, FRONT = made_id("C", "leads"), "#front-desk"

BAD_SHAPE = InvalidLead("form_response", "is not what this sender sends", code="BAD_SHAPE")

GOOD = {"message": "My brakes squeal", "name": "Quentin Quux", "email": "quux@example.com"}


SHAPE, FETCH = (delivery(code=each, field=None, why=WHY[each]) for each in (Waits.SHAPE, Waits.FETCH))


@pytest.mark.parametrize(
    ("of", "sentence"),
    [
        (delivery(), "Refused: form_response is not what this sender sends."),
        (delivery(read_key="again"), "Still refused: form_response is not what this sender sends."),
        (SHAPE, "Waits for somebody to confirm, in Slack, which of its fields is which."),
        (FETCH, "Is being fetched from its sender."),
        (replace(FETCH, why="Facebook: does not answer"), "Not fetched yet. Facebook: does not answer."),
        (delivery(number="L-1042", code=None), "It is L-1042 now."),
    ],
)
def test_why_a_delivery_is_no_lead_is_a_sentence(of: Delivery, sentence: str) -> None:
    assert shown.told(of) == sentence


def test_what_a_person_has_to_confirm_is_not_offered_for_another_reading() -> None:
    offered = [str(shown.section(Undone(deliveries=(each,), total=1))) for each in (delivery(), SHAPE, FETCH)]
    assert [shown.READ in each for each in offered] == [True, False, True]
    assert shown.READ not in str(shown.section(Undone(deliveries=(delivery(readable=False),), total=1)))


texts = st.text(st.characters(exclude_categories=()), max_size=400)


@given(source=texts, desk=st.none() | texts, field=st.none() | texts, why=st.none() | texts, number=st.none())
def test_any_deliveries_are_shown_within_slack_s_limits(**said: Any) -> None:
    page = [delivery(submission_id=str(at), **said) for at in range(DELIVERIES)]
    undone = Undone(deliveries=tuple(page), total=10**7, after="x", more=True)
    view = homes.view(replace(full(), undone=undone), now=NOW)
    check_view(view)
    assert len(view["blocks"]) <= 70


def test_a_desk_whose_deliveries_are_all_leads_hears_nothing_of_them() -> None:
    assert "Deliveries" not in visible(homes.view(made(role=Role.ADMIN), now=NOW)["blocks"])


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all: Priya is #leads' admin, Olga the front desk's, Dana a rep of both."""
    folder = tmp_path_factory.mktemp("deliveries")
    (folder / "desks").mkdir()
    people = f"reps: {{{made_id('U', 'dana')}: {{}}}}\nrouting: {{otherwise: pool}}"
    for channel, admin in ((LEADS, "priya"), (FRONT, "olga")):
        file = folder / "desks" / f"{admin}.yaml"
        file.write_text(f'channel: "{channel}"\nadmins: {made_id("U", admin)}\n{people}\n')
    with desk(embedder, folder, desks_dir=folder / "desks") as bot:
        yield bot


@pytest.fixture(autouse=True)
def _nothing_is_left(request: pytest.FixtureRequest) -> None:
    """Of the tests before."""
    if "bot" in request.fixturenames:
        bot: Product = request.getfixturevalue("bot")
        asyncio.run_coroutine_threadsafe(_clear(bot), bot.loop).result(10)


async def _clear(bot: Product) -> None:
    for channel in (LEADS, FRONT):
        for each in await bot.app.store.kept.no_leads(channel, but=None, before=None, limit=500):
            await _settle(bot, each)
    for each in await bot.app.store.kept.no_leads(LEADS, but={FRONT}, before=None, limit=500):
        await _settle(bot, each)


async def _settle(bot: Product, each: Delivery) -> None:
    await bot.app.store.kept.note(each.submission_id, fields=GOOD, body=json.dumps(GOOD).encode())
    await redeliver(bot.app.desk, each.submission_id)


async def refused(
    bot: Product, *, channel: str | None = None, body: Any = GOOD, source: str = "own"
) -> Delivery:
    """A delivery that a door refused before it was mended."""
    sent = Submission(
        source=source,
        event_key=None,
        fingerprint="0",
        content_type="application/json",
        body=json.dumps(body).encode(),
        received_at=utcnow(),
        desk=channel,
    )
    await bot.app.store.submissions.refuse(sent, BAD_SHAPE)
    (last,) = await bot.app.store.submissions.latest(limit=1)
    return last


async def number_of(bot: Product, of: Delivery) -> str:
    """Of the lead that it is, once it is one."""
    async with asyncio.timeout(10):
        while True:
            found = await bot.app.store.kept.delivery(of.submission_id)
            if found.number is not None:
                return found.number
            await asyncio.sleep(0.05)


async def read_in_home(bot: Product, user: str, of: Delivery) -> str:
    await opened(bot, user)
    return text_of(await click(bot, user, f"{shown.READ}:{of.submission_id}"))


@there
async def test_an_admin_sees_what_is_no_lead_and_why_without_what_was_sent(bot: Product) -> None:
    await refused(bot, body={"form_response": "quux@example.com"}, source="typeform")
    home = text_of(await opened(bot, "priya"))
    assert "*Deliveries* · 1 is no lead" in home
    assert "Refused: form" in home
    assert "quux" not in home
    assert "Deliveries" not in text_of(await opened(bot, "dana"))


@there
async def test_a_click_makes_it_a_lead_and_home_says_which(bot: Product) -> None:
    of = await refused(bot)
    home = await read_in_home(bot, "priya", of)
    assert f"It is {await number_of(bot, of)} now." in home
    assert "Deliveries" not in home


@there
async def test_what_is_still_no_lead_is_told_why(bot: Product) -> None:
    of = await refused(bot, body={**GOOD, "email": "quux@"})
    home = await read_in_home(bot, "priya", of)
    assert "Still refused: contact.email is not an e-mail address." in home
    assert "quux@" not in home


@there
async def test_clicked_twice_it_is_one_lead(bot: Product) -> None:
    of = await refused(bot)
    before = await bot.app.store.leads.count()
    view = await opened(bot, "priya")
    clicks = (bot.slack.click_view("priya", view["id"], f"{shown.READ}:{of.submission_id}") for _ in range(2))
    await asyncio.gather(*clicks)
    await bot.slack.until(lambda s: "now." in text_of(s.home("priya") or {}), timeout=10)
    assert await bot.app.store.leads.count() == before + 1


@there
async def test_each_desk_s_admins_see_their_own_and_the_first_s_what_is_nobody_s(bot: Product) -> None:
    for channel in (LEADS, FRONT, None, "#a-desk-that-was"):
        await refused(bot, channel=channel, body={**GOOD, "email": f"{channel}@"})
    assert "3 are no leads" in text_of(await opened(bot, "priya"))
    assert "1 is no lead" in text_of(await opened(bot, "olga"))


@pytest.mark.parametrize(
    ("user", "channel"), [("priya", FRONT), ("olga", LEADS), ("olga", None), ("dana", FRONT)]
)
@there
async def test_who_is_no_admin_there_has_nothing_read(bot: Product, user: str, channel: str | None) -> None:
    """Whatever button they found: it is looked at when the act is done."""
    of = await refused(bot, channel=channel)
    asked = reading(bot, of, user)
    with pytest.raises(NotAllowed):
        await admitted(bot.app.desk, asked)
    await start(bot.app.desk, asked)
    other = await refused(bot, channel=FRONT)
    await start(bot.app.desk, reading(bot, other, "olga"))
    await number_of(bot, other)  # enqueued later, and done
    assert (await bot.app.store.kept.delivery(of.submission_id)) == of


@there
async def test_a_reading_that_is_asked_for_twice_under_one_key_is_one(bot: Product) -> None:
    of, other = await refused(bot, body={**GOOD, "email": "quux@"}), await refused(bot, channel=FRONT)
    for each in (of, of, other):
        await start(bot.app.desk, reading(bot, each, "priya" if each == of else "olga"))
    await number_of(bot, other)
    kept = await bot.app.store.kept.delivery(of.submission_id)
    assert (kept.read_key, kept.code) == (reading(bot, of, "priya").key, "INVALID_EMAIL")


def reading(bot: Product, of: Delivery, user: str) -> Reading:
    key = f"again:{of.submission_id}:{user}"
    return Reading(key=key, submission_id=of.submission_id, actor=bot.slack.user(user))


@there
async def test_the_pages_meet_every_delivery_and_lead_back_to_the_newest(bot: Product) -> None:
    made_ = [await refused(bot, body={**GOOD, "email": f"{at}@"}) for at in range(DELIVERIES * 2 + 1)]
    home = await opened(bot, "priya")
    found = rows(home)
    while shown.OLDER in str(home):
        home = await click(bot, "priya", shown.OLDER)
        found += rows(home)
    assert found == [each.submission_id for each in reversed(made_)]
    home = await click(bot, "priya", shown.NEWEST)
    assert rows(home) == found[:DELIVERIES]


def rows(home: dict[str, Any]) -> list[str]:
    buttons = [block["accessory"] for block in home["blocks"] if "accessory" in block]
    return [each["value"] for each in buttons if each["action_id"].startswith(shown.READ)]
