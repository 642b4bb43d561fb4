"""Fuzz the API against its own document: `python -m bench.fuzz_api [examples]`, thousands of requests.

Starts the product in the sandbox, without a model (tests/fuzzing.py makes the requests).
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from bot.making import load_embedder
from bot.sandbox.slack.server import running as running_slack
from bot.settings import Settings
from tests.fuzzing import fuzz
from tests.product import product

EXAMPLES = 150


async def main(examples: int) -> int:
    """Print the report; the failures."""
    embedder = load_embedder(Settings(_env_file=None))
    with tempfile.TemporaryDirectory() as folder:
        async with running_slack() as slack, product(slack, Path(folder), embedder) as running:
            for number in range(5):
                await running.send(f"My brakes grind, number {number}", email=f"ana{number}@example.com")
            failed, made, report = await fuzz(running.app.url, Path(folder), examples=examples)
    embedder.close()
    print(report)
    print(f"{made} requests, {'no failure' if not failed else 'FAILED'}")
    return failed


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES)))
