"""Each size and uniqueness rule of SLACK.md, at its limit accepted and one over it refused with a pointer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.sandbox.slack.blocks import check_message, check_view, kept
from bot.sandbox.slack.values import SlackError
from tests.sandbox_app import CARD, Json, asked, button, modal, mrkdwn, plain, section


def text_input(action_id: str = "typed", **more: Any) -> Json:
    return {"type": "plain_text_input", "action_id": action_id, **more}


def option(text: str = "One", value: str = "1") -> Json:
    return {"text": plain(text), "value": value}


def select(count: int = 1, **more: Any) -> Json:
    options = [option(f"Option {n}", str(n)) for n in range(count)]
    return {
        "type": "static_select",
        "action_id": "pick",
        "placeholder": plain("Pick"),
        "options": options,
        **more,
    }


def overflow(count: int) -> Json:
    return {
        "type": "overflow",
        "action_id": "more",
        "options": [option(str(n), str(n)) for n in range(count)],
    }


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def buttons(count: int) -> list[Json]:
    return [button(f"b{n}") for n in range(count)]


def confirmed(**more: Any) -> Json:
    confirm = {
        "title": plain("Sure?"),
        "text": mrkdwn("Really"),
        "confirm": plain("Yes"),
        "deny": plain("No"),
    }
    return actions(button("b", confirm={**confirm, **more}))


def table(rows: int, columns: int) -> Json:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * columns] * rows}


def card(**more: Any) -> Json:
    return {"type": "card", "title": mrkdwn("Title"), **more}


def container(children: int, **more: Any) -> Json:
    return {"type": "container", "title": plain("T"), "child_blocks": [section("x")] * children, **more}


def context(count: int) -> Json:
    return {"type": "context", "elements": [mrkdwn("x")] * count}


def image(**more: Any) -> Json:
    return {"type": "image", "image_url": "https://x.example/a.png", "alt_text": "a", **more}


def feedback(count: int) -> Json:
    each = {
        "positive_button": {"text": plain("+"), "value": "1"},
        "negative_button": {"text": plain("-"), "value": "0"},
    }
    return {"type": "context_actions", "elements": [{"type": "feedback_buttons", **each}] * count}


GOOD: dict[str, list[Json]] = {
    "50 blocks": [section("x")] * 50,
    "section of 3,000": [section("x" * 3000)],
    "10 fields of 1,000": [{"type": "section", "fields": [mrkdwn("x" * 1000)] * 10}],
    "one field of 2,000": [{"type": "section", "fields": [mrkdwn("x" * 2000)]}],
    "header of 150": [{"type": "header", "text": plain("x" * 150)}],
    "10 context elements": [context(10)],
    "25 buttons": [actions(*buttons(25))],
    "5 context actions": [feedback(5)],
    "button text of 75": [actions(button("b", text=plain("x" * 75)))],
    "button value of 2,000": [actions(button("b", value="x" * 2000))],
    "button url of 3,000": [actions(button("b", url="https://" + "x" * 2992))],
    "action_id of 255": [actions(button("x" * 255))],
    "block_id of 255": [section("x", block_id="x" * 255)],
    "100 options": [section("x", accessory=select(100))],
    "100 groups": [
        section(
            "x",
            accessory={
                "type": "static_select",
                "action_id": "pick",
                "option_groups": [{"label": plain("G"), "options": [option()]}] * 100,
            },
        )
    ],
    "option text 75, value 150": [
        section("x", accessory=select(options=[option("x" * 75, "x" * 150)])),
    ],
    "overflow of 5": [actions(overflow(5))],
    "placeholder of 150": [section("x", accessory=select(placeholder=plain("x" * 150)))],
    "confirm at its limits": [
        confirmed(
            title=plain("x" * 100), text=mrkdwn("x" * 300), confirm=plain("x" * 30), deny=plain("x" * 30)
        )
    ],
    "image alt text of 2,000": [image(alt_text="x" * 2000)],
    "image url of 3,000": [image(image_url="https://" + "x" * 2992)],
    "markdown of 12,000": [{"type": "markdown", "text": "x" * 12_000}],
    "table of 100 x 20": [table(100, 20)],
    "card title, subtitle 150, body 200": [
        card(title=mrkdwn("x" * 150), subtitle=mrkdwn("x" * 150), body=mrkdwn("x" * 200))
    ],
    "carousel of 10": [{"type": "carousel", "elements": [card()] * 10}],
    "container of 10, title 150": [container(10, title=plain("x" * 150))],
    "input in a message": [asked("a", text_input())],
    "a select with what it starts with": [
        section("x", accessory=select(3, initial_option=option("Option 1", "1")))
    ],
    "date, time and overflow": [
        actions(
            {"type": "datepicker", "action_id": "d", "initial_date": "2026-11-30"},
            {"type": "timepicker", "action_id": "t", "initial_time": "09:30"},
            overflow(2),
        )
    ],
    "rich text": [
        {
            "type": "rich_text",
            "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}],
        }
    ],
    "our card": CARD,
    "13,200 characters in all": [section("x" * 3000)] * 4 + [section("x" * 1200)],
}

BAD: dict[str, tuple[list[Json], str, str]] = {
    "51 blocks": ([section("x")] * 51, "/blocks", "no more than 50 items allowed"),
    "section of 3,001": ([section("x" * 3001)], "/blocks/0/text/text", "must be less than 3001 characters"),
    "empty section text": ([section("")], "/blocks/0/text/text", "must be more than 0 characters"),
    "section of nothing": ([{"type": "section"}], "/blocks/0", "must provide one of text, fields"),
    "11 fields": ([{"type": "section", "fields": [mrkdwn("x")] * 11}], "/blocks/0/fields", "no more than 10"),
    "field of 2,001": (
        [{"type": "section", "fields": [mrkdwn("x" * 2001)]}],
        "/blocks/0/fields/0/text",
        "must be less than 2001 characters",
    ),
    "header of 151": ([{"type": "header", "text": plain("x" * 151)}], "/blocks/0/text/text", "less than 151"),
    "mrkdwn header": ([{"type": "header", "text": mrkdwn("x")}], "/blocks/0/text/type", "unsupported type"),
    "11 context elements": ([context(11)], "/blocks/0/elements", "no more than 10 items allowed"),
    "26 buttons": ([actions(*buttons(26))], "/blocks/0/elements", "no more than 25 items allowed"),
    "no buttons": ([actions()], "/blocks/0/elements", "must have at least 1 items"),
    "6 context actions": ([feedback(6)], "/blocks/0/elements", "no more than 5 items allowed"),
    "button text of 76": (
        [actions(button("b", text=plain("x" * 76)))],
        "/blocks/0/elements/0/text/text",
        "must be less than 76 characters",
    ),
    "mrkdwn on a button": (
        [actions(button("b", text=mrkdwn("x")))],
        "/blocks/0/elements/0/text/type",
        "unsupported type: mrkdwn",
    ),
    "button value of 2,001": (
        [actions(button("b", value="x" * 2001))],
        "/blocks/0/elements/0/value",
        "less than",
    ),
    "button url of 3,001": (
        [actions(button("b", url="https://" + "x" * 2993))],
        "/blocks/0/elements/0/url",
        "must be less than 3001 characters",
    ),
    "unknown button style": (
        [actions(button("b", style="warning"))],
        "/blocks/0/elements/0/style",
        "primary",
    ),
    "action_id of 256": ([actions(button("x" * 256))], "/blocks/0/elements/0/action_id", "less than 256"),
    "the same action_id twice": (
        [actions(button("b")), section("x", accessory=button("b"))],
        "/blocks",
        "action_id b already exists",
    ),
    "block_id of 256": ([section("x", block_id="x" * 256)], "/blocks/0/block_id", "less than 256 characters"),
    "the same block_id twice": (
        [section("x", block_id="a"), section("y", block_id="a")],
        "/blocks/1/block_id",
        "block_id already exists",
    ),
    "101 options": ([section("x", accessory=select(101))], "/blocks/0/accessory/options", "no more than 100"),
    "no options": ([section("x", accessory=select(0))], "/blocks/0/accessory/options", "at least 1"),
    "101 groups": (
        [
            section(
                "x",
                accessory={
                    "type": "static_select",
                    "option_groups": [{"label": plain("G"), "options": [option()]}] * 101,
                },
            )
        ],
        "/blocks/0/accessory/option_groups",
        "no more than 100",
    ),
    "options beside groups": (
        [section("x", accessory=select(1, option_groups=[{"label": plain("G"), "options": [option()]}]))],
        "/blocks/0/accessory",
        "must provide one of options, option_groups",
    ),
    "option text of 76": (
        [section("x", accessory=select(options=[option("x" * 76)]))],
        "/blocks/0/accessory/options/0/text/text",
        "must be less than 76 characters",
    ),
    "option value of 151": (
        [section("x", accessory=select(options=[option("x", "x" * 151)]))],
        "/blocks/0/accessory/options/0/value",
        "must be less than 151 characters",
    ),
    "a start that is not offered": (
        [section("x", accessory=select(3, initial_option=option("Nine", "9")))],
        "/blocks/0/accessory",
        "initial option must be one of the options",
    ),
    "overflow of 6": ([actions(overflow(6))], "/blocks/0/elements/0/options", "no more than 5 items allowed"),
    "placeholder of 151": (
        [section("x", accessory=select(placeholder=plain("x" * 151)))],
        "/blocks/0/accessory/placeholder/text",
        "must be less than 151 characters",
    ),
    "confirm title of 101": (
        [confirmed(title=plain("x" * 101))],
        "/blocks/0/elements/0/confirm/title/text",
        "less than 101",
    ),
    "confirm text of 301": (
        [confirmed(text=mrkdwn("x" * 301))],
        "/blocks/0/elements/0/confirm/text/text",
        "less than 301",
    ),
    "confirm button of 31": (
        [confirmed(deny=plain("x" * 31))],
        "/blocks/0/elements/0/confirm/deny/text",
        "less than 31",
    ),
    "image alt text of 2,001": ([image(alt_text="x" * 2001)], "/blocks/0/alt_text", "less than 2001"),
    "image without alt text": ([image(alt_text=None)], "/blocks/0", "missing required field: alt_text"),
    "image url of 3,001": (
        [image(image_url="https://" + "x" * 2993)],
        "/blocks/0/image_url",
        "less than 3001",
    ),
    "markdown of 12,001": ([{"type": "markdown", "text": "x" * 12_001}], "/blocks/0/text", "less than 12001"),
    "markdown of 12,001 in two": (
        [{"type": "markdown", "text": "x" * 6000}, {"type": "markdown", "text": "x" * 6001}],
        "/blocks",
        "less than 12001",
    ),
    "table of 101 rows": ([table(101, 1)], "/blocks/0/rows", "no more than 100 items allowed"),
    "table of 21 columns": ([table(1, 21)], "/blocks/0/rows/0", "no more than 20 items allowed"),
    "two tables": ([table(1, 1), table(1, 1)], "/blocks/1", "only one table is allowed"),
    "card title of 151": ([card(title=mrkdwn("x" * 151))], "/blocks/0/title/text", "less than 151"),
    "card body of 201": ([card(body=mrkdwn("x" * 201))], "/blocks/0/body/text", "less than 201"),
    "carousel of 11": (
        [{"type": "carousel", "elements": [card()] * 11}],
        "/blocks/0/elements",
        "no more than 10",
    ),
    "empty carousel": ([{"type": "carousel", "elements": []}], "/blocks/0/elements", "at least 1"),
    "container title of 151": (
        [container(1, title=plain("x" * 151))],
        "/blocks/0/title/text",
        "less than 151",
    ),
    "container of 11": ([container(11)], "/blocks/0/child_blocks", "no more than 10 items allowed"),
    "a field Slack does not know": (
        [section("x", colour="red")],
        "/blocks/0",
        "invalid additional property: colour",
    ),
    "emoji on mrkdwn": (
        [{"type": "section", "text": {"type": "mrkdwn", "text": "x", "emoji": True}}],
        "/blocks/0/text",
        "invalid additional property: emoji",
    ),
    "an unknown block": ([{"type": "sections"}], "/blocks/0/type", "unsupported type: sections"),
    "a block without a type": ([{"text": mrkdwn("x")}], "/blocks/0", "missing required field: type"),
    "an alert in a message": ([{"type": "alert", "text": plain("x")}], "/blocks/0/type", "unsupported type"),
    "a date that is none": (
        [actions({"type": "datepicker", "action_id": "d", "initial_date": "2026-02-30"})],
        "/blocks/0/elements/0/initial_date",
        "must be a date",
    ),
    "text that is no object": (
        [{"type": "section", "text": "x"}],
        "/blocks/0/text",
        "must provide an object",
    ),
    "text input of 3,001": (
        [asked("a", text_input(max_length=3001))],
        "/blocks/0/element/max_length",
        "must be between 1 and 3000",
    ),
}

GOOD_VIEWS: dict[str, Json] = {
    "100 blocks": modal(*[section("x")] * 100),
    "title, submit and close of 24": modal(
        section("x"), title=plain("x" * 24), submit=plain("x" * 24), close=plain("x" * 24)
    ),
    "private_metadata of 3,000": modal(section("x"), private_metadata="x" * 3000),
    "callback_id of 255": modal(section("x"), callback_id="x" * 255),
    "label and hint of 2,000": modal(
        asked("a", text_input(), label=plain("x" * 2000), hint=plain("x" * 2000))
    ),
    "an input of 3,000": modal(asked("a", text_input(max_length=3000, initial_value="x" * 3000))),
    "several inputs": modal(*[asked(str(n), text_input(f"a{n}")) for n in range(10)]),
    "an alert": modal({"type": "alert", "text": mrkdwn("x" * 200), "level": "warning"}),
    "a card": modal(card()),
}
BAD_VIEWS: dict[str, tuple[Json, str, str]] = {
    "101 blocks": (modal(*[section("x")] * 101), "/view/blocks", "no more than 100 items allowed"),
    "no blocks": (modal(), "/view/blocks", "must have at least 1 items"),
    "title of 25": (modal(section("x"), title=plain("x" * 25)), "/view/title/text", "less than 25"),
    "submit of 25": (modal(section("x"), submit=plain("x" * 25)), "/view/submit/text", "less than 25"),
    "close of 25": (modal(section("x"), close=plain("x" * 25)), "/view/close/text", "less than 25"),
    "no title": (modal(section("x"), title=None), "/view", "missing required field: title"),
    "mrkdwn title": (modal(section("x"), title=mrkdwn("x")), "/view/title/type", "unsupported type"),
    "private_metadata of 3,001": (
        modal(section("x"), private_metadata="x" * 3001),
        "/view/private_metadata",
        "less than 3001",
    ),
    "callback_id of 256": (modal(section("x"), callback_id="x" * 256), "/view/callback_id", "less than 256"),
    "inputs without submit": (modal(asked("a", text_input()), submit=None), "/view", "submit"),
    "label of 2,001": (
        modal(asked("a", text_input(), label=plain("x" * 2001))),
        "/view/blocks/0/label/text",
        "2001",
    ),
    "hint of 2,001": (
        modal(asked("a", text_input(), hint=plain("x" * 2001))),
        "/view/blocks/0/hint/text",
        "2001",
    ),
    "the same block_id twice": (
        modal(asked("a", text_input("b")), asked("a", text_input("c"))),
        "/view/blocks/1/block_id",
        "already exists",
    ),
    "the same action_id twice": (
        modal(asked("a", text_input("c")), asked("b", text_input("c"))),
        "/view/blocks",
        "action_id c already exists",
    ),
    "two elements with focus": (
        modal(
            asked("a", text_input("c", focus_on_load=True)), asked("b", text_input("d", focus_on_load=True))
        ),
        "/view/blocks",
        "focus_on_load",
    ),
    "a number input that does not say if decimal": (
        modal(asked("a", {"type": "number_input", "action_id": "n"})),
        "/view/blocks/0/element",
        "is_decimal_allowed",
    ),
    "a button as an input": (
        modal(asked("a", button("b"))),
        "/view/blocks/0/element/type",
        "unsupported type",
    ),
    "markdown in a modal": (
        modal({"type": "markdown", "text": "x"}),
        "/view/blocks/0/type",
        "unsupported type",
    ),
    "a table in a modal": (modal(table(1, 1)), "/view/blocks/0/type", "unsupported type"),
    "a field Slack does not know": (modal(section("x"), color="red"), "/view", "invalid additional property"),
    "a home where a modal belongs": (
        {"type": "home", "blocks": [section("x")]},
        "/view/type",
        "must be modal",
    ),
}


@pytest.mark.parametrize("blocks", GOOD.values(), ids=GOOD.keys())
def test_a_message_within_slacks_limits_is_accepted(blocks: list[Json]) -> None:
    check_message(blocks)


@pytest.mark.parametrize("blocks", GOOD.values(), ids=GOOD.keys())
def test_what_is_accepted_passes_slack_sdks_own_validators(blocks: list[Json]) -> None:
    for block in blocks:
        parsed = Block.parse(block)
        assert parsed is not None
        parsed.validate_json()


@pytest.mark.parametrize(("blocks", "pointer", "what"), BAD.values(), ids=BAD.keys())
def test_a_message_over_a_limit_is_refused_with_a_pointer(
    blocks: list[Json], pointer: str, what: str
) -> None:
    with pytest.raises(SlackError) as refused:
        check_message(blocks)
    assert refused.value.error == "invalid_blocks"
    assert [m for m in refused.value.messages if what in m and m.endswith(f"[json-pointer:{pointer}]")]


def test_blocks_of_more_than_13200_characters_are_too_long() -> None:
    with pytest.raises(SlackError) as refused:
        check_message([section("x" * 3000)] * 4 + [section("x" * 1201)])
    assert refused.value.error == "msg_blocks_too_long"


@pytest.mark.parametrize("view", GOOD_VIEWS.values(), ids=GOOD_VIEWS.keys())
def test_a_modal_within_slacks_limits_is_accepted(view: Json) -> None:
    assert check_view(view, "modal") == view


@pytest.mark.parametrize("view", GOOD_VIEWS.values(), ids=GOOD_VIEWS.keys())
def test_a_modal_that_is_accepted_passes_slack_sdks_own_validators(view: Json) -> None:
    View(**view).validate_json()


@pytest.mark.parametrize(("view", "pointer", "what"), BAD_VIEWS.values(), ids=BAD_VIEWS.keys())
def test_a_modal_over_a_limit_is_refused_with_a_pointer(view: Json, pointer: str, what: str) -> None:
    with pytest.raises(SlackError) as refused:
        check_view(view, "modal")
    assert refused.value.error == "invalid_arguments"
    assert [m for m in refused.value.messages if what in m and m.endswith(f"[json-pointer:{pointer}]")]


@pytest.mark.parametrize("extra", ["submit", "close", "title"])
def test_a_home_has_no_title_and_no_buttons(extra: str) -> None:
    with pytest.raises(SlackError, match="invalid_arguments"):
        check_view({"type": "home", "blocks": [section("x")], extra: plain("x")}, "home")


def test_a_view_of_more_than_250_kb_is_too_large() -> None:
    fields = {"type": "section", "fields": [mrkdwn("x" * 2000)] * 10}
    with pytest.raises(SlackError) as refused:
        check_view(modal(*[fields] * 20), "modal")
    assert refused.value.error == "view_too_large"


def test_missing_ids_are_given_as_slack_gives_them() -> None:
    names = iter(f"id{n}" for n in range(100))
    blocks = kept([section("x", accessory={"type": "button", "text": plain("y")})], lambda _: next(names))
    assert blocks[0]["block_id"]
    assert blocks[0]["accessory"]["action_id"]
    assert blocks[0]["text"]["verbatim"] is False


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "text",
                    "elements",
                    "element",
                    "accessory",
                    "options",
                    "action_id",
                    "block_id",
                    "rows",
                    "fields",
                ]
            ),
            inner
            | st.sampled_from(
                ["section", "actions", "button", "input", "static_select", "plain_text", "table"]
            ),
            max_size=5,
        )
    ),
    max_leaves=20,
)


def refusal_of_message(blocks: list[Any]) -> str | None:
    try:
        check_message(blocks)
    except SlackError as refused:
        return refused.error
    return None


def refusal_of_view(view: Any) -> str | None:
    try:
        check_view(view, "modal")
    except SlackError as refused:
        return refused.error
    return None


@given(st.lists(JSON, max_size=4))
def test_any_json_as_blocks_is_either_taken_or_refused(blocks: list[Any]) -> None:
    assert refusal_of_message(blocks) in {None, "invalid_blocks", "msg_blocks_too_long"}


@given(JSON)
def test_any_json_as_a_view_is_either_taken_or_refused(view: Any) -> None:
    assert refusal_of_view(view) in {None, "invalid_arguments"}
