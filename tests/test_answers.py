"""What /lead answers is useful, inert and never larger than Slack takes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.conversation import places
from core.errors import InvalidLead, NotAllowed, NotFound, Refused, Unavailable
from core.lead import MESSAGE_MAX, Contact, DeskStatus, Entity, Event, Lead, MatchKind, Part
from core.listing import Filter, Page
from handlers import answers, lists, paging
from handlers.answers import Answer
from tests.conftest import Snapshot
from tests.lead_examples import HOSTILE, NOW, analysis, event, foreign, lead, leads, match
from tests.slack_limits import check_message, visible


def seen(answer: Answer) -> str:
    check_message(answer.blocks, answer.text)
    return visible(answer.blocks)


def test_help_names_every_command() -> None:
    said = seen(answers.usage())
    assert all(f"/lead {command}" in said for command in answers.COMMANDS)


@pytest.mark.parametrize(
    ("typed", "meant"), [("shwo", "show"), ("Simmilar", "similar"), ("lisst", "list"), ("NEW!", "new")]
)
def test_a_mistyped_command_gets_the_nearest_one(typed: str, meant: str) -> None:
    assert f"/lead {meant}" in seen(answers.unknown_command(typed))


def test_a_word_like_no_command_gets_help() -> None:
    assert "/lead help" in seen(answers.unknown_command("xyzzy"))


@given(foreign)
def test_whatever_is_typed_as_a_command_is_answered(typed: str) -> None:
    seen(answers.unknown_command(typed))


@given(
    leads,
    st.lists(st.builds(event, st.sampled_from(["claimed", "reassigned", "x_y"]), why=foreign), max_size=40),
)
def test_any_lead_can_be_shown(of: Lead, history: list[Event]) -> None:
    seen(answers.shown(of, now=NOW, history=history, hidden_entities=frozenset({"body_areas"})))


@pytest.mark.parametrize(
    "letters", ["word ", 'a"b\\c ', "x", "<!here> ", "\U0001f468\u200d\U0001f469\u200d\U0001f467"]
)
def test_the_longest_message_is_shown_as_far_as_slack_takes_it(letters: str) -> None:
    message = (letters * MESSAGE_MAX)[:MESSAGE_MAX]
    custom = {f"{letters}{n}": letters * 50 for n in range(100)}
    said = seen(
        answers.shown(
            lead(message=message, custom_fields=custom),
            now=NOW,
            history=[event("rejected", why=letters * 60)] * 50,
        )
    )
    assert "The message is cut here" in said
    assert letters.strip() * 9 in said.replace(" ", "")


def test_a_message_of_everyday_length_is_shown_whole() -> None:
    message = "\n\n".join(["A paragraph of a longer letter, with all that happened to the car."] * 60)
    said = seen(answers.shown(lead(message=message), now=NOW))
    assert said.count("A paragraph") == 60
    assert "cut here" not in said


def test_a_shown_lead_has_its_facts_with_the_words_they_come_from() -> None:
    assert "symptoms: brake noise (“brakes started grinding”)" in seen(answers.shown(lead(), now=NOW))


def test_a_shown_lead_has_its_history_in_order() -> None:
    said = seen(
        answers.shown(
            lead(),
            now=NOW,
            history=[event("received", actor="system"), event("claimed"), event("reassigned", why="U0BEN")],
            names={"U0ANA": "Ana", "U0BEN": "Ben"},
        )
    )
    lines = said[said.index("History") :].splitlines()[1:4]
    assert [line.partition("  ")[2] for line in lines] == [
        "Received",
        "Claimed by Ana",
        "Reassigned by Ana to Ben",
    ]


def test_who_read_the_contact_data_is_left_to_the_audit() -> None:
    assert (
        "read by"
        not in seen(answers.shown(lead(analysis=None), now=NOW, history=[event("contact_read")])).lower()
    )


def test_what_else_was_sent_is_shown() -> None:
    assert "budget: 500" in seen(answers.shown(lead(custom_fields={"budget": 500}), now=NOW))


def test_what_a_merged_lead_hides_is_hidden_in_the_transcript_too() -> None:
    there = analysis(entities={"body_areas": (Entity(value="thighs", quote="thighs"),)})
    line = places.Line(
        turn_id="C0:1.0", who="U0OLGA", part=places.Part.WRITER, text="It is my thighs, on Friday", at=NOW
    )
    said = seen(
        answers.shown(
            lead(),
            now=NOW,
            merged=[lead(number="L-7", message="Hello", analysis=there)],
            transcript=[line],
            hidden_entities=frozenset({"body_areas"}),
        )
    )
    assert "on Friday" in said
    assert "thighs" not in said


def test_a_hidden_fact_is_named_as_hidden_and_not_shown() -> None:
    read = analysis(entities={"body_areas": (Entity(value="brakes", quote="brakes"),)})
    said = seen(answers.shown(lead(analysis=read), now=NOW, hidden_entities=frozenset({"body_areas"})))
    assert "body areas: not shown on this desk" in said
    assert "brakes" not in said


def test_a_desk_with_a_field_policy_shows_no_message_before_the_analysis() -> None:
    said = seen(answers.shown(lead(analysis=None), now=NOW, hidden_entities=frozenset({"body_areas"})))
    assert "brakes" not in said


def test_similar_leads_come_with_their_likeness() -> None:
    said = seen(lists.similar("brakes", [(lead(), 0.914), (lead(number="L-7"), 0.86)]))
    assert "91 % L-1042: Brake repair, 2019 Honda Civic, urgent" in said
    assert said.index("L-1042") < said.index("L-7")


def test_a_similar_lead_says_whose_it_is_what_came_of_it_and_what_was_written() -> None:
    won = lead(desk_status=DeskStatus.WON, owner="U0ANA")
    said = seen(lists.similar("brakes", [(won, 0.9)]))
    assert "Won, owner @Some Body · 25 minutes ago · Mike Chen · web form" in said
    assert "“My brakes started grinding this morning" in said


def test_the_number_of_a_similar_lead_is_a_link_where_its_card_is_known() -> None:
    link = "https://desk.slack.com/archives/C0DESK/p1763000000000100"
    answer = lists.similar("brakes", [(lead(), 0.9)], links={lead().lead_id: link})
    seen(answer)
    assert f"<{link}|L-1042>: Brake repair" in answer.blocks[1]["text"]["text"]


def test_what_a_desk_hides_is_not_among_its_similar_leads() -> None:
    read = analysis(
        wants="Filler for the lips", entities={"body_areas": (Entity(value="brakes", quote="brakes"),)}
    )
    found = [(lead(analysis=read), 0.9), (lead(analysis=None), 0.8)]
    said = seen(lists.similar("x", found, hidden=lambda _: frozenset({"body_areas"})))
    assert "brakes" not in said


@pytest.mark.parametrize("text", [*HOSTILE, "W" * 300])
def test_the_most_leads_that_can_be_asked_for_fit_into_a_message(text: str) -> None:
    contact = Contact(first_name=text, last_name=text)
    long = lead(message=text * 30, contact=contact, source=text, analysis=analysis(wants=text))
    links = {long.lead_id: "https://desk.slack.com/archives/C0DESK/p1763000000000100"}
    unknown = [text[:20]] * 9
    assert "more are not shown" in seen(lists.similar(text, [(long, 0.9)] * 50, links=links, unknown=unknown))


def test_no_similar_lead_is_said_so() -> None:
    assert "No earlier lead is like “brakes”" in seen(lists.similar("brakes", []))


def test_a_list_holds_no_contact_data() -> None:
    page = Page(leads=(lead(), lead(analysis=None)), newer=True, older=True)
    text = json.dumps(paging.paged(page, Filter.OPEN).blocks)
    assert not any(word in text for word in ("Mike", "Chen", "415", "example.com"))


@pytest.mark.parametrize("filter_", [each for each in Filter if each != Filter.FOUND])
def test_an_empty_list_says_so(filter_: Filter) -> None:
    nothing = Page(leads=(), newer=False, older=False)
    assert seen(paging.paged(nothing, filter_)) == paging.EMPTY[filter_].replace("*", "")


def test_the_buttons_of_a_list_carry_the_list_and_the_place() -> None:
    page = Page(leads=(lead(number="L-1042"), lead(number="L-1001")), newer=True, older=True)
    back, then = paging.paged(page, Filter.FOUND, words="Ana “x”").blocks[-1]["elements"]
    assert paging.place_of(back["value"]) == (Filter.FOUND, "Ana “x”", {"after": 1042})
    assert paging.place_of(then["value"]) == (Filter.FOUND, "Ana “x”", {"before": 1001})


@given(
    st.lists(leads, max_size=10),
    foreign.map(lambda words: words[: paging.WORDS_MAX]),
    st.sampled_from(Filter),
)
def test_any_page_can_be_shown(found: list[Lead], words: str, filter_: Filter) -> None:
    seen(paging.paged(Page(leads=tuple(found), newer=True, older=True), filter_, words=words))


@given(st.lists(st.tuples(leads, st.floats(-1, 1)), max_size=4), foreign)
def test_any_leads_can_be_listed(found: list[tuple[Lead, float]], wanted: str) -> None:
    seen(lists.similar(wanted, found))


def test_a_lead_that_is_not_there_is_answered_with_the_way_to_those_that_are() -> None:
    said = seen(answers.not_found(NotFound("There is no lead <!here>.")))
    assert said == "There is no lead <!here>. /lead list shows the newest."


def test_a_service_that_is_away_is_named_and_the_lead_called_safe() -> None:
    said = seen(answers.away("The similarity search", Unavailable("Chroma", "refused"), number="L-1042"))
    assert said == (
        "The similarity search does not answer right now (Chroma); lead L-1042 is safe. "
        "Please try again in a minute."
    )


def test_a_firm_no_is_not_answered_with_try_again() -> None:
    assert "try again" not in seen(answers.away("The CRM", Refused("Airtable", "unknown field")))


def test_a_refusal_says_why_and_names_who_was_first() -> None:
    answer = answers.not_allowed(NotAllowed("L-1 was claimed by <@U0ANA> before you."))
    assert answer.text == "L-1 was claimed by <@U0ANA> before you."


def test_a_submission_that_is_no_lead_says_what_is_wrong() -> None:
    said = seen(answers.invalid(InvalidLead("message", "is missing or empty")))
    assert said == "This did not become a lead: message is missing or empty."


def test_an_unforeseen_failure_gives_a_reference_and_no_details() -> None:
    assert "Reference: 7f3a" in seen(answers.failed("7f3a"))


def test_the_answers_look_as_they_did(snapshot: Snapshot) -> None:
    full = lead(
        custom_fields={"utm_campaign": "brakes-sf", "note": HOSTILE[5]},
        matches=(match(MatchKind.SIMILAR, "L-998", 0.91),),
        missing={Part.CRM: "Airtable: asks to wait"},
    )
    shown = answers.shown(full, now=NOW, history=[event("received", actor="system"), event("claimed")])
    alike = lists.similar("grinding brakes", [(lead(), 0.914)])
    for name, answer in (("answer_show", shown), ("answer_similar", alike), ("answer_help", answers.usage())):
        snapshot(name, {"text": answer.text, "blocks": answer.blocks})
