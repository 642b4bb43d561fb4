"""A program at the API of a running product."""

from collections.abc import Mapping
from typing import Any

from core.lead import DeskStatus, Status
from tests.product import API_KEY, Product

LEADS = "/api/v1/leads"


async def ask(
    bot: Product, method: str, path: str, *, api_key: str = API_KEY, **request: Any
) -> tuple[int, dict[str, Any], Mapping[str, str]]:
    """Status, envelope and headers of a request with this key."""
    headers = {"Authorization": f"Bearer {api_key}", **request.pop("headers", {})}
    async with bot.session.request(method, bot.app.url + path, headers=headers, **request) as response:
        return response.status, await response.json(), response.headers


async def made(bot: Product, message: str, **fields: Any) -> str:
    """A lead that is read and shown, or merged; its id."""
    lead_id = await bot.send(message, **fields)
    await bot.lead_when(
        lead_id, lambda lead: lead.status == Status.SYNCED or lead.desk_status == DeskStatus.MERGED
    )
    return lead_id
