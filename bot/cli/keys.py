"""`basecamp keys …`: who may use the API."""

from typing import Annotated

import typer

from bot.cli.shell import perform, settings

app = typer.Typer(help="Keys of programs, for the API.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="For whom it is; stands in the history of leads.")],
    *,
    scope: Annotated[list[str] | None, typer.Option(help="read, write, intake; default: all.")] = None,
) -> None:
    """Make a key; it is shown once."""
    from bot.commands import keys as command  # noqa: PLC0415 - heavy

    perform(command.create(settings(), name, scope or ()))


@app.command("list")
def show() -> None:
    """List the keys: name, beginning, scopes."""
    from bot.commands import keys as command  # noqa: PLC0415 - heavy

    perform(command.show(settings()))


@app.command()
def revoke(name: Annotated[str, typer.Argument(help="As it was made.")]) -> None:
    """Let a key open nothing any more, from now on."""
    from bot.commands import keys as command  # noqa: PLC0415 - heavy

    perform(command.revoke(settings(), name))
