"""The Home tab through the real product: opened, paged, claimed from, and what one sets for oneself there."""

import asyncio
import json
import re
import secrets
from collections.abc import Iterator
from datetime import date, timedelta
from string import ascii_lowercase
from typing import Any

import pytest

from bot.sandbox.slack.workspace import made_id
from core.deskfile import Level
from core.deskfile.weeks import read_week
from core.home import ROWS
from core.lead import DeskStatus, Lead, utcnow
from core.ports import Embedder
from core.store.workload import Queue
from handlers import home as views
from tests.product import Product, text_of
from tests.slack_limits import check_view
from tests.standing import desk, there

DESK = made_id("C", "leads")


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all of this module: Dana and Marco are reps, Priya is the admin, of two desks."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "desks").mkdir()
    (folder / "desks" / "leads.yaml").write_text(f"""
channel: {DESK}
admins: {made_id("U", "priya")}
reps: {{{made_id("U", "dana")}: {{capacity: 5}}, {made_id("U", "marco")}: {{}}}}
routing: {{otherwise: pool}}
""")
    (folder / "desks" / "front.yaml").write_text(f"""
channel: "#front-desk"
takes: {{business_type: medspa}}
admins: {made_id("U", "priya")}
viewers: {made_id("U", "olga")}
routing: {{otherwise: pool}}
""")
    with desk(embedder, folder, desks_dir=folder / "desks", business_type="automotive") as bot:
        yield bot


async def carded(bot: Product, message: str = "My brakes are grinding badly") -> Lead:
    """A lead by somebody who never wrote before, through and with its card."""
    family = "".join(secrets.choice(ascii_lowercase) for _ in range(12))
    fields = {"name": f"Ana {family}", "email": f"{family}@example.com", "phone": "+1 415 555 0123"}
    lead = await bot.synced(await bot.send(message, **fields))
    await bot.final_card(lead.lead_id)
    return lead


def seen(bot: Product, user: str) -> str:
    """The Home that is published for them, if any."""
    return text_of(bot.slack.home(user) or {})


async def renewed(bot: Product, user: str, before: Any) -> dict[str, Any]:
    """Their Home, once it is another than before."""
    await bot.slack.until(lambda s: (s.home(user) or {}).get("hash") not in {None, before}, timeout=20)
    view = bot.slack.home(user)
    assert view is not None
    check({key: view[key] for key in ("type", "blocks", "private_metadata")})
    return view


def check(view: dict[str, Any]) -> None:
    """Slack's rules; its addresses begin with https."""
    check_view(json.loads(re.sub(r"http://127.0.0.1:\d+", "https://example.slack.com", json.dumps(view))))


async def opened(bot: Product, user: str) -> dict[str, Any]:
    before = (bot.slack.home(user) or {}).get("hash")
    await bot.slack.open_home(user)
    return await renewed(bot, user, before)


async def click(bot: Product, user: str, action_id: str, **given: Any) -> dict[str, Any]:
    """Their Home after a click in it."""
    view = bot.slack.home(user)
    assert view is not None
    assert (await bot.slack.click_view(user, view["id"], action_id, **given)).ok
    return await renewed(bot, user, view["hash"])


async def to_the_lead(bot: Product, user: str, lead: Lead) -> dict[str, Any]:
    """Their Home, turned to the page of the unclaimed leads on which this one is."""
    view = await opened(bot, user)
    while lead.number not in text_of(view):
        view = await click(bot, user, "home:next:unclaimed")
    return view


async def form(bot: Product, user: str) -> dict[str, Any]:
    """The form of their own settings, opened from their Home and filled."""
    home = await opened(bot, user)
    await bot.slack.click_view(user, home["id"], "me:edit")
    await bot.slack.until(lambda s: any("When I work" in text_of(v) for v in s.views(user)), timeout=10)
    return bot.slack.views(user)[-1]


@there
async def test_what_somebody_has_claimed_is_in_their_home_with_a_link_to_its_card(bot: Product) -> None:
    lead = await carded(bot)
    card = bot.card(lead.lead_id)
    assert card is not None
    await bot.slack.click("dana", "leads", card["ts"], "claim")
    await bot.lead_when(lead.lead_id, lambda now: now.owner == bot.slack.user("dana"))
    home = text_of(await opened(bot, "dana"))
    assert f"archives/{DESK}/p{card['ts'].replace('.', '')}|{lead.number}>" in home
    assert str(lead.contact.name) in home
    assert str(lead.contact.email) not in home
    assert "555 0123" not in home


@there
async def test_a_lead_is_claimed_from_home_as_from_its_card(bot: Product) -> None:
    lead = await carded(bot)
    await to_the_lead(bot, "marco", lead)
    home = await click(bot, "marco", f"home:claim:unclaimed:{lead.lead_id}")
    assert f"{lead.number} is yours." in text_of(home)
    await bot.card_with(lead.lead_id, "Claimed by")
    history = [event.what for event in await bot.app.store.events.of(lead.lead_id)]
    assert history.count("claimed") == 1


@there
async def test_of_two_who_claim_from_home_the_later_is_told_who_has_it(bot: Product) -> None:
    lead = await carded(bot)
    await asyncio.gather(to_the_lead(bot, "dana", lead), to_the_lead(bot, "marco", lead))
    homes = await asyncio.gather(
        *(click(bot, user, f"home:claim:unclaimed:{lead.lead_id}") for user in ("dana", "marco"))
    )
    notices = sorted(text_of(each).count("is yours.") for each in homes)
    assert notices == [0, 1]
    assert sum("before you" in text_of(each) for each in homes) == 1


@there
async def test_a_click_in_one_home_publishes_no_other(bot: Product) -> None:
    for user in ("dana", "marco"):
        await opened(bot, user)
    before = (bot.slack.home("marco") or {})["hash"]
    lead = await carded(bot)
    await to_the_lead(bot, "dana", lead)
    await click(bot, "dana", f"home:claim:unclaimed:{lead.lead_id}")
    assert (bot.slack.home("marco") or {})["hash"] == before


@there
async def test_turning_the_pages_meets_every_unclaimed_lead_and_leads_back(bot: Product) -> None:
    for _ in range(ROWS + 2):
        await carded(bot)
    waiting = await bot.app.store.workload.page(
        Queue(DESK, frozenset({None}), utcnow(), late=False), after=0, limit=500
    )
    home = first = await opened(bot, "dana")
    found = rows(home)
    while "home:next:unclaimed" in str(home):
        home = await click(bot, "dana", "home:next:unclaimed")
        found += rows(home)
    assert found == [lead.lead_id for lead in waiting]
    while "home:back:unclaimed" in str(home):
        home = await click(bot, "dana", "home:back:unclaimed")
    assert rows(home) == rows(first)


def rows(home: dict[str, Any]) -> list[str]:
    """Ids of the unclaimed leads on this page."""
    buttons = [block["accessory"] for block in home["blocks"] if "accessory" in block]
    return [each["value"] for each in buttons if each["action_id"].startswith("home:claim:unclaimed:")]


@there
async def test_somebody_of_no_desk_is_told_so_and_nothing_else(bot: Product) -> None:
    await bot.slack.hire("hugo", "general")
    home = await opened(bot, "hugo")
    assert [block["text"]["text"] for block in home["blocks"]] == [views.STRANGER]


@there
async def test_a_viewer_sees_their_desk_and_can_claim_nothing_there(bot: Product) -> None:
    await bot.send("Lip filler on Friday?", business_type="medspa")
    await bot.slack.until(lambda s: any("Lip filler" in text_of(m) for m in s.messages("front-desk")))
    home = await opened(bot, "olga")
    assert "you are a viewer here" in text_of(home)
    assert "home:claim" not in str(home)
    assert "lip filler" in text_of(home).lower()


@there
async def test_who_belongs_to_two_desks_looks_at_one_at_a_time(bot: Product) -> None:
    home = await opened(bot, "dana")
    assert f"<#{DESK}>" in text_of(home)
    assert "#leads" in text_of(home)
    home = await click(bot, "dana", "home:desk", selected_option="#front-desk")
    assert f"<#{DESK}>" not in text_of(home)
    home = await click(bot, "dana", "home:refresh")
    assert f"<#{DESK}>" not in text_of(home)


@there
async def test_an_admin_sees_what_is_set_up_and_what_is_not(bot: Product) -> None:
    home = text_of(await opened(bot, "priya"))
    assert "Set-up" in home
    assert "CRM: the local CRM answers" in home
    assert "Channel: the bot is in it" in home
    assert "People: 2 get leads" in home
    assert "Set-up" not in text_of(await opened(bot, "dana"))


@there
async def test_what_somebody_sets_for_themselves_is_kept_and_shown(bot: Product) -> None:
    view = await form(bot, "dana")
    check({key: view[key] for key in ("type", "title", "submit", "close", "blocks")})
    begin = utcnow().date() + timedelta(days=30)
    before = (bot.slack.home("dana") or {})["hash"]
    said = {
        "hours": "mon-fri 9:00-12:00, 13-17",
        "zone": "Europe/Berlin",
        "first": begin.isoformat(),
        "last": (begin + timedelta(days=6)).isoformat(),
        "level": "digest",
        "quiet": "20:00-7:00",
    }
    assert (await bot.slack.submit("dana", view["id"], said)).ok
    home = text_of(await renewed(bot, "dana", before))
    assert "mon-fri 09:00-12:00, 13:00-17:00, Europe/Berlin" in home
    assert f"{begin:%d %b %Y} to " in home
    kept = await bot.app.store.reps.of(DESK, bot.slack.user("dana"))
    assert (kept.hours, kept.level) == (read_week(said["hours"]), Level.DIGEST)
    view = await form(bot, "dana")
    assert "Days off; untick what is cancelled" in text_of(view)
    assert (await bot.slack.submit("dana", view["id"], {"kept": [], "level": "desk", "hours": ""})).ok
    await bot.slack.until(lambda _: "not planned" in seen(bot, "dana"), timeout=10)
    kept = await bot.app.store.reps.of(DESK, bot.slack.user("dana"))
    assert (kept.away, kept.level, kept.hours, kept.time_zone) == ((), None, None, "Europe/Berlin")


@pytest.mark.parametrize(
    ("typed", "field", "why"),
    [
        ({"hours": "whenever"}, "hours", "is no day with its hours"),
        ({"zone": "Mars/Olympus"}, "zone", "no such time zone"),
        ({"quiet": "at night"}, "quiet", "is written like"),
        ({"first": "2020-01-01"}, "first", "over already"),
        ({"last": "2100-01-01"}, "first", "on which day it begins"),
        ({"first": "2100-01-02", "last": "2100-01-01"}, "last", "ends before it begins"),
    ],
)
@there
async def test_what_is_wrong_in_one_s_settings_is_told_beside_it_and_nothing_is_kept(
    bot: Product, typed: dict[str, str], field: str, why: str
) -> None:
    view = await form(bot, "marco")
    refused = await bot.slack.submit("marco", view["id"], typed)
    assert why in (refused.errors or {})[field]
    await bot.slack.close_view("marco", view["id"])
    assert bot.slack.user("marco") not in await bot.app.store.reps.own(DESK)


@there
async def test_the_messages_tab_publishes_no_home(bot: Product) -> None:
    await opened(bot, "priya")
    before = bot.slack.count("views.publish")
    await bot.slack.open_home("priya", tab="messages")
    await opened(bot, "priya")
    assert bot.slack.count("views.publish") == before + 1


@there
async def test_a_lead_that_is_closed_leaves_its_owner_s_home(bot: Product) -> None:
    lead = await carded(bot)
    card = bot.card(lead.lead_id)
    assert card is not None
    await bot.slack.click("marco", "leads", card["ts"], "claim")
    await bot.card_with(lead.lead_id, "Claimed by")
    await bot.slack.click("marco", "leads", card["ts"], "reject")
    await bot.lead_when(lead.lead_id, lambda now: now.desk_status == DeskStatus.REJECTED)
    assert lead.number not in text_of(await opened(bot, "marco"))


@there
async def test_today_s_absence_shows_on_the_managers_team_board(bot: Product) -> None:
    until = date(2100, 1, 1)
    view = await form(bot, "marco")
    today = utcnow().date().isoformat()
    assert (await bot.slack.submit("marco", view["id"], {"first": today, "last": until.isoformat()})).ok
    await bot.slack.until(lambda _: "2100" in seen(bot, "marco"), timeout=10)
    assert "away until 01 Jan" in text_of(await opened(bot, "priya"))
