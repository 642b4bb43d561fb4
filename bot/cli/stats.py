"""`basecamp stats …`: figures of the desk's work."""

from typing import Annotated

import typer

from bot.cli.shell import perform, settings

app = typer.Typer(help="How the desk works, in figures.", no_args_is_help=True)


@app.command()
def sla(*, days: Annotated[int, typer.Option(min=1, max=3650, help="How far back.")] = 30) -> None:
    """How soon somebody acted on the leads: in time or not, by owner, hour and source."""
    from bot.commands import stats_sla as command  # noqa: PLC0415 - heavy

    perform(command.sla(settings(), days=days))


@app.command()
def noise(*, days: Annotated[int, typer.Option(min=1, max=3650, help="How far back.")] = 30) -> None:
    """How often people were pinged for each lead, and which share of that they acted on."""
    from bot.commands import stats_noise as command  # noqa: PLC0415 - heavy

    perform(command.noise(settings(), days=days))
