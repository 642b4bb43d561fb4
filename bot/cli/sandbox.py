"""`basecamp sandbox …`: stand-ins for Slack, Airtable and Ollama."""

from typing import Annotated

import typer

from bot.cli.shell import perform

app = typer.Typer()


@app.callback(invoke_without_command=True)
def sandbox(
    context: typer.Context,
    *,
    slack: Annotated[bool, typer.Option("--slack", help="A local Slack workspace.")] = False,
    airtable: Annotated[bool, typer.Option("--airtable", help="A local Airtable base.")] = False,
    ollama: Annotated[bool, typer.Option("--ollama", help="A local Ollama that answers by script.")] = False,
    port: Annotated[int, typer.Option(help="Port of the workspace's page; 0 takes a free one.")] = 0,
    strict_rates: Annotated[bool, typer.Option("--strict-rates", help="Enforce Slack's rates.")] = False,
    request_url: Annotated[
        str | None, typer.Option(help="Deliver signed HTTP here, in place of Socket Mode.")
    ] = None,
) -> None:
    """Run the stand-ins on loopback, all if none is named; prints JSON first that says where they are."""
    from bot.commands import sandbox as command  # noqa: PLC0415 - heavy

    if context.invoked_subcommand is None:
        named = {"slack": slack, "airtable": airtable, "ollama": ollama}
        workspace = command.Workspace(port=port, strict_rates=strict_rates, request_url=request_url)
        perform(command.sandbox({name for name, so in named.items() if so} or set(named), workspace))


@app.command()
def fault(
    address: Annotated[str, typer.Argument(help="The stand-in's, as it was printed: http://127.0.0.1:PORT.")],
    action: Annotated[str, typer.Argument(help="See docs/sandbox.md, e.g. add, down, up, clear, slow.")],
    fields: Annotated[list[str] | None, typer.Argument(help="name=value, e.g. status=503 times=3.")] = None,
) -> None:
    """Make a running stand-in misbehave."""
    from bot.commands import sandbox as command  # noqa: PLC0415 - heavy

    perform(command.fault(address, action, fields or []))
