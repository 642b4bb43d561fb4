"""From the door to its owner: who is given a lead, told of it, and may take it up."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from bot.sandbox.slack.server import SlackSandbox
from core.lead import DeskStatus, Lead
from core.ports import Embedder
from core.reader import Whose
from core.routing import About, Considered, Decision
from core.store.assignments import Assignment
from handlers import ownership
from tests.lead_examples import RECEIVED, foreign, leads
from tests.product import Product, product, text_of
from tests.slack_limits import check_message

BRAKES = "My 2019 Honda Civic's brakes are grinding badly, can you look at it today?"
SPANISH = "Hola, necesito un presupuesto para cambiar los frenos de mi coche, gracias por su ayuda"

FILE = """
channel: {desk}
managers: {marco}
reps:
  {dana}: {{}}
  {priya}: {{capacity: 2}}
routing:
  rules:
    - name: Spanish speakers
      when: {{language: es}}
      to: {priya}
    - name: Spa
      when: {{business_type: medspa}}
      desk: "#front-desk"
"""


@pytest.fixture
async def bot(slack: SlackSandbox, tmp_path: Path, embedder: Embedder) -> AsyncIterator[Product]:
    """A desk that gives its leads to Dana and Priya in turn, and Marco manages it."""
    folder = tmp_path / "desks"
    folder.mkdir()
    people = {name: slack.user(name) for name in ("dana", "priya", "marco")}
    (folder / "leads.yaml").write_text(FILE.format(desk=slack.desk_channel, **people))
    (folder / "front.yaml").write_text(f"channel: '#front-desk'\nreps: {{{slack.user('olga')}: {{}}}}")
    async with product(slack, tmp_path, embedder, desks_dir=folder) as running:
        yield running


async def given(bot: Product, message: str = BRAKES, **fields: str) -> Lead:
    return await bot.synced(await bot.send(message, **fields))


async def test_leads_go_to_the_reps_in_turn_and_the_card_says_so(bot: Product) -> None:
    first, second = await given(bot, name="Ana Silva"), await given(bot, f"{BRAKES} Please", name="Bo Chen")
    assert [first.owner, second.owner] == [bot.slack.user("dana"), bot.slack.user("priya")]
    assert first.desk_status == DeskStatus.NEW
    card = await bot.final_card(first.lead_id)
    assert "*For dana* (in turn)" in text_of(card)


async def test_the_owner_is_told_once_in_the_thread(bot: Product) -> None:
    lead = await given(bot)
    card = await bot.final_card(lead.lead_id)
    await bot.slack.until(lambda s: bool(s.thread("leads", card["ts"])))
    told = [reply["text"] for reply in bot.slack.thread("leads", card["ts"])]
    assert [f"<@{lead.owner}>" in text for text in told] == [True]


async def test_a_card_pings_nobody(bot: Product) -> None:
    card = await bot.final_card((await given(bot)).lead_id)
    assert "<@" not in text_of(card)


async def test_the_owner_claims_what_they_were_given_and_others_may_not(bot: Product) -> None:
    lead = await given(bot)
    card = await bot.final_card(lead.lead_id)
    await bot.slack.click("priya", "leads", card["ts"], "claim")
    await bot.ephemeral("priya", "'s to claim")
    await bot.slack.click("dana", "leads", card["ts"], "claim")
    await bot.card_with(lead.lead_id, "Claimed by dana")


async def test_a_rule_decides_before_the_turns(bot: Product) -> None:
    lead = await given(bot, SPANISH)
    assert lead.owner == bot.slack.user("priya")
    assert lead.owner_reason == "rule “Spanish speakers”"


async def test_a_customer_comes_back_to_their_own_rep(bot: Product) -> None:
    first = await given(bot, name="Ana Silva", email="ana.silva@example.com")
    await given(bot, "Do you have winter tyres for a Volvo?", name="Bo Chen")
    again = await given(
        bot, "Now my wife's Ford needs an oil change.", name="Ana Silva", email="ana.silva@example.com"
    )
    assert (again.owner, again.owner_reason) == (first.owner, "their own rep")


async def test_a_lead_that_only_repeats_another_is_given_to_nobody(bot: Product) -> None:
    await given(bot, name="Ana Silva", email="ana.silva@example.com")
    before = await bot.app.store.assignments.credits(bot.slack.desk_channel)
    repeat = await bot.send(BRAKES, name="Ana Silva", email="ana.silva@example.com", form="again")
    await bot.lead_when(repeat, lambda lead: lead.desk_status == DeskStatus.MERGED)
    assert await bot.app.store.assignments.of(repeat) is None
    assert await bot.app.store.assignments.credits(bot.slack.desk_channel) == before


async def test_spam_is_given_to_nobody(bot: Product) -> None:
    lead = await given(
        bot, "Buy cheap SEO backlinks now! Rank #1 on Google guaranteed, click http://x.example"
    )
    assert (lead.owner, lead.desk_status) == (None, DeskStatus.NEW)


async def test_a_rule_sends_a_lead_to_the_other_desk_before_anybody_sees_it(bot: Product) -> None:
    lead_id = await bot.send("Lip filler, Friday?", business_type="medspa")
    await bot.slack.until(lambda s: any("Lip filler" in text_of(m) for m in s.messages("front-desk")))
    lead = await bot.lead(lead_id)
    assert (lead.desk, lead.owner) == ("#front-desk", bot.slack.user("olga"))
    assert bot.card(lead_id) is None


async def test_who_left_the_workspace_is_given_nothing(bot: Product) -> None:
    await bot.slack.deactivate("dana")
    leads = [await given(bot, f"{BRAKES} {n}", name=f"Person {n}") for n in ("one", "two")]
    assert {lead.owner for lead in leads} == {bot.slack.user("priya")}


async def test_a_rejected_lead_is_no_lead_of_theirs_and_the_next_is(bot: Product) -> None:
    lead = await given(bot, name="Ana Silva")
    card = await bot.final_card(lead.lead_id)
    await bot.slack.click("dana", "leads", card["ts"], "reject")
    await bot.lead_when(lead.lead_id, lambda lead: lead.desk_status == DeskStatus.REJECTED)
    again = await given(bot, "Do you have winter tyres for a Volvo?", name="Bo Chen")
    assert again.owner == bot.slack.user("dana")


async def asked(bot: Product, text: str, user: str = "dana") -> str:
    before = len(bot.slack.ephemerals(user))
    assert (await bot.slack.command(user, "leads", "/lead", text)).ok
    await bot.slack.until(lambda s: len(s.ephemerals(user)) > before)
    return text_of(bot.slack.ephemerals(user)[-1])


async def test_why_tells_who_has_a_lead_and_everything_that_was_considered(bot: Product) -> None:
    lead = await given(bot, SPANISH)
    told = await asked(bot, f"why {lead.number}")
    assert f"For <@{lead.owner}>" in told
    assert "Rule “Spanish speakers”: fits" in told
    assert f"<@{lead.owner}>: even" in told
    history = await asked(bot, f"show {lead.number}")
    assert f"Assigned to <@{lead.owner}>: rule “Spanish speakers”" in history


async def test_why_is_told_to_members_of_the_desk_only(bot: Product) -> None:
    lead = await given(bot)
    assert "Only members" in await asked(bot, f"why {lead.number}", user="olga")


assignments = st.builds(
    Assignment,
    decision=st.builds(
        Decision,
        desk=st.just("#leads"),
        owner=st.none() | st.just("U0ANA"),
        reason=foreign,
        trace=st.lists(
            st.builds(Considered, about=st.sampled_from(About), name=foreign, so=st.booleans(), why=foreign),
            max_size=60,
        ).map(tuple),
    ),
    at=st.just(RECEIVED),
    given_back_at=st.none() | st.just(RECEIVED),
)


@given_any(lead=leads, assignment=st.none() | assignments)
def test_whatever_was_considered_slack_takes_the_answer(lead: Lead, assignment: Assignment | None) -> None:
    answer = ownership.why(Whose(lead, assignment))
    check_message(answer.blocks, answer.text)
