"""A stand-in for the vendors that keep their leads: Facebook's Graph API and HubSpot's CRM API."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.senders import golden

TOKEN = "a-token-of-the-page"


async def _nothing() -> None:
    """As a vendor that answers at once."""


@dataclass
class FormVendors:
    """What they answer, and how often they were asked.

    Attributes:
        failing: answers of 503 that come first.
        before: done before each answer.
    """

    url: str = ""
    before: Callable[[], Awaitable[None]] = _nothing
    failing: int = 0
    asked: list[str] = field(default_factory=list)

    async def lead(self, request: web.Request) -> web.Response:
        """GET of a lead or a contact by its id."""
        self.asked.append(request.path)
        await self.before()
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response(
                {"error": {"message": "Invalid OAuth access token.", "code": 190}}, status=401
            )
        if self.failing:
            self.failing -= 1
            return web.json_response({"error": {"message": "Service temporarily unavailable"}}, status=503)
        name = "hubspot_contact_read" if "contacts" in request.path else "facebook_lead"
        known = golden(name)
        if request.match_info["id"] != known["id"]:
            return web.json_response(
                {"error": {"message": "Unsupported get request.", "code": 100}}, status=404
            )
        return web.json_response(known)


@asynccontextmanager
async def form_vendors() -> AsyncIterator[FormVendors]:
    """Both of them, on loopback."""
    vendors = FormVendors()
    app = web.Application()
    app.add_routes([web.get("/{id}", vendors.lead), web.get("/crm/v3/objects/contacts/{id}", vendors.lead)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    vendors.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield vendors
    finally:
        await runner.cleanup()
