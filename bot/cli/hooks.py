"""`basecamp hooks …`: who is told of what happens to leads."""

from typing import Annotated

import typer

from bot.cli.shell import perform, settings

app = typer.Typer(help="Who is told, over HTTP, of what happens to leads.", no_args_is_help=True)


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="Where to POST: https://…")],
    *,
    event: Annotated[
        list[str] | None,
        typer.Option(help="lead.created, processed, updated, synced, failed; default: all."),
    ] = None,
) -> None:
    """Tell somebody what happens to leads; prints the secret that signs."""
    from bot.commands import hooks as command  # noqa: PLC0415 - heavy

    perform(command.add(settings(), url, event or ()))


@app.command("list")
def show() -> None:
    """List who is told, and of what."""
    from bot.commands import hooks as command  # noqa: PLC0415 - heavy

    perform(command.show(settings()))


@app.command()
def remove(hook: Annotated[str, typer.Argument(help="Its id, as of hooks list.")]) -> None:
    """Tell it nothing any more."""
    from bot.commands import hooks as command  # noqa: PLC0415 - heavy

    perform(command.remove(settings(), hook))


@app.command()
def log(
    *,
    failed: Annotated[bool, typer.Option("--failed", help="Only what was given up.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
) -> None:
    """List what was told lately, and what came of it."""
    from bot.commands import hooks as command  # noqa: PLC0415 - heavy

    perform(command.log(settings(), limit=limit, failed=failed))
