"""Times the CRM's side against a strict Airtable: ``python -m bench.crm [LEADS]`` (default 3,000).

A real clock and Airtable's real limit of five requests a second: 3,000 leads take more than a minute.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import aiohttp
from uuid_utils.compat import uuid4

from bot.app import App, running
from bot.observe import configure
from bot.sandbox.airtable import AirtableStandIn
from bot.sandbox.airtable import running as running_airtable
from bot.sandbox.slack.server import SlackSandbox
from bot.sandbox.slack.server import running as running_slack
from bot.settings import Settings
from core.lead import Contact, Draft, Part, utcnow
from core.store import open_store
from core.store.submissions import Submission

KEY = "bench"
ALONE, STORM = 15, 200


async def main(count: int) -> None:
    """Drain a store as after an outage; then single leads, and intake in fine weather and in a storm."""
    with tempfile.TemporaryDirectory(prefix="basecamp-bench-") as folder:
        async with running_slack(port=0) as slack, running_airtable() as airtable:
            settings = _settings(slack, airtable, Path(folder))
            await _outage(settings, count)
            async with running(settings) as app:
                await _drain(airtable, count)
        async with running_slack(port=0) as slack, running_airtable() as airtable:
            settings = _settings(slack, airtable, Path(folder) / "fresh")
            async with running(settings) as app, aiohttp.ClientSession() as session:
                await _one_by_one(app, session)
                fine = [await _accept(app, session) for _ in range(STORM)]
                airtable.faults.status(429, times=1_000_000)
                storm = [await _accept(app, session) for _ in range(STORM)]
                for name, taken in (("in fine weather", fine), ("in a storm of 429s", storm)):
                    p50, p95 = statistics.median(taken), sorted(taken)[int(0.95 * len(taken))]
                    print(f"accepted {name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms")


def _settings(slack: SlackSandbox, airtable: AirtableStandIn, folder: Path) -> Settings:
    return Settings(
        slack_bot_token=slack.bot_token,
        slack_app_token=slack.app_token,
        slack_api_url=slack.api_url,
        slack_desk_channel=slack.desk_channel,
        http_port=0,
        data_dir=folder,
        api_keys=KEY,
        ollama_model="",
        airtable_api_key=airtable.api_key,
        airtable_base_id=airtable.base_id,
        airtable_endpoint_url=airtable.endpoint_url,
        log_level="ERROR",
        _env_file=None,
    )


async def _outage(settings: Settings, count: int) -> None:
    """So many leads that wait for the CRM."""
    store = await open_store(settings.database)

    async def lead(number: int) -> None:
        key = str(uuid4())
        now = utcnow()
        accepted = await store.submissions.accept(
            Submission(
                source="web_form",
                event_key=key,
                fingerprint=key,
                content_type="application/json",
                body=b"{}",
                received_at=now,
            ),
            Draft(
                contact=Contact(first_name=f"Lead {number}", email=f"lead{number}@example.com"),
                message=f"My brakes grind, says number {number}.",
                source="web_form",
                received_at=now,
            ),
            desk=settings.slack_desk_channel or "",
            business_type="general",
            actor="bench",
            enlist=lambda _connection, _lead_id: None,
        )
        due = now - timedelta(hours=2)
        await store.waiting.put(accepted.lead_id, Part.CRM, "Airtable: away", due, not_before=timedelta())

    for first in range(0, count, 500):
        await asyncio.gather(*map(lead, range(first, min(first + 500, count))))
    await store.close()


async def _drain(airtable: AirtableStandIn, count: int) -> None:
    while not airtable.requests:  # noqa: ASYNC110 - the stand-in has no event for a request
        await asyncio.sleep(0.05)
    began = asyncio.get_running_loop().time()
    while len(airtable.table.records) < count:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.05)
    took, at = asyncio.get_running_loop().time() - began, airtable.requests
    ideal = -(-count // 10)
    most = max(sum(each <= other < each + 1 for other in at) for each in at)
    print(f"{count:,} leads in {took:.1f} s (ideal {ideal / 5:.0f} s), {1000 * took / count:.0f} ms a lead")
    print(
        f"{len(at)} requests (ideal {ideal}), at most {most} in a second, {airtable.limited} refused for it"
    )
    print(f"time {took / (ideal / 5) - 1:+.0%}, requests {len(at) / ideal - 1:+.0%}")


async def _one_by_one(app: App, session: aiohttp.ClientSession) -> None:
    taken = []
    for _ in range(ALONE):
        began = time.perf_counter()
        lead_id = await _send(app, session)
        while (await app.store.leads.get(lead_id)).crm.record_id is None:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.005)
        taken.append(time.perf_counter() - began)
        await asyncio.sleep(0.3)
    p50 = statistics.median(taken[2:])
    print(f"one lead alone is in the CRM {p50:.2f} s after it was sent (p50), its reading included")


async def _accept(app: App, session: aiohttp.ClientSession) -> float:
    """Milliseconds until its 202, at twenty a second."""
    began = time.perf_counter()
    await _send(app, session)
    taken = time.perf_counter() - began
    await asyncio.sleep(max(0, 0.05 - taken))
    return 1000 * taken


async def _send(app: App, session: aiohttp.ClientSession) -> str:
    name = "".join(chr(ord("a") + int(digit, 16)) for digit in uuid4().hex[:12])
    lead = {"message": f"My brakes grind. {name}", "email": f"{name}@example.com", "name": name.title()}
    headers = {"Authorization": f"Bearer {KEY}"}
    async with session.post(f"{app.url}/api/v1/intake", json=lead, headers=headers) as response:
        response.raise_for_status()
        return str((await response.json())["data"]["lead_id"])


if __name__ == "__main__":
    configure("ERROR", "text")
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3_000))
