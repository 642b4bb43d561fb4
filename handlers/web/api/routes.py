"""The API's routes, and its document beside them."""

from collections.abc import Iterable

from aiohttp import web

from core.api.records import Records
from core.desk import Desk
from handlers.web.api.document import as_bytes, document
from handlers.web.api.leads import Leads
from handlers.web.api.merging import Merging
from handlers.web.api.operation import BASE, Operation
from handlers.web.api.operation import routes as routes_of
from handlers.web.api.reference import page
from handlers.web.api.taking import Taking
from handlers.web.keys import Keys

PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def operations(desk: Desk) -> list[Operation]:
    """All there are."""
    records = Records(desk=desk)
    return [
        *Taking(records=records).operations(),
        *Leads(records=records).operations(),
        *Merging(desk=desk).operations(),
    ]


def routes(desk: Desk, keys: Keys) -> Iterable[web.RouteDef]:
    """The routes; the document is for everybody, as it says nothing of any lead."""
    all_of_them = operations(desk)
    described = document(all_of_them, server="/")
    written, shown = as_bytes(described), page(described)

    async def openapi(_request: web.Request) -> web.Response:
        return web.Response(body=written, content_type="application/json", charset="utf-8")

    async def reference(_request: web.Request) -> web.Response:
        headers = {"Content-Security-Policy": PAGE_POLICY}
        return web.Response(text=shown, content_type="text/html", headers=headers)

    return [
        web.get(f"{BASE}/openapi.json", openapi),
        web.get(f"{BASE}/docs", reference),
        *routes_of(all_of_them, keys),
    ]
