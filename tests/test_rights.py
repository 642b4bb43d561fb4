"""Who may do what: decided in core for every action, whatever button was shown, and written down."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.slack.server import SlackSandbox
from core.actions import ActionName
from core.errors import NotAllowed
from core.lead import DeskStatus, Lead
from core.ports import Embedder
from core.rights import OF_ANY_LEAD, Role, check, check_reading
from tests.lead_examples import lead
from tests.product import Product, product

OURS = "U0ANA"


def allowed(role: Role | None, name: ActionName, owner: str | None) -> bool:
    try:
        check(role, name, lead(owner=owner), OURS)
    except NotAllowed:
        return False
    return True


@given(name=st.sampled_from(ActionName), owner=st.sampled_from([None, OURS, "U0BEN"]))
def test_more_rights_never_forbid_what_fewer_allow(name: ActionName, owner: str | None) -> None:
    roles = [None, Role.VIEWER, Role.REP, Role.MANAGER, Role.ADMIN]
    answers = [allowed(role, name, owner) for role in roles]
    assert answers == sorted(answers)
    assert answers[:2] == [False, False]
    assert answers[-1]


def test_only_admins_have_deliveries_read_again() -> None:
    check_reading(Role.ADMIN)
    for role in (None, *set(Role) - {Role.ADMIN}):
        with pytest.raises(NotAllowed):
            check_reading(role)


def test_only_admins_erase() -> None:
    may = [role for role in Role if allowed(role, ActionName.FORGET, OURS)]
    assert may == [Role.ADMIN]


@given(name=st.sampled_from([name for name in ActionName if name != ActionName.FORGET]))
def test_a_rep_decides_about_nobodys_leads_and_their_own(name: ActionName) -> None:
    assert allowed(Role.REP, name, None)
    assert allowed(Role.REP, name, OURS)
    assert allowed(Role.REP, name, "U0BEN") == (name in OF_ANY_LEAD)


@pytest.fixture
async def bot(slack: SlackSandbox, tmp_path: Path, embedder: Embedder) -> AsyncIterator[Product]:
    """A desk with a manager, Marco, and a viewer, Olga, who is not even in the channel."""
    desks = tmp_path / "desks"
    desks.mkdir()
    (desks / "leads.yaml").write_text(f"""
channel: {slack.desk_channel}
managers: {slack.user("marco")}
viewers: {slack.user("olga")}
routing: {{otherwise: pool}}
""")
    async with product(slack, tmp_path, embedder, desks_dir=desks) as running:
        yield running


async def click(bot: Product, lead_id: str, action: str, user: str, **given: Any) -> None:
    card = await bot.final_card(lead_id)
    assert (await bot.slack.click(user, bot.slack.desk_channel, card["ts"], action, **given)).ok


async def claimed_by_dana(bot: Product) -> Lead:
    lead_id = await bot.send("Brake repair for a 2019 Honda Civic, please call 312 555 0148")
    await click(bot, lead_id, "claim", "dana")
    return await bot.lead_when(lead_id, lambda lead: lead.owner is not None)


async def test_a_rep_cannot_decide_about_a_colleagues_lead_and_is_told_why(bot: Product) -> None:
    theirs = await claimed_by_dana(bot)
    await click(bot, theirs.lead_id, "reject", "priya")
    told = await bot.ephemeral("priya", "they or a manager of the desk")
    assert theirs.number in str(told)
    assert (await bot.lead(theirs.lead_id)).desk_status == DeskStatus.CLAIMED


async def test_what_was_refused_stands_in_the_history_and_not_in_the_thread(bot: Product) -> None:
    theirs = await claimed_by_dana(bot)
    await click(bot, theirs.lead_id, "reject", "priya")
    await bot.ephemeral("priya", "they or a manager of the desk")
    history = await bot.app.store.events.of(theirs.lead_id)
    refused = [event for event in history if event.what == "refused"]
    assert [(event.actor, event.told) for event in refused] == [(bot.slack.user("priya"), False)]
    card = await bot.final_card(theirs.lead_id)
    assert not any("efused" in reply["text"] for reply in bot.slack.thread("leads", card["ts"]))


async def test_a_manager_decides_about_every_lead(bot: Product) -> None:
    theirs = await claimed_by_dana(bot)
    await click(bot, theirs.lead_id, "reject", "marco")
    await bot.lead_when(theirs.lead_id, lambda lead: lead.desk_status == DeskStatus.REJECTED)


async def test_an_admin_of_the_workspace_is_one_of_the_desk_where_none_is_named(bot: Product) -> None:
    theirs = await claimed_by_dana(bot)
    bot.slack.promote("priya")
    await click(bot, theirs.lead_id, "approve", "priya")
    await bot.lead_when(theirs.lead_id, lambda lead: lead.desk_status == DeskStatus.APPROVED)


async def test_a_viewer_sees_leads_and_works_none(bot: Product) -> None:
    theirs = await claimed_by_dana(bot)
    answer = await bot.slack.command("olga", "leads", "/lead", f"show {theirs.number}")
    assert answer.ok
    await bot.ephemeral("olga", "Honda Civic")
    await click(bot, theirs.lead_id, "approve", "olga")
    await bot.ephemeral("olga", "but not work them")


async def test_a_lead_cannot_be_handed_to_a_viewer_or_to_somebody_who_left(bot: Product) -> None:
    theirs = await claimed_by_dana(bot)
    await bot.slack.deactivate("priya")
    for user in ("olga", "priya"):
        await click(bot, theirs.lead_id, "reassign", "dana", selected_user=bot.slack.user(user))
        await bot.ephemeral("dana", f"<@{bot.slack.user(user)}> is no person of this desk")
