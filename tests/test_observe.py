"""What is logged: the lead's id always, contact data never."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from slack_bolt.logger.messages import warning_client_prioritized_and_token_skipped

from bot import observe
from bot.sandbox import airtable as airtable_stand_in
from bot.sandbox import ollama as ollama_stand_in
from bot.sandbox.slack.server import SlackSandbox
from core.ports import Embedder
from tests.form_vendors import TOKEN
from tests.product import API_KEY, Product, product
from tests.senders import CASES, KEY, OLD
from tests.sending import senders
from tests.spoilt import KINDS, kinds_of, request_of

PRIVATE = ("Ana", "Silva", "example.com", "555", "squealing", "teal", API_KEY)
"""Words of the lead below, in whatever piece they might turn up."""


_DIGITS = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]+|\d{10}\.\d{6}"  # times, Slack's too
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|req_[0-9a-f]+"  # ids
    r"|port=\d+|(?:127\.0\.0\.1|\[phone\]):\d+"  # where our stand-ins listen
)


@contextmanager
def production_logging() -> Iterator[None]:
    """Logging as in production, at its most talkative; the rest of the tests are spared it."""
    root, engine = logging.getLogger(), logging.getLogger("dbos")
    before = root.handlers, root.level, engine.handlers, engine.propagate
    observe.configure("DEBUG", "json")
    try:
        yield
    finally:
        root.handlers, root.level, engine.handlers, engine.propagate = before
        structlog.reset_defaults()


@asynccontextmanager
async def logged(
    slack: SlackSandbox, folder: Path, embedder: Embedder, **settings: Any
) -> AsyncIterator[Product]:
    """The product with that logging."""
    with production_logging():
        async with product(slack, folder, embedder, **settings) as bot:
            yield bot


def lines_of(text: str) -> list[dict[str, Any]]:
    """The log's lines; each must be JSON."""
    return [json.loads(line) for line in text.splitlines()]


def told(text: str, *private: str) -> list[str]:
    """The lines that tell what they must not; times, ids and ports are left out, for they hold any digits."""
    return [line for line in text.splitlines() if any(word in _DIGITS.sub("", line) for word in private)]


async def send(bot: Product) -> str:
    contact = {"name": "Ana Silva", "email": "ana.silva@example.com", "phone": "+1 415 555 0123"}
    return await bot.send("My squealing brakes worry me", **contact, company="Silva Ltd", colour="teal")


async def test_a_lead_s_way_is_logged_by_its_id_and_without_its_data(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder, capfd: pytest.CaptureFixture[str]
) -> None:
    async with logged(slack, tmp_path, embedder) as bot:
        lead_id = await send(bot)
        card = await bot.final_card(lead_id)
        await bot.synced(lead_id)
        await slack.click("dana", "leads", card["ts"], "claim")
        await bot.card_with(lead_id, "Claimed by")
        await bot.post("/api/v1/intake", json={"message": "", "name": "Ana Silva"})
    text = "".join(capfd.readouterr())
    said = [line["event"] for line in lines_of(text) if line.get("lead_id") == lead_id]
    assert said == ["delivery", "lead_processed"]
    assert told(text, *PRIVATE, slack.bot_token, slack.app_token) == []


async def test_trouble_with_a_lead_is_logged_by_its_id_and_without_its_data(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder, capfd: pytest.CaptureFixture[str]
) -> None:
    async with ollama_stand_in.running() as ollama, airtable_stand_in.running() as airtable:
        services: dict[str, Any] = {
            "ollama_host": ollama.url,
            "ollama_model": ollama.model,
            "crm": "airtable",
            "airtable_api_key": airtable.api_key,
            "airtable_base_id": airtable.base_id,
            "airtable_endpoint_url": airtable.endpoint_url,
        }
        ollama.enqueue("Ana Silva has squealing brakes", "Ana again")
        why = {"type": "INVALID_VALUE_FOR_COLUMN", "message": "Cannot parse value Ana Silva for field Name"}
        airtable.faults.status(422, json.dumps({"error": why}), times=9)
        slack.faults.add("chat.postMessage", status=503)
        async with logged(slack, tmp_path, embedder, **services) as bot:
            lead_id = await send(bot)
            await bot.card_with(lead_id, "Not in the CRM", "Read by rules for now")
    text = "".join(capfd.readouterr())
    waits = {line["part"] for line in lines_of(text) if line.get("lead_id") == lead_id and "part" in line}
    assert waits == {"card", "analysis", "crm"}
    assert told(text, *PRIVATE, airtable.api_key, slack.bot_token) == []


async def test_a_failure_that_nobody_foresaw_is_logged_without_the_lead_s_data(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder, capfd: pytest.CaptureFixture[str]
) -> None:
    async with logged(slack, tmp_path, embedder) as bot:
        await drop(bot, "vectors")
        lead_id = await send(bot)
        async with asyncio.timeout(30):
            text = ""
            while "pipeline_failed" not in text:
                await asyncio.sleep(0.1)
                text += "".join(capfd.readouterr())
        await drop(bot, "submissions")
        status, body = await bot.post("/api/v1/intake", json={"message": "squealing", "name": "Ana Silva"})
    text += "".join(capfd.readouterr())
    assert (status, "OperationalError" in text) == (500, True)
    failed = {line["event"]: line for line in lines_of(text)}
    assert failed["pipeline_failed"]["lead_id"] == lead_id
    assert failed["request_failed"]["request_id"] == body["metadata"]["request_id"]
    assert told(text, *PRIVATE) == []


async def drop(bot: Product, table: str) -> None:
    await bot.app.store.database.write(lambda connection: connection.exec_driver_sql(f"DROP TABLE {table}"))


def test_what_bolt_says_at_each_start_is_left_out_and_its_other_warnings_are_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with production_logging():
        for said in (warning_client_prioritized_and_token_skipped(), "another"):
            logging.getLogger("slack_bolt").warning(said)
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "another"


def test_what_is_private_is_masked_however_deep_it_stands() -> None:
    event = {"why": [{"email": "x", "note": ("ana@example.com",)}], "error": ValueError("+1 415 555 0123")}
    masked = observe.mask(None, "info", event)
    assert masked == {"why": [{"email": "…", "note": ["[mail]"]}], "error": "[phone]"}


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


async def test_senders_are_logged_without_what_they_send_good_or_bad(
    tmp_path: Path, embedder: Embedder, capfd: pytest.CaptureFixture[str]
) -> None:
    with production_logging():
        async with senders(embedder, tmp_path) as bot:
            for case in CASES.values():
                await bot.ask(request_of(case))
                for kind in kinds_of(case):
                    await bot.ask(KINDS[kind][0](case))
                await bot.lead_of(case)
    text = "".join(capfd.readouterr())
    private = ("example.com", "example.net", "Ortiz", "Khan", "Beeble", "Marsh", "Spotts", "Adler", "Boucher",
               "Carla", "Foster", "Apier", "squeal", "gearbox", "wedding", KEY, OLD, TOKEN)  # fmt: skip
    assert len(lines_of(text)) > len(CASES)
    assert told(text, *private) == []
