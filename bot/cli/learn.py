"""`basecamp learn …`: judgement from what people said."""

from typing import Annotated

import typer

from bot.cli.shell import perform, settings

app = typer.Typer(help="Learn from what people said; only shown until told to apply.", no_args_is_help=True)


@app.command()
def identity(
    *, apply: Annotated[bool, typer.Option("--apply", help="Keep the weights, if they are better.")] = False
) -> None:
    """Learn from the answers on cards how much each agreement of two contacts weighs."""
    from bot.commands import learn_identity as command  # noqa: PLC0415 - heavy

    perform(command.identity(settings(), apply=apply))


@app.command()
def analysis(
    *, apply: Annotated[bool, typer.Option("--apply", help="Keep what is better; else only say it.")] = False
) -> None:
    """Learn intents from the corrections made on cards, and say what that is worth on labels held back."""
    from bot.commands import learn as command  # noqa: PLC0415 - heavy

    perform(command.analysis(settings(), apply=apply))
