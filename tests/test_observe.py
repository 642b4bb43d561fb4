"""What is logged: the lead's id always, contact data never."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import observe
from bot.sandbox.slack.server import SlackSandbox
from core.ports import Embedder
from tests.product import API_KEY, product


async def test_a_lead_with_trouble_is_logged_by_its_id_and_without_its_data(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder, capfd: pytest.CaptureFixture[str]
) -> None:
    observe.configure("DEBUG", "json")
    async with product(slack, tmp_path, embedder) as bot:
        slack.faults.add(method="chat.postMessage", times=1, status=503)
        contact = {"name": "Ana Silva", "email": "ana.silva@example.com", "phone": "+1 415 555 0123"}
        lead_id = await bot.send("My squealing brakes worry me", **contact)
        await slack.until(lambda _: slack.count("chat.postMessage") > 0, timeout=20)
        await bot.app.schedule.mend()
        await bot.final_card(lead_id)
    logged = capfd.readouterr().err
    lines = [json.loads(line) for line in logged.splitlines() if line.startswith("{")]
    assert any(line.get("lead_id") == lead_id for line in lines)
    for private in ("Ana", "Silva", "example.com", "555 0123", "squealing", API_KEY, slack.bot_token):
        assert private not in logged


@given(st.emails(), st.text(max_size=30), st.text(max_size=30))
def test_no_mail_address_gets_through_the_mask(mail: str, before: str, after: str) -> None:
    plain = mail.isascii() and all(char.isalnum() or char in ".@-" for char in mail)
    masked = observe.masked(f"{before} {mail} {after}")
    assert not plain or mail not in masked


@pytest.mark.parametrize(
    "phone", ["+1 415 555 0123", "(415) 555-0188", "415.555.0142", "+49 30 901820", "07911 123456"]
)
def test_no_phone_number_gets_through_the_mask(phone: str) -> None:
    assert phone not in observe.masked(f"call {phone} today")


@pytest.mark.parametrize("token", ["xoxb-12345678-abcdef", "xapp-1-A0-12345678", "patABCDEF123456.abc"])
def test_no_token_gets_through_the_mask(token: str) -> None:
    assert token not in observe.masked(f"with {token} in it")
