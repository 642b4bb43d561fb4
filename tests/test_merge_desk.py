"""Merging through the real product: from the card, by command and by API, with search behind it."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from core.lead import DeskStatus, Lead
from core.ports import Embedder
from handlers import merging
from tests.product import Product, text_of
from tests.standing import desk, there

BRAKES = "My 2019 Honda Civic's brakes are grinding badly, can you look at it today?"


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all of this module."""
    with desk(embedder, tmp_path_factory.mktemp("merge")) as bot:
        yield bot


async def two(bot: Product, words: str) -> tuple[Lead, Lead]:
    """Two alike leads that nothing tells to be one person's, nor any earlier one's: the older first."""
    who, number = words.title().replace(" ", ""), 100 + await bot.app.store.leads.count()
    message = f"{BRAKES} {words}"
    older = await bot.synced(await bot.send(message, name=f"Ana {who}", email=f"ana@{who}.example"))
    phone, email = f"+1 415 555 0{number}", f"bo@{who}.example"
    newer = await bot.synced(await bot.send(message, name=f"Bo Mc{who}", phone=phone, email=email))
    return older, newer


async def modal(bot: Product, user: str, word: str) -> dict[str, Any]:
    """The topmost modal before this user, once it shows this word."""

    def find(_: Any) -> Any:
        views = bot.slack.views(user)
        return bool(views) and word in text_of(views[-1])

    await bot.slack.until(find, timeout=10)
    return bot.slack.views(user)[-1]


async def told(bot: Product, text: str, user: str = "dana") -> dict[str, Any]:
    """What a command answers, privately."""
    before = len(bot.slack.ephemerals(user))
    assert (await bot.slack.command(user, "leads", "/lead", text)).ok
    await bot.slack.until(lambda s: len(s.ephemerals(user)) > before, timeout=10)
    return bot.slack.ephemerals(user)[-1]


async def press(bot: Product, user: str, message: dict[str, Any], action_id: str) -> None:
    await bot.slack.click(user, "leads", message["ts"], action_id)


async def thread_says(bot: Product, lead_id: str, words: str) -> None:
    """Wait until the card's thread says this."""
    card = bot.card(lead_id)
    assert card is not None
    await bot.slack.until(lambda s: words in text_of(s.thread("leads", card["ts"])), timeout=10)


async def open_merge(bot: Product, lead: Lead, user: str = "dana") -> dict[str, Any]:
    """The modal behind the card's menu."""
    card = await bot.final_card(lead.lead_id)
    await bot.slack.click(user, "leads", card["ts"], "more", selected_option="merge")
    return await modal(bot, user, "number")


@there
async def test_from_the_card_two_leads_become_one_and_two_again(bot: Product) -> None:
    older, newer = await two(bot, "card")
    view = await open_merge(bot, newer)
    assert older.number in text_of(view)  # what it was matched with is offered
    await bot.slack.submit("dana", view["id"], {"number": older.number})
    preview = await modal(bot, "dana", f"{older.number} is kept, {newer.number} is merged into it.")
    assert f"{newer.contact.phone} (from {newer.number})" in text_of(preview)
    assert (await bot.slack.submit("dana", preview["id"], {})).ok
    gone = await bot.card_with(newer.lead_id, f"Merged into {older.number}", "Undo merge")
    assert str(newer.contact.email) not in text_of(gone)
    await bot.card_with(older.lead_id, str(newer.contact.phone), f"also {newer.contact.email}")
    await thread_says(bot, newer.lead_id, f"Merged into {older.number} by dana")
    await thread_says(bot, older.lead_id, f"Merged with {newer.number} by dana")
    await bot.slack.click("marco", "leads", gone["ts"], "unmerge")
    await bot.card_with(newer.lead_id, str(newer.contact.email), "Claim")
    back = await bot.lead_when(older.lead_id, lambda lead: lead.contact.phone is None)
    assert back.contact == older.contact
    await thread_says(bot, older.lead_id, f"No longer merged with {newer.number} by marco")


@there
async def test_the_preview_s_direction_can_be_swapped(bot: Product) -> None:
    older, newer = await two(bot, "swap")
    view = await open_merge(bot, older)
    await bot.slack.submit("dana", view["id"], {"number": newer.number})
    preview = await modal(bot, "dana", f"{older.number} is kept")
    await bot.slack.click_view("dana", preview["id"], merging.SWAP)
    swapped = await modal(bot, "dana", f"{newer.number} is kept")
    await bot.slack.submit("dana", swapped["id"], {})
    await bot.card_with(older.lead_id, f"Merged into {newer.number}")


@pytest.mark.parametrize(
    ("typed", "why"),
    [("L-99999", "There is no lead L-99999."), ("itself", "cannot be merged with itself")],
)
@there
async def test_a_wrong_number_is_told_beside_the_field(bot: Product, typed: str, why: str) -> None:
    _, newer = await two(bot, f"wrong {typed}")
    view = await open_merge(bot, newer)
    number = newer.number if typed == "itself" else typed
    refused = await bot.slack.submit("dana", view["id"], {"number": number})
    assert why in (refused.errors or {})["number"]
    await bot.slack.close_view("dana", view["id"])


@there
async def test_somebody_outside_the_desk_cannot_merge(bot: Product) -> None:
    older, newer = await two(bot, "outsider")
    card = await bot.final_card(newer.lead_id)
    await bot.slack.click("olga", "leads", card["ts"], "more", selected_option="merge")
    view = await modal(bot, "olga", "Only members of the desk")
    await bot.slack.close_view("olga", view["id"])
    merged = await told(bot, f"merge {newer.number} {older.number}")
    await press(bot, "dana", merged, merging.DO)
    gone = await bot.card_with(newer.lead_id, "Merged into")
    await bot.slack.click("olga", "leads", gone["ts"], "unmerge")
    await bot.ephemeral("olga", "Only members of the desk")
    assert (await bot.lead(newer.lead_id)).desk_status == DeskStatus.MERGED


@there
async def test_by_command_with_a_preview_that_can_be_swapped_and_undone(bot: Product) -> None:
    older, newer = await two(bot, "command")
    answer = await told(bot, f"merge {newer.number} {older.number}")
    assert f"{older.number} is kept" in text_of(answer)
    await press(bot, "dana", answer, merging.SWAP)
    swapped = await bot.ephemeral("dana", f"{newer.number} is kept")
    await press(bot, "dana", swapped, merging.DO)
    await bot.card_with(older.lead_id, f"Merged into {newer.number}")
    undo = await told(bot, f"unmerge {older.number}")
    assert f"{older.number} is merged into {newer.number}" in text_of(undo)
    await press(bot, "dana", undo, merging.UNDO)
    assert (
        await bot.lead_when(older.lead_id, lambda lead: lead.merged_into is None)
    ).contact == older.contact


@there
async def test_who_saw_both_contacts_in_a_preview_is_in_both_histories(bot: Product) -> None:
    pair = await two(bot, "audit")
    await told(bot, f"merge {pair[0].number} {pair[1].number}", "marco")
    for each in pair:
        history = await bot.app.store.events.of(each.lead_id)
        assert [event.actor for event in history if event.what == "contact_read"] == [bot.slack.user("marco")]


@there
async def test_cancel_takes_the_preview_away_and_nothing_happens(bot: Product) -> None:
    older, newer = await two(bot, "cancel")
    answer = await told(bot, f"merge {newer.number} into {older.number}")
    await press(bot, "dana", answer, merging.CANCEL)
    await bot.slack.until(lambda s: answer["ts"] not in [e["ts"] for e in s.ephemerals("dana")], timeout=10)
    assert await bot.lead(newer.lead_id) == newer


@there
async def test_into_says_which_one_is_kept(bot: Product) -> None:
    older, newer = await two(bot, "into")
    assert f"{newer.number} is kept" in text_of(await told(bot, f"merge {older.number} into {newer.number}"))


@pytest.mark.parametrize("text", ["merge", "merge L-1 L-2 L-3", "unmerge"])
@there
async def test_a_command_without_its_numbers_is_told_how_it_is_written(bot: Product, text: str) -> None:
    assert f"/lead {text.split(maxsplit=1)[0]} L-10" in text_of(await told(bot, text))


@there
async def test_one_number_opens_the_form_that_asks_for_the_other(bot: Product) -> None:
    _, newer = await two(bot, "form")
    await bot.slack.command("priya", "leads", "/lead", f"merge {newer.number}")
    views = await bot.slack.until(
        lambda s: [view for view in s.views("priya") if newer.number in text_of(view)], timeout=10
    )
    await bot.slack.close_view("priya", views[0]["id"])


@there
async def test_two_people_merging_in_opposite_directions_at_once_one_wins(bot: Product) -> None:
    older, newer = await two(bot, "race")
    one = await told(bot, f"merge {newer.number} into {older.number}", "dana")
    other = await told(bot, f"merge {older.number} into {newer.number}", "marco")
    await asyncio.gather(press(bot, "dana", one, merging.DO), press(bot, "marco", other, merging.DO))

    def refused(_: Any) -> list[str]:
        return [user for user in ("dana", "marco") if "already" in text_of(bot.slack.ephemerals(user)[-1:])]

    assert len(await bot.slack.until(refused, timeout=10)) == 1
    found = [await bot.lead(each.lead_id) for each in (older, newer)]
    assert [each.desk_status for each in found].count(DeskStatus.MERGED) == 1


@there
async def test_show_reaches_what_was_merged_and_lists_leave_it_out(bot: Product) -> None:
    older, newer = await two(bot, "show")
    await bot.post(f"/api/v1/leads/{newer.number}/merge", json={"into": older.number})
    shown = text_of(await told(bot, f"show {older.number}"))
    assert f"{newer.number}: “{BRAKES}" in shown
    assert f"e-mail: {newer.contact.email}" in shown
    assert f"Merged with {newer.number}" in shown
    listed = text_of(await told(bot, "list"))
    assert f"|{older.number}>" in listed
    assert f"|{newer.number}>" not in listed
    assert f"Merged into {older.number}" in text_of(await told(bot, f"show {newer.number}"))


@there
async def test_similar_offers_the_kept_lead_in_the_gone_one_s_place_until_it_is_undone(bot: Product) -> None:
    gone = await bot.synced(await bot.send("Do you repair vintage accordions with broken reeds?"))
    kept = await bot.synced(await bot.send("Please call me back about what I asked yesterday"))
    asked = "similar vintage accordions with broken reeds"
    await bot.post(f"/api/v1/leads/{gone.number}/merge", json={"into": kept.number})
    found = text_of(await told(bot, asked))
    assert kept.number in found
    assert gone.number not in found
    await bot.post(f"/api/v1/leads/{gone.number}/unmerge", json={})
    again = text_of(await told(bot, asked))
    assert gone.number in again
    assert kept.number not in again


@there
async def test_the_api_previews_merges_and_undoes(bot: Product) -> None:
    older, newer = await two(bot, "api")
    path = f"/api/v1/leads/{newer.lead_id}"
    status, preview = await bot.post(f"{path}/merge", json={"into": older.number, "preview": True})
    assert (status, preview["data"]["preview"]) == (200, True)
    assert preview["data"]["kept"]["contact"]["phone"] == newer.contact.phone
    assert await bot.lead(newer.lead_id) == newer
    key = {"Idempotency-Key": "merge-1"}
    for _ in range(2):
        status, done = await bot.post(f"{path}/merge", json={"into": older.lead_id}, headers=key)
        assert (status, done["data"]["gone"]["merged_number"]) == (200, older.number)
    assert done["data"]["kept"]["also"]["emails"] == [newer.contact.email]
    await bot.card_with(newer.lead_id, f"Merged into {older.number}")
    await thread_says(bot, older.lead_id, f"Merged with {newer.number} by the API")
    status, undone = await bot.post(f"/api/v1/leads/{newer.number}/unmerge", json={})
    assert (status, undone["data"]["gone"]["desk_status"]) == (200, "new")
    assert undone["data"]["kept"]["contact"] == older.contact.model_dump()
    await bot.card_with(newer.lead_id, "Claim")


@pytest.mark.parametrize(
    ("path", "body", "outcome"),
    [
        ("L-99999/merge", {"into": "L-1001"}, (404, "NOT_FOUND", "lead_id")),
        ("L-1001/merge", {"into": "L-99999"}, (404, "NOT_FOUND", "into")),
        ("L-1001/merge", {"into": "L-1001"}, (409, "NOT_MERGEABLE", "into")),
        ("L-1001/merge", {}, (422, "INVALID_FIELD", "into")),
        ("L-1001/merge", {"into": 1002}, (422, "INVALID_FIELD", "into")),
        ("L-1001/merge", {"into": "L-1002", "preview": "yes"}, (422, "INVALID_FIELD", "preview")),
        ("L-1001/unmerge", {}, (409, "NOT_MERGED", "lead_id")),
        ("L-99999/unmerge", {}, (404, "NOT_FOUND", "lead_id")),
    ],
)
@there
async def test_the_api_says_what_is_wrong_with_a_code_and_a_field(
    bot: Product, path: str, body: dict[str, Any], outcome: tuple[int, str, str | None]
) -> None:
    status, envelope = await bot.post(f"/api/v1/leads/{path}", json=body)
    (error,) = envelope["errors"]
    assert (status, error["code"], error["field"]) == outcome


@pytest.mark.parametrize("what", ["merge", "unmerge"])
@there
async def test_the_api_asks_for_a_key(bot: Product, what: str) -> None:
    headers = {"Authorization": "Bearer wrong"}
    status, _ = await bot.post(f"/api/v1/leads/L-1001/{what}", json={"into": "L-1002"}, headers=headers)
    assert status == 401


@there
async def test_a_lead_that_was_merged_before_it_had_a_card_gets_none_until_the_undo(bot: Product) -> None:
    older, newer = await two(bot, "no card")
    await bot.app.store.posts.forget(f"card:{newer.lead_id}")
    await bot.app.store.merges.merge(
        "auto:1", newer.lead_id, into=older.lead_id, actor="system", reason="same words"
    )
    before = len(bot.cards())
    await bot.app.desk.parts.publish_merged("auto:1")
    assert len(bot.cards()) == before
    await thread_says(bot, older.lead_id, f"*Asked again*, {newer.number}")
