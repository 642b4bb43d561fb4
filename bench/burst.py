"""A burst through the product itself: ``python -m bench.burst [LEADS]``.

So many leads at once, into a local workspace that enforces Slack's rates, ten times as fast as Slack.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import aiohttp

from bench.leads import leads as people
from bot.app import running
from bot.observe import configure
from bot.sandbox.slack.server import running as running_slack
from bot.settings import Settings

FASTER = 10.0


async def burst(count: int) -> tuple[int, int, int, float]:
    """So many leads at once: cards posted, messages in the channel, refusals by 429, seconds it took."""
    with tempfile.TemporaryDirectory() as folder:
        async with running_slack(strict_rates=True, speed=FASTER) as slack:
            settings = Settings(
                slack_bot_token=slack.bot_token,
                slack_app_token=slack.app_token,
                slack_api_url=slack.api_url,
                slack_desk_channel=slack.desk_channel,
                slack_pace=FASTER,
                http_port=0,
                data_dir=Path(folder),
                api_keys=("bench",),
                ollama_model=None,
                crm="local",
                log_level="ERROR",
                _env_file=None,
            )
            async with running(settings) as app, aiohttp.ClientSession() as session:
                started = time.monotonic()
                turns = asyncio.Semaphore(20)

                async def send(number: int, made: dict[str, str]) -> None:
                    lead = {name: made[name] for name in ("first_name", "last_name", "email", "message")}
                    key = {"Authorization": "Bearer bench", "Idempotency-Key": str(number)}
                    async with (
                        turns,
                        session.post(f"{app.url}/api/v1/intake", json=lead, headers=key) as done,
                    ):
                        done.raise_for_status()

                stream = people(count, again=0.0)
                await asyncio.gather(*(send(number, made) for number, made in enumerate(stream)))

                def cards() -> int:
                    keys = [
                        each["metadata"]["event_payload"]["key"]
                        for root in slack.messages("leads")
                        for each in (root, *slack.thread("leads", root["ts"]))
                        if "metadata" in each
                    ]
                    return sum(key.startswith("card:") for key in keys)

                standing = count
                async with asyncio.timeout(600):
                    while cards() < standing:
                        await asyncio.sleep(1)
                        standing = len(await app.store.leads.newest(limit=count))
                took = time.monotonic() - started
            refused = sum(call.error == "ratelimited" for call in slack.calls)
            return cards(), len(slack.messages("leads")), refused, took


def main() -> None:
    """Send them, and print what came of it."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    configure("ERROR", "text")
    shown, posts, refused, took = asyncio.run(burst(count))
    print(f"{count} leads at once: {shown} cards, {posts} messages in the channel, {took:.0f} s")
    print(f"{refused} calls were refused by 429")


if __name__ == "__main__":
    main()
