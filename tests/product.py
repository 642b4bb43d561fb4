"""The product as tests run it: the real wiring against the sandbox, and what is asked of it over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.app import App, running
from bot.sandbox.slack.server import SlackSandbox
from bot.settings import Settings
from core.lead import Lead, Status
from core.ports import Embedder, VectorIndex

API_KEY = "a-key-for-tests"
SECRET = "a-secret-for-tests"
INTAKE = "/api/v1/intake"


def calm_desk(folder: Path, channel: str) -> Path:
    """A folder with the file of a desk without bursts whose writers never sleep, as most tests want it."""
    made = folder / "desks"
    made.mkdir(parents=True, exist_ok=True)
    (made / "calm.yaml").write_text(
        f'{{channel: "{channel}", routing: {{otherwise: pool}}, noise: {{burst: {{leads: 10000}}}},'
        " intake: {awake: 00:00-24:00}}"
    )
    return made


def settings_for(slack: SlackSandbox, folder: Path, **changes: Any) -> Settings:
    """Settings against this sandbox, with nothing else outside: no model, the local CRM."""
    plain: dict[str, Any] = {
        "slack_bot_token": slack.bot_token,
        "slack_app_token": slack.app_token,
        "slack_api_url": slack.api_url,
        "slack_desk_channel": slack.desk_channel,
        "http_port": 0,
        "data_dir": folder,
        "api_keys": API_KEY,
        "webhook_secrets": {"web_form": [SECRET]},
        "ollama_model": "",
        "crm": "local",
        "slack_pace": 1_000,
        "wrong_keys_per_minute": 0,  # tests are at doors with all that is wrong, from one address
    }
    if "desks_dir" not in changes:
        plain["desks_dir"] = calm_desk(folder, slack.desk_channel)
    return Settings(**{**plain, **changes}, _env_file=None)


class Product:
    """A running product and a client to talk to it."""

    def __init__(self, app: App, slack: SlackSandbox, session: aiohttp.ClientSession) -> None:
        self.app = app
        self.slack = slack
        self.session = session
        self.loop = asyncio.get_running_loop()

    async def post(self, path: str, **request: Any) -> tuple[int, dict[str, Any]]:
        """The status and the envelope of a POST with the API key."""
        headers = {"Authorization": f"Bearer {API_KEY}", **request.pop("headers", {})}
        async with self.session.post(self.app.url + path, headers=headers, **request) as response:
            return response.status, await response.json()

    async def raw(self, path: str, headers: bytes, body: bytes) -> tuple[int, bytes]:
        """Status and body of a POST whose headers are bytes that no well-behaved client would send."""
        host, _, port = self.app.url.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = b"POST %b HTTP/1.1\r\nHost: desk\r\nConnection: close\r\nContent-Length: %d\r\n%b\r\n"
        writer.write(head % (path.encode(), len(body), headers) + body)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return int(answer.split(b" ", 2)[1]), answer.partition(b"\r\n\r\n")[2]

    async def send(self, message: str, **fields: Any) -> str:
        """A lead through the API; its id."""
        status, body = await self.post(INTAKE, json={"message": message, **fields})
        assert status == 202, body
        return str(body["data"]["lead_id"])

    async def lead(self, lead_id: str) -> Lead:
        """The lead as the store has it."""
        return await self.app.store.leads.get(lead_id)

    def cards(self) -> list[dict[str, Any]]:
        """The app's messages in the desk's channel, but those with pictures."""
        return [message for message in self.slack.messages(self.slack.desk_channel) if "metadata" in message]

    def card(self, lead_id: str) -> dict[str, Any] | None:
        """The card of that lead, if it is posted."""
        key = f"card:{lead_id}"
        found = [card for card in self.cards() if card["metadata"]["event_payload"]["key"] == key]
        assert len(found) <= 1
        return found[0] if found else None

    async def card_with(self, lead_id: str, *words: str) -> dict[str, Any]:
        """The lead's card once it shows all these words."""

        def shows(_: Any) -> bool:
            card = self.card(lead_id)
            return card is not None and all(word in text_of(card) for word in words)

        await self.slack.until(shows, timeout=20)
        card = self.card(lead_id)
        assert card is not None
        return card

    async def final_card(self, lead_id: str) -> dict[str, Any]:
        """The lead's card once it is read."""

        def is_read(_: Any) -> bool:
            card = self.card(lead_id)
            return card is not None and "quality" in text_of(card)

        await self.slack.until(is_read, timeout=20)
        card = self.card(lead_id)
        assert card is not None
        return card

    async def synced(self, lead_id: str) -> Lead:
        """The lead once it is through and misses nothing."""
        return await self.lead_when(lead_id, lambda lead: lead.status == Status.SYNCED and not lead.missing)

    async def lead_when(self, lead_id: str, so: Callable[[Lead], bool]) -> Lead:
        """The lead once this is so."""
        async with asyncio.timeout(20):
            while True:
                lead = await self.lead(lead_id)
                if so(lead):
                    return lead
                await asyncio.sleep(0.05)

    async def direct(self, user: str, *words: str) -> dict[str, Any]:
        """What the app wrote to this user alone, once there is a message with all these words."""
        return await eventually(
            self.slack, lambda: [m for m in self.directs(user) if all(word in text_of(m) for word in words)]
        )

    def directs(self, user: str) -> list[dict[str, Any]]:
        """All that the app wrote to this user alone, oldest first."""
        return self.slack.messages(self.slack.team.direct(self.slack.user(user)).id)

    async def ephemeral(self, user: str, word: str) -> dict[str, Any]:
        """What only this user sees, once there is one with this word."""
        return await eventually(
            self.slack, lambda: [seen for seen in self.slack.ephemerals(user) if word in text_of(seen)]
        )


async def eventually(slack: SlackSandbox, find: Callable[[], list[dict[str, Any]]]) -> dict[str, Any]:
    """The first thing found, once there is one."""
    await slack.until(lambda _: bool(find()), timeout=20)
    return find()[0]


def text_of(value: Any) -> str:
    """All the words in a message, its blocks' too; without the joiners that keep lead text inert."""
    if isinstance(value, dict):
        return " ".join(text_of(item) for key, item in value.items() if key not in {"metadata", "ts"})
    if isinstance(value, list):
        return " ".join(text_of(item) for item in value)
    return str(value).replace("\N{WORD JOINER}", "")


@asynccontextmanager
async def product(
    slack: SlackSandbox,
    folder: Path,
    embedder: Embedder | None,
    *,
    index: VectorIndex | None = None,
    **changes: Any,
) -> AsyncIterator[Product]:
    """The product running with these settings, and with this index if one is given."""
    async with (
        aiohttp.ClientSession() as session,
        running(settings_for(slack, folder, **changes), embedder=embedder, index=index) as app,
    ):
        await slack.until(lambda s: len(s.delivery.sockets) > 0, timeout=10)
        yield Product(app, slack, session)
