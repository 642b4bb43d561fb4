"""`basecamp routing …`: the desks' files and rules."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.shell import perform, settings

app = typer.Typer(help="Who owns new leads.", no_args_is_help=True)


@app.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="One desk's file; default: all.")
    ] = None,
) -> None:
    """Check the desks' files, and say what each mistake is and where."""
    from bot.commands import routing as command  # noqa: PLC0415 - heavy

    perform(command.check(settings(), file))


@app.command()
def export(
    desk: Annotated[str | None, typer.Argument(help="Its channel; default: SLACK_DESK_CHANNEL.")] = None,
) -> None:
    """Print the rules that count now, with what was set in Slack, as a desk's file says them."""
    from bot.commands import routing as command  # noqa: PLC0415 - heavy

    perform(command.export(settings(), desk))


@app.command()
def simulate(
    *,
    days: Annotated[int, typer.Option(min=1, max=366, help="Leads of so many last days.")] = 30,
    rules: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A desk's file; default: the rules that count now."),
    ] = None,
) -> None:
    """Replay past leads under other rules: who would get how many, and which leads somebody else."""
    from bot.commands import routing as command  # noqa: PLC0415 - heavy

    perform(command.simulate(settings(), days=days, rules=rules))
