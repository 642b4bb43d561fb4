"""Foreign text comes out inert, whole and within its limits."""

import re
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers import mrkdwn
from tests.lead_examples import foreign

CONTROL_MARKS = "<!", "<@", "<#", "<http", "<mailto", "<tel"


@given(foreign)
def test_escaped_text_has_no_angle_bracket_and_no_bare_ampersand(text: str) -> None:
    escaped = mrkdwn.escape(text, lines=True)
    assert "<" not in escaped
    assert ">" not in escaped
    assert not re.search("&(?!(?:amp|lt|gt);)", escaped)


@given(foreign)
def test_escaped_text_cannot_format_ping_link_or_quote(text: str) -> None:
    escaped = mrkdwn.escape(text, lines=True)
    assert not re.search(r"[*~`]", escaped)
    assert not re.search(r"(?<![^\W_])_|_(?![^\W_])", escaped)
    assert not re.search(r"[@#]\w", escaped)
    assert not re.search(r"://|:[\w+'-]+:|\bwww\.\w", escaped)
    assert not re.search("^&gt;", escaped, re.MULTILINE)


@given(foreign)
def test_inert_text_has_nothing_that_slack_could_take_for_a_link_or_ping(text: str) -> None:
    inert = mrkdwn.inert(text, lines=True).lower()
    assert not any(mark in inert for mark in CONTROL_MARKS)
    assert "://" not in inert


@given(foreign)
def test_clean_text_has_only_what_can_be_seen(text: str) -> None:
    clean = mrkdwn.clean(text)
    hidden = [c for c in clean if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    assert set(hidden) <= {"\u200c", "\u200d"}
    clean.encode()


@given(st.characters(categories=["Cc", "Cf", "Cs"], exclude_characters="\u200c\u200d"))
def test_every_control_and_format_character_is_removed_or_replaced(char: str) -> None:
    assert mrkdwn.clean(f"a{char}b") in {"ab", "a b", "a\N{REPLACEMENT CHARACTER}b"}


@given(foreign)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = mrkdwn.clean(text, lines=True)
    assert mrkdwn.clean(once, lines=True) == once


@given(foreign, st.integers(1, 80))
def test_cut_text_keeps_its_limit(text: str, limit: int) -> None:
    assert len(mrkdwn.cut(text, limit)) <= limit


@given(foreign, st.integers(1, 80))
def test_plain_text_keeps_its_limit_and_is_never_empty(text: str, limit: int) -> None:
    assert 1 <= len(mrkdwn.plain(text, limit)["text"]) <= limit


@pytest.mark.parametrize(
    "sign",
    [
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\U0001f1e9\U0001f1ea",
        "\U0001f44d\U0001f3fd",
        "e\u0301",
        "\u2764\ufe0f",
        "\u0915\u094d\u0937\u093f",
    ],
)
def test_cut_never_tears_a_written_sign(sign: str) -> None:
    text = sign * 9
    for limit in range(1, len(text)):
        kept = mrkdwn.cut(text, limit).removesuffix("…")
        assert kept == sign * (len(kept) // len(sign))


def test_cut_prefers_the_end_of_a_word() -> None:
    assert mrkdwn.cut("Brake repair for a Honda", 17) == "Brake repair for…"


def test_a_script_tag_stays_readable() -> None:
    assert mrkdwn.plain("<script>alert(1)</script>", 50)["text"] == "<script>alert(1)</script>"


def test_floods_of_accents_are_thinned() -> None:
    assert mrkdwn.clean("Z" + "\u0334" * 50) == "Z" + "\u0334" * 4


def test_text_without_ink_is_empty() -> None:
    assert mrkdwn.clean("\u3164 \u200b\u2800\u200d\u0301\x00") == ""


@pytest.mark.parametrize(
    ("phone", "link"),
    [
        ("+14155550123", "<tel:+14155550123|+14155550123>"),
        ("(415) 555-0123", "<tel:4155550123|(415) 555-0123>"),
        ("+49 (0) 30 123456", "<tel:+49030123456|+49 (0) 30 123456>"),
        ("call me", "call me"),
        ("415 555 0123 ext 9", "415 555 0123 ext 9"),
        ("12345", "12345"),
        ("+1 415 555 0123|<!here>", "+1 415 555 0123|&lt;!here&gt;"),
    ],
)
def test_only_a_plain_number_becomes_a_tel_link(phone: str, link: str) -> None:
    assert mrkdwn.phone_link(phone, 40) == link


@pytest.mark.parametrize(
    ("email", "is_link"),
    [
        ("mike.chen+car@mail.example.co.uk", True),
        ("first_last@example.com", True),
        ("a@b", False),
        ("_a_@example.com", False),
        ("a@example.com?cc=x@example.com", False),
        ("a@example.com|<!channel>", False),
        ("ä@example.com", False),
    ],
)
def test_only_a_plain_address_becomes_a_mail_link(email: str, is_link: bool) -> None:  # noqa: FBT001 - a table's column
    assert (mrkdwn.mail_link(email, 60) == f"<mailto:{email}|{email}>") is is_link


@given(foreign)
def test_no_foreign_text_becomes_a_mention(text: str) -> None:
    assert re.fullmatch("<@[UW][A-Z0-9]+>", mrkdwn.mention(text)) is None or text.isalnum()


def test_our_own_sentence_keeps_mentions_and_loses_everything_else() -> None:
    said = mrkdwn.sentence("L-1 was claimed by <@U0ANA> in <#C0DESK>, <!channel>")
    assert said == "L-1 was claimed by <@U0ANA> in <#C0DESK>, &lt;!channel&gt;"


def test_times_are_left_to_the_readers_own_slack() -> None:
    at = datetime(2026, 11, 12, 14, 5, tzinfo=UTC)
    assert mrkdwn.ago(at) == "<!date^1794492300^{ago}|12 Nov 2026, 14:05 UTC>"


@given(st.text(max_size=30), st.integers(-50, 0))
def test_where_there_is_no_room_nothing_is_left(text: str, room: int) -> None:
    assert mrkdwn.cut(text, room) == ""


def test_mentions_become_names_that_ping_nobody_and_cannot_format() -> None:
    text = {"type": "mrkdwn", "text": "*Claimed by <@U0ANA>*, <@U0BEN> before"}
    blocks = [{"type": "context", "elements": [text]}]
    assert mrkdwn.mentioned(blocks) == {"U0ANA", "U0BEN"}
    [quiet] = mrkdwn.pinging_nobody(blocks, {"U0ANA": "Ana <!here>"})
    said = quiet["elements"][0]["text"]
    assert said.startswith("*Claimed by Ana &lt;")
    assert "<!here>" not in said
    assert said.endswith(", <@U0BEN> before")
