"""Acting as people: what Slack's own client does with what they type, click and fill in."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.fixtures import Options
from bot.sandbox.slack.forms import entered, initial
from bot.sandbox.slack.server import SlackSandbox
from bot.sandbox.slack.typed import as_sent, escaped, unescaped
from bot.sandbox.slack.values import CannotAct
from tests.sandbox_app import CARD, EVERYTHING, Json, asked, bolt, client_of, connected, modal, plain, section


@pytest.fixture
def slack_options() -> Options:
    return {"app": EVERYTHING}


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("hi @dana", "hi <@U1>"),
        ("hi @nobody", "hi @nobody"),
        ("see #leads", "see <#C1|leads>"),
        ("all @channel", "all <!channel>"),
        ("typed by hand: <!channel>", "typed by hand: &lt;!channel&gt;"),
        ("pat@x.example, now", "<mailto:pat@x.example|pat@x.example>, now"),
        ("https://x.example/a?b=1&c=2.", "<https://x.example/a?b=1&amp;c=2>."),
    ],
)
def test_what_is_typed_is_sent_as_slack_sends_it(typed: str, sent: str) -> None:
    assert as_sent(typed, {"dana": "U1"}, {"leads": "C1"}) == sent


@given(st.text())
def test_unescaping_undoes_escaping(text: str) -> None:
    assert unescaped(escaped(text)) == text


@given(st.text(alphabet=st.sampled_from("ab@.<>&|#:/ htp!"), max_size=30))
def test_text_of_a_person_holds_no_angle_bracket_of_theirs(text: str) -> None:
    left = re.sub(r"<(mailto:[^<>|]+\|[^<>|]+|https?://[^<>|]+|![a-z]+)>", "", as_sent(text, {}, {}))
    assert not set("<>") & set(left)


async def test_an_outsider_cannot_speak_in_the_channel(slack: SlackSandbox) -> None:
    with pytest.raises(CannotAct, match="olga is not in #leads"):
        await slack.say("olga", "leads", "x")


async def test_every_new_person_has_an_id_of_their_own(slack: SlackSandbox) -> None:
    ids = [await slack.hire(f"rep{n}", "leads") for n in range(101)]
    assert len(set(ids)) == 101


async def test_nobody_is_hired_twice(slack: SlackSandbox) -> None:
    with pytest.raises(CannotAct, match="dana already"):
        await slack.hire("dana")


async def test_nobody_changes_another_s_message(slack: SlackSandbox) -> None:
    ts = await slack.say("dana", "leads", "x")
    with pytest.raises(CannotAct, match="not marco's own"):
        await slack.edit("marco", "leads", ts, "y")


async def test_an_outsider_can_click_in_a_public_channel(slack: SlackSandbox) -> None:
    app = bolt(slack)
    clicked: list[str] = []

    @app.action("claim")
    async def claim(ack: Any, body: Json) -> None:
        await ack()
        clicked.append(body["user"]["id"])

    async with connected(slack, app):
        posted = await client_of(slack).chat_postMessage(channel="#leads", text="lead", blocks=CARD)
        await slack.click("olga", "leads", posted["ts"], "claim")
    assert clicked == [slack.user("olga")]


async def test_a_click_on_an_ephemeral_message_carries_no_message(slack: SlackSandbox) -> None:
    app = bolt(slack)
    seen: list[Json] = []

    @app.action("claim")
    async def claim(ack: Any, body: Json) -> None:
        await ack()
        seen.append(body)

    async with connected(slack, app):
        sent = await client_of(slack).chat_postEphemeral(
            channel=slack.desk_channel, user=slack.user("dana"), text="x", blocks=CARD
        )
        await slack.click("dana", "leads", sent["message_ts"], "claim")
    assert (seen[0]["container"]["is_ephemeral"], "message" in seen[0]) == (True, False)


@pytest.mark.parametrize(
    "act", ["claim with another value", "an option that is not there", "an unknown user"]
)
async def test_what_a_menu_does_not_offer_cannot_be_chosen(slack: SlackSandbox, act: str) -> None:
    posted = await client_of(slack).chat_postMessage(channel="#leads", text="lead", blocks=CARD)
    given = {
        "claim with another value": ("claim", {"value": "L-2"}),
        "an option that is not there": ("more", {"selected_option": "delete"}),
        "an unknown user": ("reassign", {"selected_user": "nobody"}),
    }
    action_id, more = given[act]
    with pytest.raises(CannotAct):
        await slack.click("dana", "leads", posted["ts"], action_id, **more)


INPUTS: dict[str, tuple[Json, Any, Json]] = {
    "text": ({"type": "plain_text_input"}, "x", {"value": "x"}),
    "a number": ({"type": "number_input", "is_decimal_allowed": False}, 5, {"value": "5"}),
    "a date": ({"type": "datepicker"}, "2026-11-30", {"selected_date": "2026-11-30"}),
    "a time": ({"type": "timepicker"}, "09:30", {"selected_time": "09:30"}),
    "date and time": ({"type": "datetimepicker"}, 1_800_000_000, {"selected_date_time": 1_800_000_000}),
    "a user": ({"type": "users_select"}, "U1", {"selected_user": "U1"}),
    "a channel": ({"type": "channels_select"}, "C1", {"selected_channel": "C1"}),
    "an option": (
        {"type": "static_select", "options": [{"text": plain("A"), "value": "a"}]},
        "a",
        {"selected_option": {"text": plain("A"), "value": "a"}},
    ),
    "an option of a group": (
        {
            "type": "static_select",
            "option_groups": [{"label": plain("G"), "options": [{"text": plain("A"), "value": "a"}]}],
        },
        "a",
        {"selected_option": {"text": plain("A"), "value": "a"}},
    ),
    "boxes": (
        {"type": "checkboxes", "options": [{"text": plain("A"), "value": "a"}]},
        ["a"],
        {"selected_options": [{"text": plain("A"), "value": "a"}]},
    ),
}


@pytest.mark.parametrize(("element", "given", "value"), INPUTS.values(), ids=INPUTS.keys())
def test_what_is_entered_has_slacks_shape(element: Json, given: Any, value: Json) -> None:
    assert entered({"action_id": "a", **element}, given) == {"type": element["type"], **value}


def test_an_untouched_input_begins_with_its_initial_value() -> None:
    assert initial({"type": "datepicker", "initial_date": "2026-11-30"}) == {
        "type": "datepicker",
        "selected_date": "2026-11-30",
    }


REFUSED_BY_CLIENT: dict[str, tuple[Json, Any, str]] = {
    "nothing": ({"type": "plain_text_input"}, "", "required"),
    "too short": ({"type": "plain_text_input", "min_length": 3}, "ab", "at least 3"),
    "too long": ({"type": "plain_text_input", "max_length": 3}, "abcd", "at most 3"),
    "no e-mail": ({"type": "email_text_input"}, "pat", "valid email"),
    "no address": ({"type": "url_text_input"}, "x.example", "valid URL"),
    "no number": ({"type": "number_input", "is_decimal_allowed": True}, "five", "valid number"),
    "a fraction": ({"type": "number_input", "is_decimal_allowed": False}, "1.5", "valid number"),
    "too small": ({"type": "number_input", "is_decimal_allowed": False, "min_value": "2"}, "1", "at least 2"),
    "too great": ({"type": "number_input", "is_decimal_allowed": False, "max_value": "2"}, "3", "at most 2"),
}


@pytest.mark.parametrize(
    ("element", "given", "says"), REFUSED_BY_CLIENT.values(), ids=REFUSED_BY_CLIENT.keys()
)
async def test_slacks_client_does_not_submit_what_breaks_an_input_s_rules(
    slack: SlackSandbox, element: Json, given: Any, says: str
) -> None:
    trigger = slack.team.new_trigger(slack.user("dana"), 3.0)
    view = modal(asked("b", {"action_id": "a", **element}))
    view_id = (await client_of(slack).views_open(trigger_id=trigger, view=view))["view"]["id"]
    ack = await slack.submit("dana", view_id, {"b": given})
    assert (ack.error, says in ack.errors["b"]) == ("invalid_input", True)
    assert slack.delivery.delivered == 0


async def test_an_optional_input_may_stay_empty(slack: SlackSandbox) -> None:
    app = bolt(slack)
    values: list[Json] = []

    @app.view("edit")
    async def save(ack: Any, view: Json) -> None:
        await ack()
        values.append(view["state"]["values"])

    async with connected(slack, app):
        trigger = slack.team.new_trigger(slack.user("dana"), 3.0)
        view = modal(asked("b", {"type": "plain_text_input", "action_id": "a"}, optional=True))
        view_id = (await client_of(slack).views_open(trigger_id=trigger, view=view))["view"]["id"]
        await slack.submit("dana", view_id)
    assert values == [{"b": {"a": {"type": "plain_text_input", "value": None}}}]


async def test_what_was_entered_survives_an_update_of_the_view(slack: SlackSandbox) -> None:
    app = bolt(slack)
    values: list[Any] = []
    form = modal(
        asked("kind", {"type": "plain_text_input", "action_id": "kind"}, dispatch_action=True),
        asked("name", {"type": "plain_text_input", "action_id": "name"}),
    )

    @app.action("kind")
    async def grow(ack: Any, body: Json, client: Any) -> None:
        await ack()
        await client.views_update(
            view_id=body["view"]["id"], view={**form, "blocks": [*form["blocks"], section("!")]}
        )

    @app.view("edit")
    async def save(ack: Any, view: Json) -> None:
        await ack()
        values.append({k: next(iter(v.values()))["value"] for k, v in view["state"]["values"].items()})

    async with connected(slack, app):
        trigger = slack.team.new_trigger(slack.user("dana"), 3.0)
        view_id = (await client_of(slack).views_open(trigger_id=trigger, view=form))["view"]["id"]
        await slack.click_view("dana", view_id, "name", value="Pat")
        await slack.click_view("dana", view_id, "kind", value="repair")
        await slack.until(lambda s: len(s.views("dana")[0]["blocks"]) == 3)
        await slack.submit("dana", view_id)
    assert values == [{"kind": "repair", "name": "Pat"}]


async def test_only_the_topmost_modal_can_be_submitted(slack: SlackSandbox) -> None:
    trigger = slack.team.new_trigger(slack.user("dana"), 3.0)
    client = client_of(slack)
    below = (await client.views_open(trigger_id=trigger, view=modal(section("x"))))["view"]["id"]
    trigger = slack.team.new_trigger(slack.user("dana"), 3.0, below)
    await client.views_push(trigger_id=trigger, view=modal(section("y")))
    with pytest.raises(CannotAct, match="not before dana"):
        await slack.submit("dana", below)


async def test_a_shortcut_that_the_manifest_lacks_cannot_be_used(slack: SlackSandbox) -> None:
    with pytest.raises(CannotAct, match="no global shortcut nothing"):
        await slack.shortcut("dana", "nothing")


async def test_an_answer_to_a_command_is_checked_like_any_message(slack: SlackSandbox) -> None:
    app = bolt(slack)

    @app.command("/lead")
    async def find(ack: Any) -> None:
        await ack(text="x", blocks=[section("x" * 3001)])

    async with connected(slack, app):
        ack = await slack.command("dana", "leads", "/lead")
    assert (ack.ok, ack.error, slack.refused[-1].method) == (False, "invalid_blocks", "/lead")
