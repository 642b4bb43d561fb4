"""`basecamp routing`: check the rules, write what counts now, replay past leads under other ones."""

import asyncio
import sys
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.making import listed, load_businesses, load_desks
from bot.settings import Settings
from core.deskfile import BadDeskFile, DeskFile, load_desk_files, read_desk_file
from core.desks import Desks
from core.errors import Refused, Unavailable
from core.lead import utcnow
from core.routing import Room
from core.routing.assigning import Router
from core.routing.checking import problems
from core.routing.replay import Change, Past, changes, replay
from core.routing.revisions import counts, is_over
from core.routing.writing import as_yaml
from core.store import Store, open_store
from core.store.past import past_leads
from handlers.slack.api import Slack
from handlers.slack.directory import Directory

POOL = "nobody (pool)"

CHANGES_MAX = 200
"""Leads listed one by one."""


class Everybody:
    """core.routing's Accounts where nobody is asked: all are there."""

    async def has_left(self, _user: str) -> bool:
        """No."""
        return False


async def check(settings: Settings, file: Path | None) -> None:
    """Print a line for each desk, what is wrong on lines of their own; exit with 1 if there is any."""
    try:
        files = _every(settings) if file is None else (_read(file),)
    except BadDeskFile as error:
        sys.stdout.write("\n  ".join(["must be mended:", *error.mistakes]) + "\n")
        sys.exit(1)
    businesses = load_businesses(settings)
    desks = Desks(files) if file is None else load_desks(settings, businesses)
    left = await _left(settings, files, desks)
    wrong = False
    for desk in files:
        others = {each.channel: each for each in desks.files if each.channel != desk.channel}
        found = problems(desk, others=others, business_types=frozenset(businesses), left=left)
        wrong = wrong or bool(found)
        said = "must be mended" if found else f"right ({_sizes(desk)})"
        sys.stdout.write("\n  ".join([f"{desk.channel}: {said}", *found]) + "\n")
    if wrong:
        sys.exit(1)


async def export(settings: Settings, channel: str | None) -> None:
    """Print the rules that count now at that desk, as its file would say them."""
    desks = load_desks(settings, load_businesses(settings))
    file = desks.of(channel) if channel else desks.first
    store = await open_store(settings.database)
    try:
        newest = await store.routings.newest(file.channel)
    finally:
        await store.close()
    origin = "as its file says"
    if newest is not None and is_over(file.routing, newest):
        origin += f"; what {newest.by} set in Slack ended when it was changed"
    elif newest is not None:
        origin = f"as {newest.by} set them in Slack, revision {newest.revision}"
    sys.stdout.write(f"# {file.channel}, {origin}\n{as_yaml(counts(file.routing, newest))}")


async def simulate(settings: Settings, *, days: int, rules: Path | None) -> None:
    """Replay the leads of the last days; show who gets how many, and which leads change hands.

    Without rules: what was given in fact beside a replay of the rules that count now. With them: a replay of
    those that count now beside one of the file's.
    """
    desks = load_desks(settings, load_businesses(settings))
    file = None if rules is None else _read_or_exit(rules)
    store = await open_store(settings.database)
    try:
        past = await past_leads(store.database, utcnow() - timedelta(days=days))
        rooms = await _rooms(store, desks, past)
        other = await _rooms(store, _with(desks, file), past, file) if file else rooms
    finally:
        await store.close()
    after = replay(past, other)
    before = {each.lead.lead_id: each.given_to for each in past}
    titles = "was given", "rules that count now"
    if rules is not None:
        before = {lead_id: decision.owner for lead_id, decision in replay(past, rooms).items()}
        titles = titles[1], rules.name
    given = {lead_id: decision.owner for lead_id, decision in after.items()}
    _show(before, given, changes(past, before, after), titles)


def _show(
    before: Mapping[str, str | None],
    after: Mapping[str, str | None],
    changed: Sequence[Change],
    titles: tuple[str, str],
) -> None:
    console = Console()
    had, gets = Counter(before.values()), Counter(after.values())
    table = Table("rep", *titles, "difference", title=f"{len(after)} leads")
    for user in sorted({*had, *gets}, key=lambda user: (user is None, user)):
        row = (user or POOL, str(had[user]), str(gets[user]), f"{gets[user] - had[user]:+}")
        table.add_row(*map(escape, row))
    console.print(table)
    if not changed:
        console.print("No lead would have another owner.")
        return
    leads = Table("lead", *titles, "why", title=f"{len(changed)} leads would have another owner")
    for each in changed[:CHANGES_MAX]:
        leads.add_row(*map(escape, (each.number, each.before or POOL, each.after or POOL, each.reason)))
    console.print(leads)
    if len(changed) > CHANGES_MAX:
        console.print(f"{len(changed) - CHANGES_MAX} more are not listed.")


async def _rooms(
    store: Store, desks: Desks, past: Sequence[Past], file: DeskFile | None = None
) -> dict[str, Room]:
    """All desks at which these leads may end; the file's rules count at its own, whoever set others."""
    router = Router(store=store, desks=desks, accounts=Everybody())
    starts = {each.came_to for each in past} | {*desks.channels}
    starts |= {rule.desk for rule in file.routing.rules if rule.desk} if file else set()
    found: dict[str, Room] = {}
    for start in sorted(starts):
        found |= await router.rooms(start)
    if file is not None:
        found[file.channel] = replace(found[file.channel], routing=file.routing)
    return found


def _with(desks: Desks, file: DeskFile) -> Desks:
    """The desks with this file in its channel's place."""
    here = [file if each.channel == file.channel else each for each in desks.files]
    return Desks((*here, *([] if file in here else [file])))


async def _left(settings: Settings, files: Collection[DeskFile], desks: Desks) -> frozenset[str]:
    """The reps whose accounts are deactivated, as far as Slack can be asked."""
    reps = sorted({user for each in files for user in each.reps})
    if settings.slack_bot_token is None or not reps:
        return frozenset()
    slack = Slack(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
    directory = Directory(slack, listed=listed(settings), desks=desks)
    try:
        left = await asyncio.gather(*(directory.has_left(user) for user in reps))
    except (Unavailable, Refused) as error:
        sys.stderr.write(f"Who left the workspace is not known: {error}\n")
        return frozenset()
    finally:
        await slack.close()
    return frozenset(user for user, gone in zip(reps, left, strict=True) if gone)


def _every(settings: Settings) -> tuple[DeskFile, ...]:
    if settings.desks_dir is None:
        sys.exit("basecamp routing check: name a file, or set DESKS_DIR to the folder of the desks' files")
    return load_desk_files(settings.desks_dir)


def _read(path: Path) -> DeskFile:
    try:
        return read_desk_file(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise BadDeskFile([f"cannot be read ({type(error).__name__})"]) from None


def _read_or_exit(path: Path) -> DeskFile:
    try:
        return _read(path)
    except BadDeskFile as error:
        sys.exit(f"basecamp routing simulate: {path.name} must be mended\n{error}")


def _sizes(desk: DeskFile) -> str:
    return f"{len(desk.reps)} reps, {len(desk.routing.rules)} rules, then {desk.routing.otherwise}"
