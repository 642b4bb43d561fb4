"""`basecamp doctor`: is every setting right, does every service answer, and what mends what is wrong."""

import asyncio
import sys

from rich.console import Console

from bot.making import (
    listed,
    load_businesses,
    load_desks,
    load_mappings,
    load_weights,
    make_airtable,
    make_model,
)
from bot.settings import Settings
from core.adapters.chroma import open_chroma
from core.adapters.embedder import open_embedder
from core.crm.fields import gaps
from core.errors import LeadDeskError
from core.findings import Finding, look
from core.identity import SHIPPED
from core.pace import SLOTS
from core.store import Store, open_store
from handlers.slack.api import Slack
from handlers.slack.directory import Directory

PATIENCE = 20.0

UNREAD = (
    "the table's fields cannot be read, so the demo tables' options are assumed: give the token the scope "
    "schema.bases:read, and check AIRTABLE_TABLE_NAME (`basecamp crm setup` makes the table)"
)


async def doctor(settings: Settings) -> None:
    """Print a line for each thing; exit with 1 if leads could not be taken and worked."""
    findings = [Finding("settings", fine=False, says=mistake) for mistake in settings.mistakes()]
    findings = findings or [Finding("settings", fine=True, says="complete")]
    try:
        store = await open_store(settings.database)
    except LeadDeskError as error:
        findings.append(Finding("database", fine=False, says=str(error)))
    else:
        findings.append(Finding("database", fine=True, says=f"{await store.leads.count():,} leads"))
        findings.append(await look("identity", lambda: _identity(settings), PATIENCE))
        findings += await asyncio.gather(
            look("Slack", lambda: _slack(settings), PATIENCE),
            look("embedding", lambda: _embedding(settings), PATIENCE),
            look("Chroma", lambda: _chroma(settings), PATIENCE),
            look("Ollama", lambda: _ollama(settings), PATIENCE),
            look("CRM", lambda: _crm(settings, store), PATIENCE),
        )
        await store.close()
    console = Console()
    for finding in findings:
        mark = "[green]ok[/green]  " if finding.fine else "[red]mend[/red]"
        first, *more = finding.says.splitlines() or [""]
        console.print(f"{mark}  {finding.name:<10} {first}", highlight=False)
        for line in more:
            console.print(f"{'':16} {line}", highlight=False, markup=False)
    if not all(finding.fine for finding in findings):
        sys.exit(1)


async def _identity(settings: Settings) -> str:
    learned = load_weights(settings) != SHIPPED
    return f"weights learned here, in {settings.identity_weights}" if learned else "weights as shipped"


async def _slack(settings: Settings) -> str:
    if settings.slack_bot_token is None or settings.slack_desk_channel is None:
        return "not looked at: its settings are missing"
    slack = Slack(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
    try:
        me = await slack.call("auth.test")
        channel = await Directory(
            slack, listed=listed(settings), desks=load_desks(settings, load_businesses(settings))
        ).channel_id(settings.slack_desk_channel)
        await slack.call("conversations.members", channel=channel, limit=1)
    finally:
        await slack.close()
    return f"{me['team']}, as {me['user']}, desk {settings.slack_desk_channel}"


async def _embedding(settings: Settings) -> str:
    embedder = await asyncio.to_thread(open_embedder, settings.model_dir, settings.embedding_model)
    try:
        await embedder.embed(["hello"])
    finally:
        embedder.close()
    return embedder.model


async def _chroma(settings: Settings) -> str:
    index = await open_chroma(settings.data_dir / "chroma", settings.chroma_url)
    try:
        return f"{await index.count():,} vectors"
    finally:
        await index.close()


async def _ollama(settings: Settings) -> str:
    model = make_model(settings)
    if model is None:
        return "none set: leads are read by rules"
    try:
        await model.check()
    finally:
        await model.close()
    return f"{model.name} is there"


async def _crm(settings: Settings, store: Store) -> str:
    if settings.crm_kind == "local":
        return "the local CRM: `basecamp crm export` writes it"
    mappings = load_mappings(settings, load_desks(settings, load_businesses(settings)))
    airtable = make_airtable(settings, store, mappings)
    try:
        await airtable.check()
        seen = [f"Airtable answers; at most {len(SLOTS)} requests a second of all processes"]
        if not await airtable.check_writing():
            seen.append("whether the token may write shows with the first record")
        schema = await airtable.schema()
        if schema is None:
            seen.append(UNREAD)
        else:
            seen += [f"{mapping.name}: {gap}" for mapping in mappings.every for gap in gaps(mapping, schema)]
    finally:
        await airtable.close()
    return "\n".join(seen)
