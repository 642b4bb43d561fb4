"""The search over real stores and a real Chroma: filters follow the store, reindexing goes on."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from bot.sandbox.slack.server import SlackSandbox
from core.adapters.chroma import Chroma, open_chroma
from core.lead import DeskStatus, Draft, Event, Lead, utcnow
from core.ports import Embedder
from core.similar.search import Search
from core.similar.wanted import NOBODY, Wanted
from core.store import Store, open_store
from core.store.submissions import Submission
from tests.databases import KINDS, fresh_database
from tests.fakes import Interrupted
from tests.product import API_KEY, Product, product
from tests.test_lead_command import ask

BRAKES = "My brakes grind, can you look at them?"


@dataclass
class House:
    """A store with an index and a search over both."""

    store: Store
    index: Chroma
    search: Search

    async def lead(self, message: str = BRAKES, *, embedded: bool = True) -> Lead:
        """A lead that is stored, and embedded if so, but whose vector is in no index."""
        now = utcnow()
        submission = Submission(
            source="api", event_key=str(uuid4()), fingerprint="", content_type="", body=b"", received_at=now
        )
        draft = Draft(message=message, source="api", received_at=now)
        accepted = await self.store.submissions.accept(
            submission, draft, desk="leads", business_type="general", actor="api", enlist=lambda *_: None
        )
        lead = await self.store.leads.get(accepted.lead_id)
        if embedded:
            await self.embed(lead)
        return lead

    async def embed(self, lead: Lead) -> None:
        """Keep the lead's vector."""
        vector = await self.search.embed(lead)
        await self.store.leads.understood(lead.lead_id, vector=(self.search.model, vector))

    async def change(self, lead: Lead, status: DeskStatus, owner: str) -> None:
        """As somebody else's process would."""
        line = Event(
            event_id=str(uuid4()), lead_id=lead.lead_id, at=utcnow(), actor=owner, what="won", told=False
        )
        await self.store.leads.act(line, lambda _: {"desk_status": status, "owner": owner})

    async def found(self, wanted: Wanted) -> list[str]:
        """Numbers of the leads like the brakes."""
        return [lead.number for lead, _ in await self.search.similar(BRAKES, wanted)]

    async def indexed(self) -> set[str]:
        """What a reindex leaves in the index."""
        async for _ in self.search.reindex():
            pass
        return await self.index.ids()


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with fresh_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
async def house(database_url: str, tmp_path: Path, embedder: Embedder) -> AsyncIterator[House]:
    store = await open_store(database_url)
    index = await open_chroma(tmp_path / "chroma", None, rows=2)
    search = Search(store, embedder, index, threshold=0.85, limit=5)
    yield House(store, index, search)
    await search.close()
    await index.close()
    await store.close()


async def test_a_filter_finds_a_lead_as_it_is_now(house: House) -> None:
    lead = await house.lead()
    won = Wanted(outcomes=frozenset({DeskStatus.WON}), owner="U0ANA")
    assert await house.found(won) == []
    await house.change(lead, DeskStatus.WON, "U0ANA")
    assert await house.found(won) == [lead.number]
    await house.change(lead, DeskStatus.LOST, "U0ANA")
    assert await house.found(won) == []


async def test_a_filter_finds_leads_that_came_or_were_embedded_later(house: House) -> None:
    first = await house.lead()
    unowned = Wanted(owner=NOBODY)
    assert await house.found(unowned) == [first.number]
    late = await house.lead(embedded=False)
    assert await house.found(unowned) == [first.number]
    await house.embed(late)
    assert set(await house.found(unowned)) == {first.number, late.number}


async def test_a_filter_needs_no_index(house: House, embedder: Embedder) -> None:
    lead = await house.lead()
    line = Interrupted(house.index)
    line.go_down()
    search = Search(house.store, embedder, line, threshold=0.85, limit=5)
    assert [found.number for found, _ in await search.similar(BRAKES, Wanted(owner=NOBODY))] == [lead.number]
    await search.close()


async def test_cosines_with_and_without_a_filter_are_the_same(house: House) -> None:
    for part in ("squeal", "grind loudly", "are new"):
        await house.lead(f"My brakes {part}.")
    await house.indexed()
    free = await house.search.similar(BRAKES, Wanted())
    filtered = await house.search.similar(BRAKES, Wanted(owner=NOBODY))
    assert [lead.number for lead, _ in free] == [lead.number for lead, _ in filtered]
    assert [cosine for _, cosine in free] == pytest.approx([cosine for _, cosine in filtered], abs=1e-5)


async def test_a_lead_is_not_like_itself(house: House) -> None:
    lead, other = await house.lead(), await house.lead()
    await house.indexed()
    assert [found.number for found, _ in await house.search.similar(lead, Wanted())] == [other.number]


async def test_reindexing_adds_what_is_missing_and_forgets_what_is_gone(house: House) -> None:
    leads = [await house.lead(embedded=n > 0) for n in range(4)]
    await house.search.index_many([(leads[1], await house.search.embed(leads[1]))])
    stranger = leads[0].model_copy(update={"lead_id": str(uuid4())})
    await house.search.index_many([(stranger, await house.search.embed(stranger))])
    assert await house.indexed() == {lead.lead_id for lead in leads}


async def test_many_leads_are_indexed_at_once_and_found_with_and_without_a_filter(house: House) -> None:
    leads = [await house.lead(f"{BRAKES} {n}") for n in range(5)]
    await house.search.index_many([(lead, await house.search.embed(lead)) for lead in leads])
    numbers = {lead.number for lead in leads}
    assert set(await house.found(Wanted())) == numbers
    assert set(await house.found(Wanted(owner=NOBODY))) == numbers


async def test_an_embedding_that_is_missing_is_said_in_slack_and_over_http(
    slack: SlackSandbox, tmp_path: Path
) -> None:
    async with product(slack, tmp_path, None, embedding_model="another") as bot:
        await bot.send(BRAKES)
        assert "does not answer right now (Embedding model)" in await ask(bot, "similar brakes")
        assert await over_http(bot) == (503, "REFUSED")


async def test_an_index_that_is_away_is_said_in_slack_and_over_http(
    slack: SlackSandbox, tmp_path: Path, embedder: Embedder
) -> None:
    chroma = Chroma(tmp_path / "index", None)
    index = Interrupted(chroma)
    async with product(slack, tmp_path, embedder, index=index) as bot:
        await bot.synced(await bot.send(BRAKES))
        index.go_down()
        assert "does not answer right now (Chroma)" in await ask(bot, "similar brakes")
        assert await over_http(bot) == (503, "UNAVAILABLE")
        index.come_back()
    await chroma.close()


async def over_http(bot: Product) -> tuple[int, str]:
    """Status and code of the refusal to tell what is like the first lead."""
    url = f"{bot.app.url}/api/v1/leads/L-1001/similar"
    async with bot.session.get(url, headers={"Authorization": f"Bearer {API_KEY}"}) as response:
        return response.status, (await response.json())["errors"][0]["code"]
