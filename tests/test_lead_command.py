"""/lead: what it answers, to whom, and what it leaves in the audit trail."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from string import ascii_lowercase

import pytest

from bot.sandbox.slack.server import SlackSandbox
from core.adapters.chroma import Chroma
from core.lead import Lead
from core.ports import Embedder
from handlers.slack.commands import TRY_AGAIN
from tests.fakes import Interrupted
from tests.product import Product, product, text_of
from tests.standing import desk, there

BRAKES = "My 2019 Honda Civic's brakes are grinding badly, can you look at it today?"


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One product for all of this module but the last test."""
    with desk(embedder, tmp_path_factory.mktemp("lead")) as bot:
        yield bot


async def ask(bot: Product, text: str, user: str = "dana", channel: str = "leads") -> str:
    """What this user is told, privately."""
    before = len(bot.slack.ephemerals(user))
    ack = await bot.slack.command(user, channel, "/lead", text)
    assert ack.ok
    await bot.slack.until(lambda s: len(s.ephemerals(user)) > before, timeout=10)
    return text_of(bot.slack.ephemerals(user)[-1])


async def ana(bot: Product, message: str) -> Lead:
    """A lead by an Ana who wrote never before, through."""
    family = "".join(secrets.choice(ascii_lowercase) for _ in range(12))
    return await bot.synced(await bot.send(message, name=f"Ana {family}", email=f"{family}@example.com"))


def lists(answer: str, lead: Lead) -> bool:
    """Whether the answer lists this lead, with a link to its card."""
    return f"|{lead.number}>:" in answer


async def readers(bot: Product, lead: Lead) -> list[str]:
    """Who has read the lead's contact data, by the audit trail."""
    history = await bot.app.store.events.of(lead.lead_id)
    return [event.actor for event in history if event.what == "contact_read"]


@pytest.mark.parametrize("text", ["", "help", "HELP"])
@there
async def test_help_lists_the_commands(bot: Product, text: str) -> None:
    answer = await ask(bot, text)
    assert all(f"/lead {word}" in answer for word in ("help", "show", "similar", "list", "new"))


@pytest.mark.parametrize("verb", ["show", "similar", "find", "claim", "assign", "lost", "merge", "different"])
@there
async def test_a_command_that_lacks_what_it_needs_is_told_how_it_is_written(bot: Product, verb: str) -> None:
    assert f"/lead {verb} " in await ask(bot, verb)


@there
async def test_show_tells_everything_and_the_reading_is_audited(bot: Product) -> None:
    lead = await ana(bot, f"{BRAKES} one")
    answer = await ask(bot, f"show {lead.number}")
    assert all(
        words in answer for words in (str(lead.contact.name), str(lead.contact.email), "grinding badly")
    )
    assert await readers(bot, lead) == [bot.slack.user("dana")]


@there
async def test_a_number_alone_shows_the_lead(bot: Product) -> None:
    lead = await ana(bot, f"{BRAKES} two")
    assert str(lead.contact.email) in await ask(bot, lead.number.lower())
    assert await readers(bot, lead) == [bot.slack.user("dana")]


@there
async def test_similar_finds_by_number_and_leaves_out_the_lead_itself(bot: Product) -> None:
    first = await ana(bot, "Do you offer wedding make-up for six bridesmaids in June?")
    second = await ana(bot, "Do you offer wedding make-up for five bridesmaids in June?")
    answer = await ask(bot, f"similar {first.number}")
    assert lists(answer, second)
    assert not lists(answer, first)
    assert await readers(bot, second) == [bot.slack.user("dana")]


@pytest.mark.parametrize("text", ["similar laser hair removal", "laser hair removal"])
@there
async def test_similar_finds_by_words(bot: Product, text: str) -> None:
    lead = await ana(bot, f"What does it cost to remove the hair on my legs by laser? ({text})")
    assert lists(await ask(bot, text), lead)


@there
async def test_words_that_are_like_no_lead_find_nothing(bot: Product) -> None:
    assert "No earlier lead is like" in await ask(bot, "similar quantum chromodynamics on the lattice")


@there
async def test_list_shows_open_leads_without_contact_data(bot: Product) -> None:
    lead = await ana(bot, f"{BRAKES} three")
    answer = await ask(bot, "list")
    assert lists(answer, lead)
    assert not any(private in answer for private in ("@example.com", "Ana ", "Silva"))
    assert await readers(bot, lead) == []


@there
async def test_a_slip_of_the_pen_is_told_the_nearest_command(bot: Product) -> None:
    assert "Did you mean /lead similar" in (await ask(bot, "similer")).replace("*", "")
    assert "Did you mean /lead claim" in (await ask(bot, "clami L-1001")).replace("*", "")


@pytest.mark.parametrize("text", ["show L-77", "similar L-77", "L-77", "show <@U1>"])
@there
async def test_an_unknown_number_is_not_found(bot: Product, text: str) -> None:
    assert "There is no lead" in await ask(bot, text)


@pytest.mark.parametrize("text", ["help", "show L-1001", "similar brakes", "list", "new"])
@there
async def test_somebody_outside_the_desk_learns_nothing(bot: Product, text: str) -> None:
    answer = await ask(bot, text, user="olga", channel="general")
    assert "Only members of the desk" in answer
    assert "L-1001:" not in answer
    assert bot.slack.views("olga") == []


@there
async def test_new_opens_a_form_with_the_words_that_followed(bot: Product) -> None:
    assert (await bot.slack.command("marco", "leads", "/lead", "new Oil change")).ok
    (view,) = await bot.slack.until(lambda s: s.views("marco"), timeout=10)
    assert "Oil change" in text_of(view)


@there
async def test_the_form_tells_a_wrong_field_and_makes_one_lead(bot: Product) -> None:
    before = await bot.app.store.leads.count()
    view_id = await form(bot)
    typed = {"name": "Ana Silva", "email": "not an address", "message": BRAKES}
    refused = await bot.slack.submit("dana", view_id, typed)
    assert refused.errors == {"email": "E-mail is not an e-mail address."}
    assert await bot.app.store.leads.count() == before
    assert (await bot.slack.submit("dana", view_id, typed | {"email": "ana@example.com"})).ok
    (lead,) = await bot.app.store.leads.newest(limit=1)
    assert (lead.source, lead.contact.name) == ("slash_command", "Ana Silva")
    assert await bot.app.store.leads.count() == before + 1
    await bot.final_card(lead.lead_id)


async def form(bot: Product, user: str = "dana") -> str:
    """The id of the new-lead form, open before this user."""
    known = {view["id"] for view in bot.slack.views(user)}
    assert (await bot.slack.command(user, "leads", "/lead", "new")).ok
    return await bot.slack.until(
        lambda s: next((view["id"] for view in s.views(user) if view["id"] not in known), None), timeout=10
    )


async def test_an_answer_comes_even_when_the_index_hangs(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    chroma = Chroma(tmp_path / "index", None)
    index = Interrupted(chroma)
    async with product(slack, tmp_path, embedder, index=index) as bot:
        index.hang()
        assert "does not answer right now" in await ask(bot, "similar brakes")
        index.come_back()
    await chroma.close()


async def test_a_form_sent_while_nobody_can_tell_who_belongs_to_the_desk_keeps_what_was_typed(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    async with product(slack, tmp_path, embedder) as bot:
        view_id = await form(bot)
    async with product(slack, tmp_path, embedder) as bot:  # which has seen no list of members yet
        slack.faults.add("conversations.members", status=503)
        refused = await slack.submit("dana", view_id, {"message": BRAKES})
        assert refused.errors == {"message": TRY_AGAIN}
        assert (await slack.submit("dana", view_id, {"message": BRAKES})).ok
        assert await bot.app.store.leads.count() == 1
