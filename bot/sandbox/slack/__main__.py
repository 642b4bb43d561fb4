"""``python -m bot.sandbox.slack``: a workspace alone, or a fault for one that runs."""

import asyncio
import json
import signal
import sys
import urllib.request
from argparse import ArgumentParser, Namespace

from bot.sandbox.slack.server import running


def main() -> None:
    """Run until interrupted, after one JSON line that says where; or set faults and end."""
    parser = ArgumentParser(prog="python -m bot.sandbox.slack", description=__doc__)
    verbs = parser.add_subparsers(dest="verb")
    run = verbs.add_parser("run", help="run a workspace on 127.0.0.1 until interrupted")
    run.add_argument("--port", type=int, default=0)
    run.add_argument("--strict-rates", action="store_true", help="enforce Slack's rate limits")
    run.add_argument("--request-url", help="deliver signed HTTP here, in place of Socket Mode")
    fault = verbs.add_parser("fault", help="make a running workspace misbehave")
    fault.add_argument("--page", required=True, help="its address, http://127.0.0.1:PORT/")
    fault.add_argument("action", choices=("add", "clear", "down", "up", "disconnect", "cut"))
    fault.add_argument("fields", nargs="*", help='name=value as in faults.Fault, e.g. error="ratelimited"')
    given = parser.parse_args()
    if given.verb == "fault":
        sys.stdout.write(_fault(given) + "\n")
    else:
        asyncio.run(_run(given))


async def _run(given: Namespace) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    port, strict = getattr(given, "port", 0), getattr(given, "strict_rates", False)
    async with running(port=port, strict_rates=strict) as slack:
        sys.stdout.write(json.dumps({"slack": slack.described()}) + "\n")
        sys.stdout.flush()
        if getattr(given, "request_url", None):
            await slack.delivery.challenge(given.request_url)
        await stop.wait()


def _fault(given: Namespace) -> str:
    body = {"action": given.action, **dict(map(_field, given.fields))}
    request = urllib.request.Request(  # noqa: S310 -- the address of one's own workspace, given by hand
        f"{given.page}sandbox/faults", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as response:  # noqa: S310 -- as above
        return str(response.read().decode())


def _field(text: str) -> tuple[str, object]:
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


if __name__ == "__main__":
    main()
