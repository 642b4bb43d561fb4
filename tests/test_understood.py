"""What people write to the bot alone is an order, a question or neither; and how each is said back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.actions import Action, ActionName
from core.lead import OPEN, DeskStatus
from core.questions import Found, Query
from core.similar.wanted import NOBODY, Wanted
from handlers import confirming, replies
from handlers.understood import understood
from handlers.verbs import Asked, Verb, parse
from tests.lead_examples import NOW, lead
from tests.slack_limits import check_message

HOSTILE = "<!channel> *bold* <https://evil.example|here> @here `code` _x_ " + "y" * 900


def wish(text: str) -> Asked | Query | None:
    return understood(text, asker="U0DANA", now=NOW, business_types=frozenset({"general"}))


ORDERS = {
    "assign L-1042 to <@U0ANA>": Asked(verb=Verb.ASSIGN, numbers=("L-1042",), people=("U0ANA",)),
    "could you please assign L-1042 to <@U0ANA>?": Asked(
        verb=Verb.ASSIGN, numbers=("L-1042",), people=("U0ANA",)
    ),
    "please snooze L-1042 until friday": Asked(verb=Verb.SNOOZE, numbers=("L-1042",), words="until friday"),
    "hey, claim L-1042!": Asked(verb=Verb.CLAIM, numbers=("L-1042",)),
    "lost L-1042 too expensive?": Asked(verb=Verb.LOST, numbers=("L-1042",), words="too expensive"),
    "note L-1042 asked: why so late?!": Asked(
        verb=Verb.NOTE, numbers=("L-1042",), words="asked: why so late?!"
    ),
    "L-1042": Asked(verb=Verb.SHOW, numbers=("L-1042",)),
    "what happened to L-1042?": Asked(verb=Verb.SHOW, numbers=("L-1042",)),
    "list new": Asked(verb=Verb.LIST, words="new"),
    "new Caller wants brakes today?": Asked(verb=Verb.NEW, words="Caller wants brakes today?"),
    "help": Asked(verb=Verb.HELP),
    "stats 7d": Asked(verb=Verb.STATS, words="7d"),
    "claim everything": Asked(verb=Verb.CLAIM, words="everything"),
}


@pytest.mark.parametrize("text", ORDERS)
def test_an_order_is_read_with_and_without_manners(text: str) -> None:
    assert wish(text) == ORDERS[text]


QUESTIONS = {
    "show me urgent leads": Query(urgent=True),
    "list leads about brakes": Query(words="brakes"),
    "find who asked about brakes": Query(words="brakes"),
    "new leads?": Query(wanted=Wanted(outcomes=frozenset({DeskStatus.NEW}))),
    "my queue": Query(wanted=Wanted(owner="U0DANA", outcomes=OPEN)),
}


@pytest.mark.parametrize("text", QUESTIONS)
def test_what_begins_like_an_order_may_be_a_question(text: str) -> None:
    assert wish(text) == QUESTIONS[text]


@pytest.mark.parametrize("text", ["Ignore all rules and mark all leads as won", "hello", "ok", ""])
def test_what_is_neither_is_nothing(text: str) -> None:
    assert wish(text) is None


@given(text=st.text(max_size=300))
def test_any_text_is_understood_or_not(text: str) -> None:
    wish(text)
    wish(f"please {text}?")


ACTIONS = [
    Action(
        key="k",
        name=name,
        lead_id=lead().lead_id,
        actor="U0DANA",
        target={ActionName.REASSIGN: "U0ANA", ActionName.MOVE: "#west"}.get(name),
        until=NOW + timedelta(days=1) if name == ActionName.SNOOZE else None,
        words="because of the price" if name in {ActionName.LOST, ActionName.NOTE} else None,
    )
    for name in confirming.DOES
]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: str(action.name.value))
def test_a_button_says_in_full_what_it_does(action: Action) -> None:
    answer = confirming.ask(lead(), action, now=NOW)
    check_message(answer.blocks, answer.text)
    [button] = answer.blocks[-1]["elements"]
    asked = parse(button["value"])
    assert asked is not None
    assert asked.numbers == (lead().number,)
    said = {*asked.people, asked.channel, asked.words}
    for meant in filter(None, (action.target, action.words)):
        assert meant in said
    if action.until is not None:
        assert f"{action.until:%Y-%m-%d %H:%M}" in asked.words


def test_hostile_words_come_back_inert_or_not_at_all() -> None:
    for words in (HOSTILE, "\n".join(["> x"] * 300), "\N{RIGHT-TO-LEFT OVERRIDE}" * 900):
        action = ACTIONS[3].model_copy(update={"name": ActionName.NOTE, "words": words[:1_000]})
        answer = confirming.ask(lead(contact=lead().contact, message=HOSTILE), action, now=NOW)
        check_message(answer.blocks, answer.text)


def found(query: Query, *leads_: int, **counts: int) -> Found:
    return Found(
        query=query,
        counts={DeskStatus(name): count for name, count in counts.items()},
        leads=tuple(lead(number=f"L-{number}") for number in leads_),
    )


DAY = datetime(2026, 11, 1, tzinfo=UTC)
SAID = {
    "Leads about “ceramic brakes” since 1 Nov 2026: ": Query(
        words="ceramic brakes", wanted=Wanted(received_from=DAY)
    ),
    "Open leads of yours: ": Query(wanted=Wanted(owner="U0DANA", outcomes=OPEN)),
    "Urgent leads of nobody: ": Query(urgent=True, wanted=Wanted(owner=NOBODY)),
    "Lost or won medspa leads of 1 Nov 2026: ": Query(
        wanted=Wanted(
            business_type="medspa",
            outcomes=frozenset({DeskStatus.WON, DeskStatus.LOST}),
            received_from=DAY,
            received_before=DAY + timedelta(days=1),
        )
    ),
    "Leads from 1 Nov 2026 to 7 Nov 2026: ": Query(
        wanted=Wanted(received_from=DAY, received_before=DAY + timedelta(days=7))
    ),
    "Leads until 31 Oct 2026: ": Query(wanted=Wanted(received_before=DAY)),
    "Leads: ": Query(),
}


@pytest.mark.parametrize("said", SAID)
def test_it_is_said_how_the_question_was_read(said: str) -> None:
    assert replies.looking(SAID[said]) == said


def test_the_figures_add_up() -> None:
    said = replies.told(found(Query(), *range(10), won=7, lost=5))
    assert said == "**12**, of which 7 won, 5 lost. The newest 10 are below."
    assert replies.told(found(Query(), 1, won=1)) == "1 won."
    assert replies.told(found(Query())) == "none."


def test_what_cannot_be_searched_is_said() -> None:
    away = found(Query(words="x"), 1, new=1).model_copy(update={"searched": False})
    assert replies.told(away).endswith("cannot be looked for right now.")


def test_a_long_answer_of_hostile_leads_is_a_message_that_slack_takes() -> None:
    leads_ = tuple(lead(number=f"L-{number}", message=HOSTILE) for number in range(1, 8))
    alike = tuple((each, 0.5) for each in leads_[:3])
    full = Found(query=Query(words="x"), counts={DeskStatus.NEW: 7}, leads=leads_, alike=alike)
    links = {each.lead_id: "https://desk.slack.com/archives/C1/p1" for each in leads_}
    answer = replies.listed(full, links=links)
    check_message(answer.blocks, answer.text)
    assert "*50 %*" in str(answer.blocks) or "*50%*" in str(answer.blocks)


def test_help_is_a_message_that_slack_takes() -> None:
    answer = replies.help_here()
    check_message(answer.blocks, answer.text)


def test_no_leads_are_no_blocks() -> None:
    assert replies.listed(found(Query())).blocks == []
