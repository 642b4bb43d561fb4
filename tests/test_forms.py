"""The desk's own form: what people see, what programs cannot do, on a phone and at a desk."""

import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.slack.server import running as running_slack
from core.ports import Embedder
from handlers.web.forms.page import READABLE, contrast, ink_on, luminance
from handlers.web.forms.token import LASTS_SECONDS, TOO_FAST_SECONDS, Opened, Tokens, tokens_of
from tests.product import Product, product
from tests.standing import standing, there

SITE, STRANGER = "https://garage.example", "https://elsewhere.example"

PORT_OF_A_SITE = 8397
"""Of the web site that the browser's tests put the form into."""

FILE = f"""
channel: "#leads"
business_type: automotive
form:
  name: Corner <Garage> & Sons
  colour: "#ffcc00"
  intro: We answer within the hour.
  sites: [{SITE}, "http://127.0.0.1:{PORT_OF_A_SITE}"]
"""

ANA = {
    "name": "Ana Silva",
    "email": "ana.silva@example.com",
    "phone": "",
    "vehicle": "2019 Honda Civic",
    "drivable": "Not sure",
    "message": "My brakes are squealing, can you look at them?",
}

FORM = "/forms/leads"


class WithForm(Product):
    """A product with one desk that has a form, and the key of its tokens."""

    def __init__(self, bot: Product, tokens: Tokens) -> None:
        super().__init__(bot.app, bot.slack, bot.session)
        self.tokens = tokens

    def opened(self, *, ago: float = 60) -> str:
        """The token of a form that was opened so many seconds ago."""
        return self.tokens.new("leads", time.time() - ago)

    async def fill(
        self, *, token: str | None = None, address: str | None = None, **changes: str
    ) -> tuple[int, str, str]:
        """Status, address and text of what follows a form that was sent.

        address: from which a trusted proxy says that it came.
        """
        sent = {"token": self.opened() if token is None else token, **ANA, **changes}
        headers = {} if address is None else {"X-Forwarded-For": address}
        async with self.session.post(self.app.url + FORM, data=sent, headers=headers) as response:
            return response.status, str(response.url.path_qs), await response.text()

    async def count(self) -> int:
        """How many leads there are."""
        return await self.app.store.leads.count()


@asynccontextmanager
async def with_form(embedder: Embedder, folder: Path, **changes: Any) -> AsyncIterator[WithForm]:
    """The product with that desk."""
    desks = folder / "desks"
    desks.mkdir()
    (desks / "leads.yaml").write_text(FILE)
    async with (
        running_slack(port=0) as slack,
        product(slack, folder, embedder, desks_dir=desks, slack_desk_channel="#leads", **changes) as bot,
    ):
        yield WithForm(bot, await tokens_of(bot.app.store.signing_keys, folder))


@pytest.fixture(scope="module")
def bot(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WithForm]:
    """One product for all of this module."""
    with standing(with_form(embedder, tmp_path_factory.mktemp("forms"))) as bot:
        yield bot


@given(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True))
def test_the_button_can_be_read_in_every_colour(colour: str) -> None:
    assert contrast(luminance(colour), luminance(ink_on(colour))) >= READABLE


KEYS = Tokens((b"k" * 32,))


@pytest.mark.parametrize(
    ("age", "found"),
    [(0.0, Opened.JUST_NOW), (TOO_FAST_SECONDS - 1, Opened.JUST_NOW), (LASTS_SECONDS + 2, Opened.LONG_AGO)],
)
def test_a_token_is_good_from_three_seconds_to_a_day(age: float, found: Opened) -> None:
    assert KEYS.check(KEYS.new("leads", 1_800_000_000), "leads", 1_800_000_000 + age) == found


def test_a_token_of_the_right_age_names_its_form() -> None:
    token = KEYS.new("leads", 1_800_000_000)
    assert KEYS.check(token, "leads", 1_800_000_060) == token.split(".")[1]


@given(st.text())
def test_no_other_text_is_a_token(text: str) -> None:
    assert KEYS.check(text, "leads", 1_800_000_060) == Opened.FORGED


def test_a_token_is_good_at_its_own_desk_only() -> None:
    assert KEYS.check(KEYS.new("leads", 1_800_000_000), "spa", 1_800_000_060) == Opened.FORGED


@there
async def test_a_form_becomes_a_lead_and_tells_its_reference(bot: WithForm) -> None:
    status, address, text = await bot.fill(src="flyer", page=f"{SITE}/contact", message="Squealing brakes 1")
    number = re.search(r"L-\d+", address)
    assert number is not None
    lead = await bot.app.desk.lead(number[0])
    assert (status, number[0] in text) == (200, True)
    assert (lead.contact.name, lead.contact.email) == ("Ana Silva", "ana.silva@example.com")
    assert lead.message == "Squealing brakes 1\nYour car: 2019 Honda Civic\nCan it be driven: Not sure"
    assert (lead.source, lead.source_url) == ("form-flyer", f"{SITE}/contact")
    assert (lead.desk, lead.business_type) == ("#leads", "automotive")


@there
async def test_a_form_that_is_sent_twice_is_one_lead(bot: WithForm) -> None:
    token = bot.opened()
    sent = [await bot.fill(token=token, message="Squealing brakes 2") for _ in range(3)]
    assert len({address for _, address, _ in sent}) == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": ""}, "Please fill in “Your name”."),
        ({"message": " "}, "Please fill in “What does your car need?”."),
        ({"email": "", "phone": ""}, "Please give an e-mail address or a phone number"),
        ({"email": "ana@"}, "“E-mail” is not an e-mail address."),
        ({"email": "an\u202ea@example.com"}, "“E-mail” is not an e-mail address."),
        ({"drivable": "DROP TABLE leads"}, "Please choose one of the answers"),
        ({"name": "a" * 301}, "Please use at most 300 characters."),
    ],
)
@there
async def test_a_mistake_is_told_beside_its_field_and_nothing_typed_is_lost(
    bot: WithForm, changes: dict[str, str], says: str
) -> None:
    before = await bot.count()
    status, _, text = await bot.fill(**changes)
    assert (status, says in text, 'aria-invalid="true"' in text) == (422, True, True)
    assert "2019 Honda Civic" in text
    assert await bot.count() == before


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", "{{ 7 * 7 }}", "{% include '/etc/passwd' %}", "' OR 1=1; --"]
)
@there
async def test_what_was_typed_comes_back_as_text(bot: WithForm, hostile: str) -> None:
    _, _, text = await bot.fill(name=hostile, email="", phone="", src=hostile, page=hostile)
    assert "<script>alert" not in text
    assert 'value="49"' not in text
    assert f'name="src" value="{hostile}"' not in text


@pytest.mark.parametrize("changes", [{"website": "http://spam.example"}, {"token": "forged"}, {"token": ""}])
@there
async def test_what_no_person_sends_is_no_lead(bot: WithForm, changes: dict[str, str]) -> None:
    before = await bot.count()
    status, _, text = await bot.fill(**changes)
    assert (status, "Please send it once more" in text) == (422, True)
    assert await bot.count() == before


@there
async def test_a_form_that_comes_at_once_is_not_taken_and_its_token_only_has_to_grow_older(
    bot: WithForm,
) -> None:
    token = bot.opened(ago=1)
    status, _, text = await bot.fill(token=token)
    assert (status, "That was very quick." in text, token in text) == (422, True, True)


@there
async def test_a_script_of_a_listed_site_may_send_and_read_the_answer(bot: WithForm) -> None:
    headers = {"Origin": SITE, "Accept": "application/json"}
    async with bot.session.get(bot.app.url + FORM, headers=headers) as response:
        asked = (await response.json())["data"]
        assert response.headers["Access-Control-Allow-Origin"] == SITE
    assert [each["name"] for each in asked["fields"]] == [
        "name",
        "email",
        "phone",
        "vehicle",
        "drivable",
        "message",
    ]
    sent = {**ANA, "token": bot.opened(), "message": "Squealing brakes 3"}
    async with bot.session.post(bot.app.url + FORM, json=sent, headers=headers) as response:
        assert (response.status, (await response.json())["data"]["repeated"]) == (202, False)
        assert response.headers["Access-Control-Allow-Origin"] == SITE


@there
async def test_a_browser_that_asks_before_sending_is_told_what_a_listed_site_may(bot: WithForm) -> None:
    async with bot.session.options(bot.app.url + FORM, headers={"Origin": SITE}) as response:
        told = response.headers
    assert (response.status, told["Access-Control-Allow-Origin"]) == (204, SITE)
    assert told["Access-Control-Allow-Headers"] == "Content-Type"


@there
async def test_a_script_of_another_site_reads_nothing(bot: WithForm) -> None:
    headers = {"Origin": STRANGER, "Accept": "application/json"}
    for method in ("GET", "OPTIONS", "POST"):
        async with bot.session.request(method, bot.app.url + FORM, headers=headers, json={}) as response:
            assert "Access-Control-Allow-Origin" not in response.headers


@there
async def test_only_listed_sites_may_show_the_form_in_a_frame(bot: WithForm) -> None:
    async with bot.session.get(bot.app.url + FORM) as response:
        policy = response.headers["Content-Security-Policy"]
    assert f"frame-ancestors 'self' {SITE} http" in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize("path", ["/forms/nowhere", "/forms/..%2f..%2fetc", "/forms/leads/qr.gif"])
@there
async def test_there_is_no_other_form(bot: WithForm, path: str) -> None:
    async with bot.session.get(bot.app.url + path) as response:
        assert response.status == 404


@pytest.mark.parametrize(("kind", "begins"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
@there
async def test_there_is_a_qr_code_of_the_form_s_address(bot: WithForm, kind: str, begins: bytes) -> None:
    async with bot.session.get(f"{bot.app.url}{FORM}/qr.{kind}?src=flyer") as response:
        assert (response.status, (await response.read()).startswith(begins)) == (200, True)


@there
async def test_a_thank_you_shows_nothing_that_is_no_reference(bot: WithForm) -> None:
    async with bot.session.get(f"{bot.app.url}{FORM}/thanks?ref=<b>call%20555</b>") as response:
        assert "call 555" not in await response.text()
