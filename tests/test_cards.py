"""The card says the right things, within Slack's limits and five seconds of reading."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.lead import (
    Also,
    Contact,
    DeskStatus,
    Entity,
    Evidence,
    Intent,
    Lead,
    MatchKind,
    Part,
    Status,
    Urgency,
)
from core.sla import Clock
from handlers import cards, thread
from tests.conftest import Snapshot
from tests.lead_examples import HOSTILE, NOW, analysis, clocks, event, foreign, lead, leads, match
from tests.slack_limits import check_message, texts, visible


def seen(of: Lead, *, now: datetime = NOW, hidden: frozenset[str] = frozenset()) -> str:
    return visible(cards.card(of, now=now, hidden_entities=hidden).blocks)


def header(of: Lead, *, now: datetime = NOW) -> str:
    return str(cards.card(of, now=now).blocks[0]["text"]["text"])


@given(leads, st.sampled_from([frozenset[str](), frozenset({"body_areas"})]))
def test_any_lead_makes_a_card_that_slack_takes(of: Lead, hidden: frozenset[str]) -> None:
    card = cards.card(of, now=NOW, hidden_entities=hidden)
    check_message(card.blocks, card.text)


@given(leads, clocks)
def test_any_card_has_at_most_8_blocks_and_700_visible_characters(of: Lead, clock: Clock | None) -> None:
    blocks = cards.card(of, now=NOW, clock=clock).blocks
    assert len(blocks) <= 8
    assert len(visible(blocks)) <= cards.VISIBLE_MAX


@pytest.mark.parametrize("kind", MatchKind)
@pytest.mark.parametrize("message", ["word " * 2_000, "x" * 10_000, "<!here> & " * 1_000])
def test_a_card_with_everything_at_its_longest_still_fits(kind: MatchKind, message: str) -> None:
    long = "W" * 300
    contact = Contact(first_name=long, last_name=long, email=long, phone=long, company=long)
    words = (Entity(value="next week " * 20, quote="next week"),)
    read = analysis(
        wants="wish " * 16,
        urgency=Urgency.HIGH,
        urgency_reason="since " * 60,
        entities={"dates": words},
        quality_reasons=("reason " * 30,),
        model_used="rules",
    )
    found = tuple(
        match(each, f"L-{n}000000", 1.0, long, long) for n, each in enumerate([*MatchKind, kind, kind])
    )
    for made in (read, None):
        of = lead(
            analysis=made,
            message=message,
            contact=contact,
            also=Also(emails=(long,), phones=(long,), names=(long,), companies=(long,)),
            matches=found,
            owner="U0ANA",
            source=long,
            missing=dict.fromkeys(Part, "Some service: " + long),
            status=Status.FAILED,
        )
        overdue = Clock(started_at=NOW, due_at=NOW + timedelta(minutes=1))
        blocks = cards.card(of, now=NOW + timedelta(days=2), clock=overdue).blocks
        assert len(visible(blocks)) <= cards.VISIBLE_MAX
        assert len(blocks) <= 8
        assert "“" in visible(blocks[2:3])


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_are_inert_in_every_field(text: str) -> None:
    words = (Entity(value=text, quote=text),)
    read = analysis(
        wants=text, urgency_reason=text, summary=text, entities={"dates": words}, quality_reasons=(text,)
    )
    contact = Contact(first_name=text, last_name=text, email=text, phone=text, company=text)
    for of in (lead(message=text, contact=contact, analysis=made, source=text) for made in (read, None)):
        card = cards.card(of, now=NOW)
        check_message(card.blocks, card.text)
        for found in texts(card.blocks):
            assert not any(
                mark in found["text"] for mark in ("<!channel", "<!here", "<!subteam", "<http", "<@U0123")
            )


def test_the_header_says_what_is_wanted_how_urgent_and_by_when() -> None:
    assert header(lead()) == "\N{LARGE RED CIRCLE} Brake repair, 2019 Honda Civic · urgent, today"


def test_a_calm_lead_without_a_date_has_a_header_of_its_wish_alone() -> None:
    assert (
        header(lead(analysis=analysis(urgency=Urgency.LOW, entities={}))) == "Brake repair, 2019 Honda Civic"
    )


def test_today_is_not_said_of_yesterdays_message() -> None:
    assert header(lead(), now=NOW + timedelta(days=1)).endswith("urgent, “today” on 12 Nov")


@pytest.mark.parametrize(
    ("said", "shown"),
    [("2026-11-13", "tomorrow"), ("2026-11-20", "Fri 20 Nov"), ("2027-01-04", "Mon 04 Jan 2027")],
)
def test_a_date_is_said_as_a_person_says_it(said: str, shown: str) -> None:
    dated = analysis(urgency=Urgency.MEDIUM, entities={"dates": (Entity(value=said, quote="then"),)})
    assert header(lead(analysis=dated)) == f"Brake repair, 2019 Honda Civic · {shown}"


def test_spam_is_called_spam() -> None:
    assert (
        header(lead(analysis=analysis(intent=Intent.SPAM, wants="Cheap backlinks")))
        == "Looks like spam: Cheap backlinks"
    )


def test_only_an_urgent_card_bears_a_mark() -> None:
    assert "\N{LARGE RED CIRCLE}" not in seen(lead(analysis=analysis(urgency=Urgency.HIGH)))


def test_a_closed_lead_raises_no_alarm_any_more() -> None:
    assert "\N{LARGE RED CIRCLE}" not in seen(lead(desk_status=DeskStatus.REJECTED))


def test_a_quotation_is_closed_whatever_it_holds() -> None:
    assert "…”" in seen(lead(analysis=None, message="<!here> https://x.example " * 40))


def test_the_placeholder_says_who_and_the_first_words() -> None:
    said = seen(lead(analysis=None, status=Status.RAW))
    assert "New lead from Mike Chen" in said
    assert "“Hi there! My brakes started grinding" in said
    assert "Reading it now…" in said


def test_the_customers_words_are_those_with_the_facts() -> None:
    assert "Afraid to drive, wants to come today: “My brakes started grinding" in seen(lead())


def test_a_reason_that_repeats_the_message_is_left_out() -> None:
    of = lead(
        message="Need an oil change.", analysis=analysis(urgency=Urgency.LOW, summary="Need an oil change")
    )
    assert seen(of).count("oil change") == 1


def test_phone_and_mail_can_be_clicked() -> None:
    phone, mail = cards.contact_block(lead())["fields"][1]["text"].splitlines()
    assert phone == "<tel:+14155550123|+1 415 555 0123>"
    assert mail == "<mailto:mike.chen@example.com|mike.chen@example.com>"


def test_a_lead_without_contact_data_says_so() -> None:
    said = seen(lead(contact=Contact()))
    assert "No name given" in said
    assert "No phone or e-mail given" in said


def test_without_matches_nothing_is_said_of_earlier_leads() -> None:
    assert "Like" not in seen(lead())


def test_similar_leads_are_named_with_their_likeness_best_first() -> None:
    alike = (match(MatchKind.SIMILAR, "L-998", 0.88), match(MatchKind.SIMILAR, "L-1001", 0.912))
    assert "Like L-1001 (91 %), L-998 (88 %)" in seen(lead(matches=alike))


def test_a_duplicate_comes_with_its_evidence() -> None:
    twin = match(
        MatchKind.DUPLICATE, "L-1001", 0.97, "same phone, written differently", "Mike = Michael", "same town"
    )
    said = seen(lead(matches=(twin,)))
    assert "Same request as L-1001: same phone, written differently; Mike = Michael; same town" in said


def test_a_known_customer_comes_with_the_last_owner_outcome_and_age() -> None:
    before = match(MatchKind.REPEAT, "L-7", 0.9)
    last = match(MatchKind.REPEAT, "L-12", 0.8).model_copy(
        update={"desk_status": DeskStatus.WON, "owner": "U0ANA", "received_at": NOW - timedelta(days=21)}
    )
    card = cards.card(lead(matches=(before, last)), now=NOW)
    section = card.blocks[3]["text"]["text"]
    assert section.startswith("Known customer: L-12 (won, <@U0ANA>, <!date^")
    assert section.endswith(") and 1 more")


def test_an_unclear_match_is_a_question_with_its_evidence_and_three_answers() -> None:
    unsure = match(MatchKind.DUPLICATE, "L-1001", 0.75, "same phone", "message 91% alike")
    unsure = unsure.model_copy(update={"sure": False})
    card = cards.card(lead(matches=(unsure,)), now=NOW)
    check_message(card.blocks, card.text)
    assert "Likely duplicate of L-1001: same phone; message 91% alike" in visible(card.blocks)
    (buttons,) = [block for block in card.blocks if block.get("block_id", "").startswith("question:")]
    assert [(each["action_id"], each["value"]) for each in buttons["elements"]] == [
        ("same_request", "id-L-1001"),
        ("same_person", "id-L-1001"),
        ("different", "id-L-1001"),
    ]
    assert cards.lead_of(buttons["block_id"]) == (lead().lead_id, lead().version)


def test_a_question_names_what_speaks_against_it() -> None:
    clash = Evidence(field="mail", says="another e-mail", weight=-2.5)
    unsure = match(MatchKind.REPEAT, "L-9", 0.5, "same surname").model_copy(update={"sure": False})
    unsure = unsure.model_copy(update={"evidence": (*unsure.evidence, clash)})
    said = seen(lead(matches=(unsure,)))
    assert "Maybe the same person as L-9: same surname; but another e-mail" in said


def test_a_lead_that_is_over_asks_no_question_any_more() -> None:
    unsure = match(MatchKind.REPEAT, "L-9", 0.5).model_copy(update={"sure": False})
    assert "Different person" not in seen(lead(matches=(unsure,), desk_status=DeskStatus.REJECTED))


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (Part.ANALYSIS, "Read by rules for now, will retry (Ollama: away)"),
        (Part.CRM, "Not in the CRM yet, will retry (Ollama: away)"),
        (Part.MATCHES, "Not compared with earlier leads yet, will retry (Ollama: away)"),
    ],
)
def test_a_missing_part_is_said_in_words(part: Part, says: str) -> None:
    assert says in seen(lead(missing={part: "Ollama: away"}))


def test_a_whole_lead_says_nothing_of_missing_parts() -> None:
    assert "will retry" not in seen(lead())


def test_the_notification_names_no_contact_data() -> None:
    wants = "Mike Chen, 415 555 0123, mike.chen@example.com wants brakes"
    text = cards.card(lead(analysis=analysis(wants=wants)), now=NOW).text
    assert text == "L-1042: … …, …, … wants brakes, urgent"


def test_the_notification_of_a_placeholder_says_number_and_source() -> None:
    assert cards.card(lead(analysis=None), now=NOW).text == "L-1042: new lead, web form"


@pytest.mark.parametrize(
    ("status", "owner", "says"),
    [
        (DeskStatus.NEW, None, "Unclaimed"),
        (DeskStatus.NEW, "U0ANA", "For <@U0ANA>"),
        (DeskStatus.CLAIMED, "U0ANA", "Claimed by <@U0ANA>"),
        (DeskStatus.APPROVED, "U0ANA", "Approved, owner <@U0ANA>"),
        (DeskStatus.REJECTED, None, "Rejected"),
    ],
)
def test_the_state_says_whose_the_lead_is(status: DeskStatus, owner: str | None, says: str) -> None:
    assert cards.state(lead(desk_status=status, owner=owner)) == says


def test_an_owner_who_is_no_slack_user_is_not_mentioned() -> None:
    assert cards.state(lead(desk_status=DeskStatus.CLAIMED, owner="!channel")) == "Claimed by !channel"


def test_a_closed_lead_only_offers_its_similar_ones_and_to_be_opened_again() -> None:
    actions = cards.card(lead(desk_status=DeskStatus.REJECTED), now=NOW).blocks[-1]
    assert [element["action_id"] for element in actions["elements"]] == [cards.SIMILAR, cards.MORE]
    assert menu(lead(desk_status=DeskStatus.REJECTED)) == ["reopen", "note"]


def menu(of: Lead) -> list[str]:
    """What the card's menu offers."""
    (more,) = [each for each in cards.card(of, now=NOW).blocks[-1]["elements"] if each["type"] == "overflow"]
    return [option["value"] for option in more["options"]]


@pytest.mark.parametrize(
    ("status", "owner", "offers"),
    [
        (DeskStatus.NEW, None, ["edit", "note", "snooze", "spam", "merge"]),
        (DeskStatus.CLAIMED, "U0ANA", ["edit", "note", "snooze", "won", "merge"]),
        (DeskStatus.SNOOZED, "U0ANA", ["edit", "note", "wake", "won", "merge"]),
        (DeskStatus.WON, "U0ANA", ["reopen", "note"]),
    ],
)
def test_the_menu_has_what_makes_sense_in_that_state(
    status: DeskStatus, owner: str | None, offers: list[str]
) -> None:
    assert menu(lead(desk_status=status, owner=owner)) == offers


def test_a_snoozed_lead_says_until_when_and_whose_it_is() -> None:
    of = lead(desk_status=DeskStatus.SNOOZED, owner="U0ANA", snoozed_until=NOW)
    assert cards.state(of).startswith("Snoozed by <@U0ANA> until <!date^")


def test_buttons_carry_the_lead_and_the_version_they_were_drawn_for() -> None:
    actions = cards.card(lead(), now=NOW).blocks[-1]
    assert cards.lead_of(actions["block_id"]) == (lead().lead_id, 3)
    assert {each["value"] for each in actions["elements"] if each["type"] == "button"} == {lead().lead_id}


@given(foreign)
def test_a_block_of_somebody_else_belongs_to_no_lead(block_id: str) -> None:
    assert cards.lead_of(block_id) is None


def test_a_desk_with_a_field_policy_shows_the_request_and_not_the_body_area() -> None:
    read = analysis(
        wants="Lip filler and Botox for the forehead",
        urgency=Urgency.LOW,
        summary="A client wants lip filler and something for her forehead and underarms.",
        entities={
            "treatments": (
                Entity(value="lip filler", quote="lip filler"),
                Entity(value="Botox", quote="Botox"),
            ),
            "body_areas": (
                Entity(value="forehead", quote="forehead"),
                Entity(value="underarms", quote="underarm"),
                Entity(value="lips", quote="lip"),
            ),
        },
    )
    of = lead(message="I want lip filler, and Botox on my Forehead. Underarms too.", analysis=read)
    said = seen(of, hidden=frozenset({"body_areas"}))
    assert "Lip filler and Botox for the …" in said
    assert "“I want lip filler, and Botox on my ….”" in said
    assert "forehead" not in said.lower()
    assert "underarm" not in said.lower()


def test_a_desk_with_a_field_policy_quotes_nothing_before_the_analysis() -> None:
    assert "brakes" not in seen(lead(analysis=None), hidden=frozenset({"body_areas"}))


@pytest.mark.parametrize(
    ("what", "why", "says"),
    [
        ("claimed", None, "Claimed by Ana"),
        ("approved", None, "Approved by Ana"),
        ("rejected", "no budget", "Rejected by Ana: no budget"),
        ("reassigned", "U0BEN", "Reassigned by Ana to <@U0BEN>"),
        ("moved_desk", None, "Moved desk by Ana"),
    ],
)
def test_the_thread_says_who_did_what(what: str, why: str | None, says: str) -> None:
    assert thread.thread_line(event(what, why=why), "Ana") == says


def test_the_thread_says_of_our_own_doings_what_happened() -> None:
    line = thread.thread_line(event("crm_failed", actor="system", why="Airtable: unknown field"))
    assert line == "Not saved to the CRM: Airtable: unknown field"


def test_a_new_owner_with_a_name_is_not_pinged() -> None:
    assert thread.thread_line(event("reassigned", why="U0BEN"), "Ana", to="Ben") == "Reassigned by Ana to Ben"


def test_an_actor_without_a_name_is_mentioned() -> None:
    assert thread.thread_line(event("claimed")) == "Claimed by <@U0ANA>"


def test_an_api_key_is_named_as_one() -> None:
    assert thread.thread_line(event("received", actor="api:shop")) == "Received by API key shop"


@given(foreign, foreign, foreign)
def test_a_thread_line_is_always_a_message_slack_takes(what: str, why: str, who: str) -> None:
    line = thread.thread_line(event(what, why=why), who)
    check_message([{"type": "section", "text": {"type": "mrkdwn", "text": line, "verbatim": True}}], line)


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("card_placeholder", lead(analysis=None, status=Status.RAW, version=1)),
        ("card_enriched", lead()),
        (
            "card_degraded",
            lead(
                analysis=analysis(model_used="rules", urgency=Urgency.MEDIUM, entities={}),
                missing={Part.ANALYSIS: "Ollama: does not answer", Part.CRM: "Airtable: asks to wait"},
            ),
        ),
        (
            "card_claimed_repeat",
            lead(
                desk_status=DeskStatus.CLAIMED,
                owner="U0ANA",
                matches=(
                    match(MatchKind.REPEAT, "L-1001", 0.97, "same phone", "Mike = Michael"),
                    match(MatchKind.SIMILAR, "L-998", 0.91),
                    match(MatchKind.SIMILAR, "L-990", 0.88),
                ),
            ),
        ),
        ("card_rejected", lead(desk_status=DeskStatus.REJECTED, owner="U0ANA")),
        (
            "card_hostile",
            lead(message=" ".join(HOSTILE[:18]), contact=Contact(first_name="<!channel>"), analysis=None),
        ),
    ],
)
def test_the_card_looks_as_it_did(name: str, of: Lead, snapshot: Snapshot) -> None:
    card = cards.card(of, now=NOW)
    check_message(card.blocks, card.text)
    snapshot(name, {"text": card.text, "blocks": card.blocks})


def test_now_decides_the_day_in_the_desks_own_zone() -> None:
    late = datetime(2026, 11, 12, 23, 30, tzinfo=UTC)
    dated = analysis(urgency=Urgency.LOW, entities={"dates": (Entity(value="2026-11-12", quote="x"),)})
    assert header(lead(analysis=dated), now=late).endswith("today")


def test_a_merged_lead_is_one_line_and_an_undo() -> None:
    gone = lead(number="L-1050", desk_status=DeskStatus.MERGED, merged_number="L-1042")
    card = cards.card(gone, now=NOW)
    check_message(card.blocks, card.text)
    assert visible(card.blocks).splitlines() == [
        "Merged into L-1042 · L-1050 · web form · 25 minutes ago",
        "Undo merge",
    ]


def test_what_merged_leads_say_of_the_person_is_beside_the_contact() -> None:
    of = lead(also=Also(emails=("mike@home.example",), phones=("+1 415 555 0199",), names=("M. Chen",)))
    shown = seen(of)
    assert "also M. Chen" in shown
    assert "also +1 415 555 0199, mike@home.example" in shown


@pytest.mark.parametrize(
    ("what", "why", "line"),
    [
        ("merged", "L-1042", "Merged into L-1042 by Ana"),
        ("merged_in", "L-1050: same phone", "Merged with L-1050 by Ana: same phone"),
        ("unmerged", "L-1042", "No longer merged with L-1042 by Ana"),
        ("noted", "Called, no answer", "Note by Ana: Called, no answer"),
        ("won", "1200", "Won by Ana: 1200"),
        ("woken", "U0BEN", "Back from snooze by Ana, <@U0BEN>"),
    ],
)
def test_what_was_done_is_a_line_in_the_thread(what: str, why: str, line: str) -> None:
    assert thread.thread_line(event(what, why=why), "Ana") == line


def clock_of_card(now: datetime, **stopped: object) -> str:
    clock = Clock(started_at=NOW, due_at=NOW + timedelta(minutes=15)).model_copy(update=stopped)
    return str(cards.card(lead(), now=now, clock=clock).blocks[-2]["elements"][0]["text"])


def test_a_running_clock_is_counted_on_by_the_readers_slack() -> None:
    due = int((NOW + timedelta(minutes=15)).timestamp())
    assert clock_of_card(NOW).startswith(f"*Unclaimed* · answer due <!date^{due}^{{ago}}|")


def test_an_overdue_lead_says_so_plainly() -> None:
    assert "*Unclaimed* · *overdue*, was due <!date^" in clock_of_card(NOW + timedelta(minutes=16))


@pytest.mark.parametrize(
    ("minutes", "says"), [(12, "answered in 12 min"), (185, "answered late, in 3 h 5 min")]
)
def test_a_clock_that_was_stopped_says_how_long_it_took(minutes: int, says: str) -> None:
    took = timedelta(minutes=minutes)
    assert says in clock_of_card(NOW + timedelta(days=1), stopped_at=NOW + took, took=took)
