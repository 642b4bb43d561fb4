"""A product to which every sender delivers, and the vendors that keep their leads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from bot.sandbox.slack.server import running as running_slack
from core.intake.deliveries import confirm
from core.intake.shapes import corrected
from core.lead import Lead
from core.ports import Embedder
from tests.form_vendors import TOKEN, FormVendors, form_vendors
from tests.product import Product, product
from tests.senders import CASES, SECRETS, URL, Case
from tests.spoilt import Request, request_of

GRAVITY_FORMS = {
    "1.3": "first_name",
    "1.6": "last_name",
    "2": "email",
    "3": "phone",
    "4": "message",
    "5": None,
}
"""What somebody said once of the form's fields."""

VERIFY = "a-word-for-facebook"


class Senders(Product):
    """The product, and requests to it as the senders make them."""

    def __init__(self, bot: Product, vendors: FormVendors) -> None:
        super().__init__(bot.app, bot.slack, bot.session)
        self.vendors = vendors

    async def ask(self, request: Request) -> tuple[int, dict[str, Any]]:
        """Status and envelope of what is answered."""
        headers = {"Content-Type": request.content_type, **request.headers}
        url = self.app.url + request.path
        async with self.session.post(url, data=BytesIO(request.body), headers=headers) as response:
            return response.status, await response.json()

    async def leads_of(self, case: Case) -> list[Lead]:
        """The leads of the case's source."""
        found = [lead async for some in self.app.store.leads.every() for lead in some]
        return [lead for lead in found if lead.source == case.source]

    async def lead_of(self, case: Case) -> Lead:
        """The first lead of the case's source, once there is one."""
        return (await self.leads_when(case, 1))[0]

    async def leads_when(self, case: Case, count: int) -> list[Lead]:
        """The leads of the case's source, once there are so many."""
        async with asyncio.timeout(20):
            while True:
                if len(found := await self.leads_of(case)) >= count:
                    return found
                await asyncio.sleep(0.05)

    async def learn(self) -> None:
        """Have somebody say what the numbers of Gravity Forms are."""
        await self.ask(request_of(CASES["Gravity Forms"]))
        (shape,) = await self.app.store.shapes.of("gravity_forms")
        await confirm(self.app.desk, corrected(shape, GRAVITY_FORMS), by="U0MIA", key="said")
        await self.lead_of(CASES["Gravity Forms"])


@asynccontextmanager
async def senders(embedder: Embedder, folder: Path, **changes: Any) -> AsyncIterator[Senders]:
    """All of it, with what Gravity Forms sends already known."""
    async with form_vendors() as vendors, running_slack(port=0) as slack:
        settings: dict[str, Any] = {
            "webhook_secrets": SECRETS,
            "public_url": URL,
            "facebook_token": TOKEN,
            "facebook_verify_token": VERIFY,
            "facebook_api_url": vendors.url,
            "hubspot_token": TOKEN,
            "hubspot_api_url": vendors.url,
        }
        async with product(slack, folder, embedder, **{**settings, **changes}) as bot:
            found = Senders(bot, vendors)
            await found.learn()
            yield found
