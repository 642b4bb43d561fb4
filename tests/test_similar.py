"""Similar leads, asked for in Slack, with the card's button and over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.lead import DeskStatus, Event, Lead, utcnow
from core.ports import Embedder
from handlers import cards
from tests.product import API_KEY, Product, text_of
from tests.standing import desk, there
from tests.test_lead_command import ask, lists, readers

BRIDES = "Do you offer wedding make-up for {} bridesmaids in June?"


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all of this module, with three alike leads in it."""
    with desk(embedder, tmp_path_factory.mktemp("similar")) as bot:
        yield bot


async def brides(bot: Product) -> dict[str, Lead]:
    """Three alike leads: one won by Dana, one lost by Marco, a medspa's one that nobody has."""
    known = {lead.contact.last_name: lead for lead in await bot.app.store.leads.newest(limit=50)}
    if "Won" not in known:
        for number, (name, kind) in enumerate(
            [("Won", "general"), ("Lost", "general"), ("Open", "medspa")], 5
        ):
            fields = {"name": f"Ana {name}", "business_type": kind}
            await bot.synced(await bot.send(BRIDES.format(number), **fields))
        known = {lead.contact.last_name: lead for lead in await bot.app.store.leads.newest(limit=50)}
        await decide(bot, known["Won"], DeskStatus.WON, "dana")
        await decide(bot, known["Lost"], DeskStatus.LOST, "marco")
    return {name: known[name] for name in ("Won", "Lost", "Open") if name is not None}


async def decide(bot: Product, lead: Lead, status: DeskStatus, owner: str) -> None:
    """What a later release's buttons do: the lead has an outcome, and its history a line."""
    line = Event(
        event_id=f"{lead.lead_id}:{status}",
        lead_id=lead.lead_id,
        at=utcnow(),
        actor=bot.slack.user(owner),
        what=status.value,
        told=False,
    )
    changes = {"desk_status": status, "owner": bot.slack.user(owner)}
    await bot.app.store.leads.act(line, lambda _: changes)


async def get(bot: Product, lead: str, **query: str) -> tuple[int, dict[str, Any]]:
    """Status and envelope of the lead's similar leads."""
    headers = {"Authorization": f"Bearer {API_KEY}"}
    url = f"{bot.app.url}/api/v1/leads/{lead}/similar"
    async with bot.session.get(url, params=query, headers=headers) as response:
        return response.status, await response.json()


@there
async def test_each_lead_comes_with_likeness_owner_outcome_and_age(bot: Product) -> None:
    known = await brides(bot)
    answer = await ask(bot, f"similar {known['Open'].number}")
    assert lists(answer, known["Won"])
    assert f"Won, owner <@{bot.slack.user('dana')}>" in answer
    assert f"Lost, owner <@{bot.slack.user('marco')}>" in answer
    assert " %* *<" in answer
    assert "<!date^" in answer


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ("type:general", {"Won", "Lost"}),
        ("type:medspa", {"Open"}),
        ("outcome:won", {"Won"}),
        ("outcome:won,lost", {"Won", "Lost"}),
        ("owner:me", {"Won"}),
        ("owner:@Marco", {"Lost"}),
        ('owner:"Marco Bellini"', {"Lost"}),
        ("owner:nobody", {"Open"}),
        ("since:2020", {"Won", "Lost", "Open"}),
        ("until:2020", set()),
        ("--outcome won --since 1d", {"Won"}),
        ("from:99.9%", set()),
    ],
)
@there
async def test_options_limit_what_is_found(bot: Product, options: str, names: set[str]) -> None:
    known = await brides(bot)
    answer = await ask(bot, f"similar wedding make-up for bridesmaids {options}")
    assert {name for name, lead in known.items() if lists(answer, lead)} == names


@there
async def test_a_limit_gives_the_nearest(bot: Product) -> None:
    known = await brides(bot)
    answer = await ask(bot, f"similar {BRIDES.format(5)} limit:1")
    assert [name for name, lead in known.items() if lists(answer, lead)] == ["Won"]


@there
async def test_what_the_search_was_limited_to_is_said(bot: Product) -> None:
    await brides(bot)
    answer = await ask(bot, "similar bridesmaids outcome:won owner:me since:2026-01-01")
    assert f"among won leads of <@{bot.slack.user('dana')}> since 01 Jan 2026" in answer


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("type:florist", "*type* is one of automotive, consulting, general, medspa"),
        ("owner:@nobody-here", "*owner* is nobody of this desk"),
        ("outcome:maybe", "*outcome* is one or more of new, claimed"),
        ("since:yesteryear", "*since* is a day like 2026-01-31"),
        ("from:lots", "*from* is a likeness from 0 to 1"),
        ("limit:many", "*limit* is a number from 1 to 50"),
    ],
)
@there
async def test_a_wrong_option_is_explained(bot: Product, options: str, sentence: str) -> None:
    assert sentence in await ask(bot, f"similar bridesmaids {options}")


@there
async def test_an_option_that_there_is_not_is_explained_and_the_search_goes_on(bot: Product) -> None:
    known = await brides(bot)
    answer = await ask(bot, "similar wedding make-up for bridesmaids ownr:me")
    assert "“ownr” is no option and was read as words. Did you mean owner:?" in answer
    assert lists(answer, known["Open"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("similar \U0001f697\U0001f525", "There are no words to look for"),
        ("similar type:general", "There are no words to look for"),
        ("similar L-99999", "There is no lead"),
        ("similar L-9999999999", "There is no lead"),
        ("similar " + "word " * 2_000, "ike “word word"),
        ("similar '; DROP TABLE leads; -- <!channel> *x*", "ike “'; DROP TABLE leads;"),
        ("similar \x00 nul", "ike “nul"),
    ],
)
@there
async def test_bad_input_is_answered_in_a_sentence(bot: Product, text: str, says: str) -> None:
    answer = await ask(bot, text)
    assert says in answer
    assert "<!channel>" not in answer


@there
async def test_the_button_tells_only_who_clicked_it(bot: Product) -> None:
    known = await brides(bot)
    card = await bot.final_card(known["Open"].lead_id)
    before = len(bot.slack.ephemerals("priya"))
    assert (await bot.slack.click("priya", "leads", card["ts"], cards.SIMILAR)).ok
    await bot.slack.until(lambda s: len(s.ephemerals("priya")) > before, timeout=10)
    answer = text_of(bot.slack.ephemerals("priya")[-1])
    assert lists(answer, known["Won"])
    assert bot.slack.user("priya") in await readers(bot, known["Won"])


@there
async def test_the_button_of_a_lead_that_is_closed_works_too(bot: Product) -> None:
    known = await brides(bot)
    await bot.app.desk.parts.show(known["Won"].lead_id)
    card = await bot.card_with(known["Won"].lead_id, "Won, owner")
    before = len(bot.slack.ephemerals("priya"))
    assert (await bot.slack.click("priya", "leads", card["ts"], cards.SIMILAR)).ok
    await bot.slack.until(lambda s: len(s.ephemerals("priya")) > before, timeout=10)
    assert lists(text_of(bot.slack.ephemerals("priya")[-1]), known["Open"])


@there
async def test_the_link_of_a_lead_leads_to_its_card(bot: Product) -> None:
    known = await brides(bot)
    card = await bot.final_card(known["Won"].lead_id)
    answer = await ask(bot, f"similar {known['Open'].number}")
    place = f"archives/{bot.slack.channel('leads')}/p{card['ts'].replace('.', '')}"
    assert f"{place}|{known['Won'].number}>" in answer


@there
async def test_the_api_gives_whole_leads_with_their_likeness_nearest_first(bot: Product) -> None:
    known = await brides(bot)
    status, body = await get(bot, known["Open"].lead_id)
    assert (status, body["success"]) == (200, True)
    scores = [lead["score"] for lead in body["data"]]
    assert scores == sorted(scores, reverse=True)
    won = next(lead for lead in body["data"] if lead["number"] == known["Won"].number)
    assert won["desk_status"] == "won"
    assert won["owner"] == bot.slack.user("dana")
    assert won["contact"]["last_name"] == "Won"
    assert set(won) == {
        *("lead_id", "number", "status", "desk_status", "business_type", "desk", "source", "source_url"),
        *("contact", "message", "custom_fields", "analysis", "matches", "owner", "crm", "received_at"),
        *(
            "created_at",
            "updated_at",
            "version",
            "score",
            "person_id",
            "snoozed_from",
            "snoozed_until",
            "also",
            "merged_into",
            "merged_number",
        ),
    }
    assert "api" in await readers(bot, known["Won"])


@there
async def test_the_api_takes_numbers_and_filters(bot: Product) -> None:
    known = await brides(bot)
    query = {"owner": bot.slack.user("marco"), "outcome": "lost", "business_type": "general", "limit": "3"}
    _, body = await get(bot, known["Open"].number.lower(), **query, from_date="2020-01-01", threshold="0.5")
    assert [lead["number"] for lead in body["data"]] == [known["Lost"].number]
    assert body["pagination"]["limit"] == 3


@pytest.mark.parametrize("lead_id", ["L-99999", "x", "019a7c3e-0000-7000-8000-000000009999", "%00", "L-%F0"])
@there
async def test_the_api_does_not_find_what_there_is_not(bot: Product, lead_id: str) -> None:
    status, body = await get(bot, lead_id)
    assert (status, body["errors"][0]["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "51"},
        {"threshold": "high"},
        {"business_type": "florist"},
        {"outcome": "maybe"},
        {"owner": "ana"},
        {"from_date": "soon"},
        {"to_date": "\x00"},
        {"bussiness_type": "medspa"},
    ],
)
@there
async def test_the_api_names_the_parameter_that_is_wrong(bot: Product, query: dict[str, str]) -> None:
    known = await brides(bot)
    status, body = await get(bot, known["Open"].lead_id, **query)
    error = body["errors"][0]
    assert (status, error["code"], error["field"]) == (422, "INVALID_PARAMETER", next(iter(query)))


@there
async def test_the_api_is_closed_without_a_key(bot: Product) -> None:
    async with bot.session.get(f"{bot.app.url}/api/v1/leads/L-1001/similar") as response:
        assert response.status == 401
