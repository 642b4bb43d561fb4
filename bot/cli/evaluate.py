"""`basecamp eval …`: judgement measured against labels."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.shell import perform, settings

app = typer.Typer(help="Measure against labelled files.", no_args_is_help=True)


@app.command()
def dedupe(
    *,
    leads: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Leads, one JSON object a line.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="Where to write what was found, a line a lead.")],
    truth: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Labels, a line a lead: print the scores."),
    ] = None,
    embedding: Annotated[bool, typer.Option(help="Without it: as while the embedding is away.")] = True,
) -> None:
    """Compare each lead of a file with those before it: duplicates, known people, neither."""
    from bot.commands import eval_dedupe as command  # noqa: PLC0415 - heavy

    perform(command.eval_dedupe(settings(), leads, out, truth=truth, embedding=embedding))


@app.command()
def answers() -> None:
    """Compare what people answered on cards with what is predicted for those pairs of leads."""
    from bot.commands import eval_answers as command  # noqa: PLC0415 - heavy

    perform(command.eval_answers(settings()))


@app.command()
def analyze(
    *,
    source: Annotated[
        Path, typer.Option("--in", exists=True, dir_okay=False, help="Leads, one JSON object a line.")
    ],
    out: Annotated[Path, typer.Option(help="Written: {id, analysis}, one line for each line in.")],
    business_type: Annotated[str | None, typer.Option(help="Of leads that do not say another.")] = None,
    model: Annotated[str, typer.Option(help="An Ollama model's name, or rules.")] = "rules",
) -> None:
    """Analyse a file of leads as the bot would."""
    from bot.commands import eval_analyze as command  # noqa: PLC0415 - heavy

    perform(command.analyze(settings(), source, out, business_type=business_type, model=model))


@app.command()
def report(
    *,
    truth: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="Labelled: {id, intent, urgent}, one a line.")
    ],
    answers: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="What eval analyze wrote for the same ids.")
    ],
    plot: Annotated[Path | None, typer.Option(help="A PNG file to draw to.")] = None,
) -> None:
    """Compare analyses with labels: confusion, F1, calibration, urgency, latency."""
    from bot.commands import eval_report as command  # noqa: PLC0415 - heavy

    command.report(truth, answers, plot=plot)
