"""`basecamp crm …`: the leads in the CRM."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.shell import perform, settings

app = typer.Typer(help="The CRM.", no_args_is_help=True)


@app.command()
def export(
    *,
    out: Annotated[
        Path | None, typer.Option(help="The file, .csv or .xlsx; default: CSV on standard output.")
    ] = None,
) -> None:
    """Write all leads as CSV or XLSX, in the words of the CRM's fields."""
    from bot.commands import crm_export as command  # noqa: PLC0415 - heavy

    perform(command.export(settings(), out))


@app.command()
def setup(*, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Make what the Airtable table lacks for the mapping (table, fields, options); shows the plan first."""
    from bot.commands import crm_setup as command  # noqa: PLC0415 - heavy

    perform(command.setup(settings(), yes=yes))


@app.command()
def sync(
    leads: Annotated[list[str] | None, typer.Argument(help="Numbers, such as L-1042.")] = None,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="All leads; cut short, it goes on where it was.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Only show what differs, field by field.")] = False,
) -> None:
    """Bring leads and their records in the CRM together, now."""
    from bot.commands import crm_sync as command  # noqa: PLC0415 - heavy

    perform(command.sync(settings(), leads or (), every=every, diff=diff))
