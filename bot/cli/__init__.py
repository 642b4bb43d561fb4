"""The command line: one module a group of commands, and here those of none.

Heavy imports happen inside each command: `basecamp --help` answers at once.
"""

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import crm, evaluate, hooks, keys, learn, prompts, routing, sandbox, stats
from bot.cli.shell import perform, settings

app = typer.Typer(
    help="A lead desk that lives in Slack: every lead kept, understood, recognised and owned.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(crm.app, name="crm")
app.add_typer(evaluate.app, name="eval")
app.add_typer(learn.app, name="learn")
app.add_typer(prompts.app, name="prompts")
app.add_typer(stats.app, name="stats")
app.add_typer(routing.app, name="routing")
app.add_typer(keys.app, name="keys")
app.add_typer(hooks.app, name="hooks")
app.add_typer(sandbox.app, name="sandbox")

DEFAULT_RATE = 5.0


@app.command()
def run() -> None:
    """Run the bot with the settings of the environment and .env, until it is told to stop."""
    from bot.commands import run as command  # noqa: PLC0415 - heavy

    perform(command.run(settings(to_run=True)))


@app.command()
def demo(
    *,
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes a free one.")] = 8300,
    seconds: Annotated[float | None, typer.Option(help="Stop after so long; without it, at Ctrl-C.")] = None,
) -> None:
    """Show the whole product on this machine: a local Slack on a web page, and leads flowing in."""
    from bot.commands import demo as command  # noqa: PLC0415 - heavy

    perform(command.demo(port, seconds))


@app.command()
def init() -> None:
    """Prepare the embedding model; done once at set-up, a second run only looks."""
    from bot.commands import init as command  # noqa: PLC0415 - heavy

    perform(command.init(settings()))


@app.command()
def doctor() -> None:
    """Check every setting and every service, and name the mend of what is wrong."""
    from bot.commands import doctor as command  # noqa: PLC0415 - heavy

    perform(command.doctor(settings()))


@app.command()
def replay(
    what: Annotated[str, typer.Argument(help="A file, one JSON object a line; or a delivery's id.")],
    *,
    rate: Annotated[float, typer.Option(min=0.1, help="Leads a second.")] = DEFAULT_RATE,
    source: Annotated[str, typer.Option(help="The webhook's source.")] = "replay",
    url: Annotated[
        str | None, typer.Option(help="Of the running bot; default: HTTP_HOST and HTTP_PORT.")
    ] = None,
) -> None:
    """Pour a file of leads through a running bot's webhook, or have it read one delivery again."""
    from bot.commands import replay as command  # noqa: PLC0415 - heavy

    if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", what):
        perform(command.again(settings(), what, url=url))
    elif not Path(what).is_file():
        raise typer.BadParameter(f"there is no file {what}, and it is no delivery's id")
    else:
        perform(command.replay(settings(), Path(what), rate=rate, source=source, url=url))


@app.command()
def deliveries(
    *,
    failed: Annotated[bool, typer.Option("--failed", help="Only what was refused.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
) -> None:
    """List the last deliveries: the lead each became, or why it was refused."""
    from bot.commands import deliveries as command  # noqa: PLC0415 - heavy

    perform(command.deliveries(settings(), failed=failed, limit=limit))


@app.command()
def reindex(*, anew: Annotated[bool, typer.Option("--anew", help="Empty the index first.")] = False) -> None:
    """Bring the similarity index to what the store says; cut short, it goes on where it was."""
    from bot.commands import reindex as command  # noqa: PLC0415 - heavy

    perform(command.reindex(settings(), anew=anew))


@app.command("import")
def import_leads(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, or JSON lines (.jsonl).")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show and count.")] = False,
    business_type: Annotated[
        str | None, typer.Option(help="Of rows that name none; default: BUSINESS_TYPE.")
    ] = None,
    source: Annotated[str, typer.Option(help="Of rows that name none.")] = "import",
    outcome: Annotated[
        str, typer.Option(help="Of rows that do not say theirs: archived, lost, won, rejected, new (open).")
    ] = "archived",
    said: Annotated[
        list[str] | None,
        typer.Option("--map", help='"Column=field" where the guess is wrong; "custom": no field of ours.'),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take in old leads: known people and duplicates are found in them later. Posts no cards."""
    from bot.commands import import_leads as command  # noqa: PLC0415 - heavy

    perform(
        command.import_leads(
            settings(),
            file,
            dry_run=dry_run,
            business_type=business_type,
            source=source,
            outcome=outcome,
            said=said or (),
            yes=yes,
        )
    )


@app.command()
def bench(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON.")] = False,
    leads: Annotated[int, typer.Option(min=1, help="Sent at 20 a second, and as many at once.")] = 300,
    database_url: Annotated[str | None, typer.Option(help="An empty database; default: SQLite.")] = None,
) -> None:
    """Measure the main path on this machine."""
    from bot.commands import bench as command  # noqa: PLC0415 - heavy

    perform(command.bench(as_json=as_json, database_url=database_url, leads=leads))


def main() -> None:
    """The command's entry: people read a sentence, never a traceback."""
    from core.errors import LeadDeskError  # noqa: PLC0415 - with its package, light

    try:
        app()
    except LeadDeskError as error:
        sys.exit(f"basecamp: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
