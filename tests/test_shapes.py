"""Fields that nobody explained: guessed, asked about once in Slack, used ever after, for what waited too."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.intake import shapes
from core.intake.deliveries import OPEN_SHAPES_MAX, attempt
from core.intake.shapes import Shape, corrected, fitting, flat, new_shape
from core.lead import utcnow
from core.ports import Embedder
from core.store.kept import Waits
from core.store.submissions import Delivery
from handlers import shape_cards
from tests import slack_limits
from tests.conftest import Snapshot
from tests.product import Product, eventually, text_of
from tests.senders import CASES, KEY, Case
from tests.sending import Senders, senders
from tests.spoilt import request_of
from tests.standing import standing, there

STRANGE = {
    "q_1": "Ivo Barros",
    "q_2": "ivo.barros@example.com",
    "q_3": "+1 415 555 0101",
    "q_4": "Could you come and look at our lift next week?",
    "meta": {"page": "/contact", "tags": ["a", "b"]},
}

MANAGER, OUTSIDER = "dana", "olga"


def test_a_guess_goes_by_the_values_where_names_say_nothing() -> None:
    shape = new_shape("zapier", None, flat(STRANGE), desk="#leads", region="US")
    found = {column.name: column.field for column in shape.columns}
    assert found == {
        "q_1": None,
        "q_2": "email",
        "q_3": "phone",
        "q_4": "message",
        "meta.page": None,
        "meta.tags": None,
    }


def test_a_form_that_leaves_out_what_is_empty_is_of_the_same_shape() -> None:
    shape = new_shape("zapier", None, flat(STRANGE), desk="#leads", region="US")
    assert fitting([shape], None, {"q_1", "q_2", "q_4"}) == shape


def test_another_form_of_the_source_is_of_another_shape() -> None:
    shape = new_shape("gravity_forms", "3", flat(STRANGE), desk="#leads", region="US")
    assert fitting([shape], "4", set(flat(STRANGE))) is None


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=())), values, max_size=8))
def test_whatever_was_sent_can_be_asked_about_within_slack_s_limits(payload: dict[str, Any]) -> None:
    fields = flat(payload)
    if fields:
        shape = new_shape("zapier", None, fields, desk="#leads", region="US")
        card = shape_cards.asking(shape, 3)
        slack_limits.check_message(card.blocks, card.text)
        slack_limits.check_view(shape_cards.form(shape))
        assert shapes.read(shape, fields, region="US")["message"]


@pytest.mark.parametrize("confirmed_by", [None, "U0MIA"])
def test_the_question_and_its_form_look_like_this(snapshot: Snapshot, confirmed_by: str | None) -> None:
    hostile = {**STRANGE, "<!channel>": "*bold* <https://evil.example|click> @here"}
    shape = new_shape("zapier", "3", flat(hostile), desk="#leads", region="US")
    card = shape_cards.asking(shape.model_copy(update={"confirmed_by": confirmed_by}), 2)
    slack_limits.check_message(card.blocks, card.text)
    name = "answered" if confirmed_by else "asked"
    snapshot(f"shape_{name}", [card.text, card.blocks])
    snapshot("view_shape", shape_cards.form(shape))


def test_the_notification_has_no_contact_data() -> None:
    shape = new_shape("zapier", None, flat(STRANGE), desk="#leads", region="US")
    assert shape_cards.asking(shape, 1).text == "What are these fields of zapier?"


def test_attempts_to_fetch_come_ever_more_seldom() -> None:
    now = utcnow()
    week = [
        attempt(now, now.fromtimestamp(now.timestamp() + age, now.tzinfo)) for age in range(0, 604_800, 5)
    ]
    assert (week[0], len(set(week))) == (0, 18)


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Senders]:
    """One product for all of this module."""
    with standing(senders(embedder, tmp_path_factory.mktemp("shapes"))) as bot:
        bot.slack.promote(MANAGER)
        yield bot


def case(number: int, **more: Any) -> Case:
    """A delivery of the automation with such a name, unlike all others."""
    payload = {**STRANGE, "q_4": f"Could you come and look at our lift number {number}?", **more}
    return replace(CASES["Zapier"], payload=payload)


async def question(bot: Product, source: str) -> dict[str, Any]:
    """The message that asks about that source."""
    words = f"fields of {source}?"
    return await eventually(bot.slack, lambda: [each for each in bot.cards() if words in text_of(each)])


async def delivery(bot: Product, source: str) -> Delivery:
    """The source's last delivery."""
    found = await bot.app.store.submissions.latest(limit=50)
    return next(each for each in found if each.source == source)


@there
async def test_a_strange_delivery_waits_and_is_asked_about_with_its_sample(bot: Senders) -> None:
    status, answer = await bot.ask(request_of(replace(case(1), source="zapier")))
    assert (status, answer["data"]["lead_id"], answer["data"]["repeated"]) == (202, None, False)
    message = await question(bot, "zapier")
    assert "E-mail is q_2: ivo.barros@example.com" in text_of(message)
    assert (await delivery(bot, "zapier")).code == Waits.SHAPE


@there
async def test_who_is_no_admin_may_not_say_what_the_fields_are(bot: Senders) -> None:
    await bot.ask(request_of(case(1)))
    message = await question(bot, "zapier")
    rep = await bot.slack.hire("rita", "leads")
    await bot.slack.click("rita", "leads", message["ts"], shape_cards.CONFIRM)
    said = await bot.ephemeral("rita", "Only an admin or a manager")
    assert said, rep
    (shape,) = await bot.app.store.shapes.of("zapier")
    assert shape.confirmed_by is None


@there
async def test_confirmed_once_it_is_used_for_what_waited_and_ever_after(bot: Senders) -> None:
    for number in (1, 2):
        await bot.ask(request_of(case(number)))
    message = await question(bot, "zapier")
    await bot.slack.click(MANAGER, "leads", message["ts"], shape_cards.CONFIRM)
    await bot.leads_when(case(1), 2)
    status, answer = await bot.ask(request_of(case(3)))
    lead = await bot.lead(answer["data"]["lead_id"])
    assert (status, lead.contact.email) == (202, "ivo.barros@example.com")
    assert lead.message.startswith("Could you come and look at our lift number 3?")
    await bot.slack.until(lambda _: "Confirmed by" in text_of(bot.cards()), timeout=10)
    assert bot.slack.refused == []


@there
async def test_a_source_that_sends_ever_new_fields_is_told_to_stop(bot: Senders) -> None:
    for number in range(OPEN_SHAPES_MAX):
        status, _ = await bot.post("/webhooks/careless", json={f"a{number}": "x", f"b{number}": "y"})
        assert status == 202
    status, answer = await bot.post("/webhooks/careless", json={"another": "x"})
    assert (status, answer["errors"][0]["code"]) == (422, "TOO_MANY_SHAPES")


@there
async def test_a_wrong_guess_is_corrected_in_a_form(bot: Senders) -> None:
    await bot.ask(request_of(replace(CASES["Wufoo"].with_secret(KEY), payload=_bare_wufoo())))
    message = await question(bot, "wufoo")
    await bot.slack.click(MANAGER, "leads", message["ts"], shape_cards.CORRECT)
    await bot.slack.until(
        lambda s: bool(s.views(MANAGER)) and "column_0" in str(s.views(MANAGER)[-1]), timeout=10
    )
    view = bot.slack.views(MANAGER)[-1]
    chosen = {
        block["block_id"]: {block["block_id"]: field}
        for block, field in zip(
            view["blocks"][1:], ("first_name", "last_name", "email", "message"), strict=True
        )
    }
    ack = await bot.slack.submit(MANAGER, view["id"], chosen)
    assert ack.ok, ack
    lead = await bot.lead_of(CASES["Wufoo"])
    assert (lead.contact.name, lead.contact.email) == ("Wanda Foster", "wanda.foster@example.com")


def _bare_wufoo() -> dict[str, str]:
    return {
        "Field1": "Wanda",
        "Field2": "Foster",
        "Field3": "wanda.foster@example.com",
        "Field5": "Soon?",
        "EntryId": "67",
        "HandshakeKey": KEY,
    }


@there
async def test_one_of_our_fields_is_one_of_theirs_only(bot: Senders) -> None:
    shape = new_shape("zapier", None, flat(STRANGE), desk="#leads", region="US")
    twice = {column.name: "email" for column in shape.columns}
    assert list(shape_cards.wrong(twice, shape)) == ["column_1"]
    assert bot.app.url


@there
async def test_a_delivery_that_was_refused_can_be_read_again_by_its_id(bot: Senders) -> None:
    refused = {"message": "Please call me about the lift", "email": "ivo@", "name": "Ivo"}
    status, _ = await bot.post("/webhooks/own_code", json=refused)
    assert status == 422
    found = await delivery(bot, "own_code")
    status, answer = await bot.post(f"/api/v1/deliveries/{found.submission_id}/replay")
    assert (status, answer["errors"][0]["code"]) == (422, "INVALID_EMAIL")
    again = await delivery(bot, "own_code")
    assert (again.submission_id, again.code) == (found.submission_id, "INVALID_EMAIL")


@there
async def test_what_is_no_delivery_cannot_be_read_again(bot: Senders) -> None:
    status, _ = await bot.post("/api/v1/deliveries/0/replay")
    assert status == 404


def of_facebook(leadgen_id: str) -> Case:
    change = {"field": "leadgen", "value": {"leadgen_id": leadgen_id, "page_id": "1", "form_id": "2"}}
    return replace(CASES["Facebook"], payload={"object": "page", "entry": [{"id": "1", "changes": [change]}]})


@there
async def test_a_lead_that_facebook_does_not_give_at_once_is_fetched_later(bot: Senders) -> None:
    bot.vendors.failing = 2
    await bot.ask(request_of(of_facebook("555971704561545")))
    lead = await bot.lead_of(CASES["Facebook"])
    assert (lead.contact.name, lead.custom_fields["facebook_form_id"]) == ("Fatima Boucher", "2")
    assert bot.vendors.failing == 0


@there
async def test_why_a_lead_was_not_fetched_is_told(bot: Senders) -> None:
    await bot.ask(request_of(of_facebook("404")))
    why = "Facebook: does not know that lead, or does not show it to this token"
    async with asyncio.timeout(10):
        while True:
            found = await delivery(bot, "facebook")
            if found.why == why:
                break
            await asyncio.sleep(0.05)
    assert found.code == Waits.FETCH


def test_a_correction_leaves_what_it_does_not_name() -> None:
    shape: Shape = new_shape("zapier", None, {"a": "ana@example.com", "b": "x"}, desk="#leads", region="US")
    found = {column.name: column.field for column in corrected(shape, {"b": "company"}).columns}
    assert found == {"a": "email", "b": "company"}
