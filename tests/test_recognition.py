"""Seen before? One request is one card, a known customer is called one, what is unclear is asked."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from core.acting import Acts
from core.actions import Action, ActionName
from core.dedupe import Answer
from core.lead import DeskStatus, Lead, MatchKind, Status, utcnow
from core.ports import Embedder
from tests.product import INTAKE, Product, text_of
from tests.standing import desk, there

BRAKES = "My 2019 Honda Civic's brakes are grinding badly, can you look at it this week?"
AGAIN = "Any update on this? My 2019 Civic's brakes are grinding badly, can you look at it"
TYRES = "Do you also sell winter tyres for a motorbike?"

FAMILIES = ["quillfeather", "osterhagen", "bramblewick", "tanqueray", "villanueva", "macallister"]
FAMILIES += ["lindqvist", "overstreet", "kowalczyk", "papadakis", "rutherford", "silvestri"]
FAMILIES += ["zubriskie", "hollingsworth", "featherstone", "dunleavy", "pettibone", "abernathy"]
_next = count()


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with desk(embedder, tmp_path_factory.mktemp("recognition")) as bot:
        yield bot


def somebody() -> dict[str, Any]:
    """The contact of a person who never wrote before."""
    at = next(_next)
    family = FAMILIES[at]
    return {"first_name": "Mike", "last_name": family, "email": f"{family}@mail.example"}


def named(person: dict[str, Any]) -> dict[str, Any]:
    """Of a person only the name."""
    return {name: person[name] for name in ("first_name", "last_name")}


async def carded(bot: Product, message: str, person: dict[str, Any]) -> Lead:
    """The lead, once it is through and has its card."""
    lead = await bot.synced(await bot.send(message, **person))
    await bot.final_card(lead.lead_id)
    return lead


async def repeated(bot: Product, message: str, person: dict[str, Any]) -> Lead:
    """The lead, once another one stands for it."""
    return await bot.lead_when(
        await bot.send(message, **person), lambda lead: lead.desk_status == DeskStatus.MERGED
    )


def thread(bot: Product, lead: Lead) -> list[dict[str, Any]]:
    card = bot.card(lead.lead_id)
    assert card is not None
    return bot.slack.thread("leads", card["ts"])


async def told(bot: Product, lead: Lead, words: str) -> dict[str, Any]:
    """The line of the lead's thread with these words, once it is there."""
    await bot.slack.until(lambda _: any(words in text_of(line) for line in thread(bot, lead)), timeout=20)
    return next(line for line in thread(bot, lead) if words in text_of(line))


async def asked(bot: Product, lead: Lead) -> dict[str, Any]:
    return await bot.card_with(lead.lead_id, "Different person")


async def click(bot: Product, lead: Lead, action: str) -> None:
    card = bot.card(lead.lead_id)
    assert card is not None
    assert (await bot.slack.click("dana", "leads", card["ts"], action)).ok


@there
async def test_the_same_request_again_is_no_second_card_but_a_line_in_the_thread(bot: Product) -> None:
    person = somebody()
    first = await carded(bot, BRAKES, person)
    again = await repeated(bot, AGAIN, named(person) | {"email": person["email"].upper()})
    line = await told(bot, first, "Asked again")
    assert "Any update on this?" in text_of(line)
    assert again.number in text_of(line)
    assert bot.card(again.lead_id) is None
    assert again.merged_into == first.lead_id
    assert again.crm.record_id is None


@there
async def test_what_the_second_message_adds_to_the_contact_is_on_the_card(bot: Product) -> None:
    person = somebody()
    first = await carded(bot, BRAKES, person)
    await repeated(bot, AGAIN, person | {"phone": "+1 415 555 0134"})
    await bot.card_with(first.lead_id, "+1 415 555 0134")


@there
async def test_the_same_request_inherits_what_was_read_of_the_first(bot: Product) -> None:
    person = somebody()
    first = await carded(bot, BRAKES, person)
    again = await repeated(bot, AGAIN, person)
    assert again.analysis == (await bot.lead(first.lead_id)).analysis


@there
async def test_a_repeat_that_is_none_gets_a_card_of_its_own_with_one_click(bot: Product) -> None:
    person = somebody()
    first = await carded(bot, BRAKES, person)
    again = await repeated(bot, AGAIN, person)
    line = await told(bot, first, "Asked again")
    assert (await bot.slack.click("dana", "leads", line["ts"], "unmerge")).ok
    await bot.card_with(again.lead_id, "Claim")
    assert (await bot.lead(again.lead_id)).merged_into is None


@there
async def test_a_request_that_was_rejected_does_not_swallow_the_next_message(bot: Product) -> None:
    person = somebody()
    first = await carded(bot, BRAKES, person)
    await click(bot, first, "reject")
    await bot.lead_when(first.lead_id, lambda lead: lead.desk_status == DeskStatus.REJECTED)
    again = await carded(bot, AGAIN, person)
    assert f"Same request as {first.number} (rejected" in text_of(bot.card(again.lead_id))


@there
async def test_a_known_customer_with_a_new_request_is_called_one(bot: Product) -> None:
    person = somebody()
    first = await carded(bot, BRAKES, person)
    second = await carded(bot, TYRES, person)
    card = await bot.card_with(second.lead_id, "Known customer:")
    assert first.number in text_of(card)
    assert (await bot.lead(second.lead_id)).person_id == first.lead_id


@there
async def test_a_person_who_is_surely_known_can_still_be_told_apart(bot: Product) -> None:
    person = somebody()
    first = await carded(bot, BRAKES, person)
    second = await carded(bot, TYRES, person)
    await bot.card_with(second.lead_id, "Known customer:")
    assert (await bot.slack.command("dana", "leads", "/lead", f"different {first.number} {second.number}")).ok
    await bot.lead_when(
        second.lead_id,
        lambda lead: (
            lead.person_id == lead.lead_id and first.lead_id not in {m.lead_id for m in lead.matches}
        ),
    )
    assert (await bot.lead(first.lead_id)).person_id == first.lead_id


@there
async def test_strangers_need_not_be_told_apart(bot: Product) -> None:
    one, other = [await carded(bot, TYRES, somebody()) for _ in range(2)]
    assert (await bot.slack.command("dana", "leads", "/lead", f"different {one.number} {other.number}")).ok
    await bot.ephemeral("dana", "are not taken for one person's")


@there
async def test_an_answer_that_is_carried_out_twice_counts_once_and_nobody_is_refused(bot: Product) -> None:
    person = somebody()
    first = await carded(bot, BRAKES, person)
    unclear = await carded(bot, TYRES, named(person))
    answer = Action(
        key="crash-in-between",
        name=ActionName.DIFFERENT,
        lead_id=unclear.lead_id,
        actor=bot.slack.user("dana"),
        target=first.lead_id,
    )
    acts = Acts(parts=bot.app.desk.parts)
    assert [await acts.act(answer) for _ in range(2)] == [None, None]
    history = await bot.app.store.events.of(unclear.lead_id)
    assert [event.what for event in history].count("different_person") == 1


@there
async def test_a_request_that_is_asked_again_later_comes_up_in_the_channel(bot: Product) -> None:
    person = somebody()
    an_hour_ago = (utcnow() - timedelta(hours=1)).isoformat()
    first = await bot.synced(await bot.send(BRAKES, received_at=an_hour_ago, **person))
    again = await repeated(bot, AGAIN, person)
    line = await told(bot, first, again.number)
    assert line["subtype"] == "thread_broadcast"


@there
async def test_many_equal_leads_at_once_are_one_card(bot: Product) -> None:
    person = somebody()
    answers = await asyncio.gather(
        *(
            bot.post(INTAKE, json={"message": BRAKES, **person}, headers={"Idempotency-Key": f"once-{at}"})
            for at in range(6)
        )
    )
    ids = {answer["data"]["lead_id"] for _, answer in answers}
    assert len(ids) == 6

    async def standing() -> list[str]:
        return [lead_id for lead_id in ids if (await bot.lead(lead_id)).merged_into is None]

    for lead_id in ids:  # which of them came first is chance
        await bot.lead_when(lead_id, lambda lead: lead.status != Status.RAW)
    async with asyncio.timeout(20):
        while len(await standing()) > 1:  # noqa: ASYNC110 - the store has nothing to wait on
            await asyncio.sleep(0.05)
    (stands,) = await standing()
    assert {(await bot.lead(lead_id)).merged_into for lead_id in ids} == {None, stands}
    # A placeholder that was posted while it took long is a line by now.
    await bot.slack.until(
        lambda _: [each for each in ids if "Claim" in text_of(bot.card(each))] == [stands], timeout=20
    )


@there
async def test_an_unclear_match_is_asked_and_the_same_request_is_merged(bot: Product) -> None:
    person = somebody()
    first = await carded(bot, BRAKES, person)
    unclear = await carded(bot, TYRES, named(person))
    await asked(bot, unclear)
    await click(bot, unclear, "same_request")
    await bot.lead_when(unclear.lead_id, lambda lead: lead.merged_into == first.lead_id)
    await bot.card_with(unclear.lead_id, f"Merged into {first.number}")


@there
async def test_an_unclear_match_that_is_the_same_person_becomes_a_known_customer(bot: Product) -> None:
    person = somebody()
    first = await carded(bot, BRAKES, person)
    unclear = await carded(bot, TYRES, named(person))
    await asked(bot, unclear)
    await click(bot, unclear, "same_person")
    card = await bot.card_with(unclear.lead_id, "Known customer:")
    assert "Different person" not in text_of(card)
    lead = await bot.lead(unclear.lead_id)
    assert lead.person_id == first.lead_id
    assert [match.kind for match in lead.matches if match.lead_id == first.lead_id] == [MatchKind.REPEAT]


@there
async def test_an_unclear_match_that_is_somebody_else_is_never_asked_again(bot: Product) -> None:
    person = somebody()
    first = await carded(bot, BRAKES, person)
    unclear = await carded(bot, TYRES, named(person))
    await asked(bot, unclear)
    await click(bot, unclear, "different")
    await told(bot, unclear, "different person")
    lead = await bot.lead(unclear.lead_id)
    assert lead.person_id == unclear.lead_id
    assert first.lead_id not in {match.lead_id for match in lead.matches}
    (label,) = [each for each in await bot.app.store.people.answers() if each.lead_id == unclear.lead_id]
    assert (label.answer, label.actor) == (Answer.DIFFERENT, bot.slack.user("dana"))
