"""The command line. Heavy imports happen inside each command: `basecamp --help` answers at once."""

import asyncio
import re
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    help="A lead desk that lives in Slack: every lead kept, understood, recognised and owned.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
crm = typer.Typer(help="The CRM.", no_args_is_help=True)
app.add_typer(crm, name="crm")
evaluate = typer.Typer(help="Measure against labelled files.", no_args_is_help=True)
app.add_typer(evaluate, name="eval")
learn = typer.Typer(help="Learn from what people said; only shown until told to apply.", no_args_is_help=True)
app.add_typer(learn, name="learn")
prompts = typer.Typer(help="The business types.", no_args_is_help=True)
app.add_typer(prompts, name="prompts")
stats = typer.Typer(help="How the desk works, in figures.", no_args_is_help=True)
app.add_typer(stats, name="stats")
routing = typer.Typer(help="Who owns new leads.", no_args_is_help=True)
app.add_typer(routing, name="routing")
keys = typer.Typer(help="Keys of programs, for the API.", no_args_is_help=True)
app.add_typer(keys, name="keys")
hooks = typer.Typer(help="Who is told, over HTTP, of what happens to leads.", no_args_is_help=True)
app.add_typer(hooks, name="hooks")
stand_ins = typer.Typer()
app.add_typer(stand_ins, name="sandbox")

DEFAULT_RATE = 5.0


@app.command()
def run() -> None:
    """Run the bot with the settings of the environment and .env, until it is told to stop."""
    from bot.commands import run as command  # noqa: PLC0415 - heavy

    _run(command.run(_settings(to_run=True)))


@app.command()
def demo(
    *,
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes a free one.")] = 8300,
    seconds: Annotated[float | None, typer.Option(help="Stop after so long; without it, at Ctrl-C.")] = None,
) -> None:
    """Show the whole product on this machine: a local Slack on a web page, and leads flowing in."""
    from bot.commands import demo as command  # noqa: PLC0415 - heavy

    _run(command.demo(port, seconds))


@stand_ins.callback(invoke_without_command=True)
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
        _run(command.sandbox({name for name, so in named.items() if so} or set(named), workspace))


@stand_ins.command()
def fault(
    address: Annotated[str, typer.Argument(help="The stand-in's, as it was printed: http://127.0.0.1:PORT.")],
    action: Annotated[str, typer.Argument(help="See docs/sandbox.md, e.g. add, down, up, clear, slow.")],
    fields: Annotated[list[str] | None, typer.Argument(help="name=value, e.g. status=503 times=3.")] = None,
) -> None:
    """Make a running stand-in misbehave."""
    from bot.commands import sandbox as command  # noqa: PLC0415 - heavy

    _run(command.fault(address, action, fields or []))


@app.command()
def init() -> None:
    """Prepare the embedding model; done once at set-up, a second run only looks."""
    from bot.commands import init as command  # noqa: PLC0415 - heavy

    _run(command.init(_settings()))


@app.command()
def doctor() -> None:
    """Check every setting and every service, and name the mend of what is wrong."""
    from bot.commands import doctor as command  # noqa: PLC0415 - heavy

    _run(command.doctor(_settings()))


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
        _run(command.again(_settings(), what, url=url))
    elif not Path(what).is_file():
        raise typer.BadParameter(f"there is no file {what}, and it is no delivery's id")
    else:
        _run(command.replay(_settings(), Path(what), rate=rate, source=source, url=url))


@app.command()
def deliveries(
    *,
    failed: Annotated[bool, typer.Option("--failed", help="Only what was refused.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
) -> None:
    """List the last deliveries: the lead each became, or why it was refused."""
    from bot.commands import deliveries as command  # noqa: PLC0415 - heavy

    _run(command.deliveries(_settings(), failed=failed, limit=limit))


@stats.command("sla")
def stats_sla(*, days: Annotated[int, typer.Option(min=1, max=3650, help="How far back.")] = 30) -> None:
    """How soon somebody acted on the leads: in time or not, by owner, hour and source."""
    from bot.commands import stats_sla as command  # noqa: PLC0415 - heavy

    _run(command.sla(_settings(), days=days))


@stats.command("noise")
def stats_noise(*, days: Annotated[int, typer.Option(min=1, max=3650, help="How far back.")] = 30) -> None:
    """How often people were pinged for each lead, and which share of that they acted on."""
    from bot.commands import stats_noise as command  # noqa: PLC0415 - heavy

    _run(command.noise(_settings(), days=days))


@keys.command("create")
def keys_create(
    name: Annotated[str, typer.Argument(help="For whom it is; stands in the history of leads.")],
    *,
    scope: Annotated[list[str] | None, typer.Option(help="read, write, intake; default: all.")] = None,
) -> None:
    """Make a key; it is shown once."""
    from bot.commands import keys as command  # noqa: PLC0415 - heavy

    _run(command.create(_settings(), name, scope or ()))


@keys.command("list")
def keys_list() -> None:
    """List the keys: name, beginning, scopes."""
    from bot.commands import keys as command  # noqa: PLC0415 - heavy

    _run(command.show(_settings()))


@keys.command("revoke")
def keys_revoke(name: Annotated[str, typer.Argument(help="As it was made.")]) -> None:
    """Let a key open nothing any more, from now on."""
    from bot.commands import keys as command  # noqa: PLC0415 - heavy

    _run(command.revoke(_settings(), name))


@hooks.command("add")
def hooks_add(
    url: Annotated[str, typer.Argument(help="Where to POST: https://…")],
    *,
    event: Annotated[
        list[str] | None,
        typer.Option(help="lead.created, processed, updated, synced, failed; default: all."),
    ] = None,
) -> None:
    """Tell somebody what happens to leads; prints the secret that signs."""
    from bot.commands import hooks as command  # noqa: PLC0415 - heavy

    _run(command.add(_settings(), url, event or ()))


@hooks.command("list")
def hooks_list() -> None:
    """List who is told, and of what."""
    from bot.commands import hooks as command  # noqa: PLC0415 - heavy

    _run(command.show(_settings()))


@hooks.command("remove")
def hooks_remove(hook: Annotated[str, typer.Argument(help="Its id, as of hooks list.")]) -> None:
    """Tell it nothing any more."""
    from bot.commands import hooks as command  # noqa: PLC0415 - heavy

    _run(command.remove(_settings(), hook))


@hooks.command("log")
def hooks_log(
    *,
    failed: Annotated[bool, typer.Option("--failed", help="Only what was given up.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
) -> None:
    """List what was told lately, and what came of it."""
    from bot.commands import hooks as command  # noqa: PLC0415 - heavy

    _run(command.log(_settings(), limit=limit, failed=failed))


@app.command()
def reindex(*, anew: Annotated[bool, typer.Option("--anew", help="Empty the index first.")] = False) -> None:
    """Bring the similarity index to what the store says; cut short, it goes on where it was."""
    from bot.commands import reindex as command  # noqa: PLC0415 - heavy

    _run(command.reindex(_settings(), anew=anew))


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

    _run(
        command.import_leads(
            _settings(),
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

    _run(command.bench(as_json=as_json, database_url=database_url, leads=leads))


@evaluate.command("dedupe")
def eval_dedupe(
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

    _run(command.eval_dedupe(_settings(), leads, out, truth=truth, embedding=embedding))


@evaluate.command("answers")
def eval_answers() -> None:
    """Compare what people answered on cards with what is predicted for those pairs of leads."""
    from bot.commands import eval_answers as command  # noqa: PLC0415 - heavy

    _run(command.eval_answers(_settings()))


@learn.command("identity")
def learn_identity(
    *, apply: Annotated[bool, typer.Option("--apply", help="Keep the weights, if they are better.")] = False
) -> None:
    """Learn from the answers on cards how much each agreement of two contacts weighs."""
    from bot.commands import learn_identity as command  # noqa: PLC0415 - heavy

    _run(command.identity(_settings(), apply=apply))


@crm.command("export")
def crm_export(
    *,
    out: Annotated[
        Path | None, typer.Option(help="The file, .csv or .xlsx; default: CSV on standard output.")
    ] = None,
) -> None:
    """Write all leads as CSV or XLSX, in the words of the CRM's fields."""
    from bot.commands import crm_export as command  # noqa: PLC0415 - heavy

    _run(command.export(_settings(), out))


@crm.command("setup")
def crm_setup(*, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Make what the Airtable table lacks for the mapping (table, fields, options); shows the plan first."""
    from bot.commands import crm_setup as command  # noqa: PLC0415 - heavy

    _run(command.setup(_settings(), yes=yes))


@crm.command("sync")
def crm_sync(
    leads: Annotated[list[str] | None, typer.Argument(help="Numbers, such as L-1042.")] = None,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="All leads; cut short, it goes on where it was.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Only show what differs, field by field.")] = False,
) -> None:
    """Bring leads and their records in the CRM together, now."""
    from bot.commands import crm_sync as command  # noqa: PLC0415 - heavy

    _run(command.sync(_settings(), leads or (), every=every, diff=diff))


@evaluate.command("analyze")
def eval_analyze(
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

    _run(command.analyze(_settings(), source, out, business_type=business_type, model=model))


@evaluate.command("report")
def eval_report(
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


@learn.command("analysis")
def learn_analysis(
    *, apply: Annotated[bool, typer.Option("--apply", help="Keep what is better; else only say it.")] = False
) -> None:
    """Learn intents from the corrections made on cards, and say what that is worth on labels held back."""
    from bot.commands import learn as command  # noqa: PLC0415 - heavy

    _run(command.analysis(_settings(), apply=apply))


@prompts.command("check")
def prompts_check(
    file: Annotated[Path | None, typer.Argument(help="One file; default: every business type.")] = None,
) -> None:
    """Check business types' files, and say what each mistake is and where."""
    from bot.commands import prompts_check as command  # noqa: PLC0415 - heavy

    command.check(_settings(), file)


@routing.command("check")
def routing_check(
    file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="One desk's file; default: all.")
    ] = None,
) -> None:
    """Check the desks' files, and say what each mistake is and where."""
    from bot.commands import routing as command  # noqa: PLC0415 - heavy

    _run(command.check(_settings(), file))


@routing.command("export")
def routing_export(
    desk: Annotated[str | None, typer.Argument(help="Its channel; default: SLACK_DESK_CHANNEL.")] = None,
) -> None:
    """Print the rules that count now, with what was set in Slack, as a desk's file says them."""
    from bot.commands import routing as command  # noqa: PLC0415 - heavy

    _run(command.export(_settings(), desk))


@routing.command("simulate")
def routing_simulate(
    *,
    days: Annotated[int, typer.Option(min=1, max=366, help="Leads of so many last days.")] = 30,
    rules: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A desk's file; default: the rules that count now."),
    ] = None,
) -> None:
    """Replay past leads under other rules: who would get how many, and which leads somebody else."""
    from bot.commands import routing as command  # noqa: PLC0415 - heavy

    _run(command.simulate(_settings(), days=days, rules=rules))


def main() -> None:
    """The command's entry: people read a sentence, never a traceback."""
    from core.errors import LeadDeskError  # noqa: PLC0415 - with its package, light

    try:
        app()
    except LeadDeskError as error:
        sys.exit(f"basecamp: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _settings(*, to_run: bool = False) -> Any:
    """The settings, or the list of what is wrong with them and how to mend it."""
    from bot.settings import BadSettings, load  # noqa: PLC0415 - heavy

    try:
        return load(to_run=to_run)
    except BadSettings as error:
        sys.exit("basecamp cannot start:\n" + "\n".join(f"  - {mistake}" for mistake in error.mistakes))


def _run(command: Coroutine[Any, Any, None]) -> None:
    asyncio.run(command)
