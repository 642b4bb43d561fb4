"""`basecamp learn identity`: what people answered on cards moves the identity weights, if that is better."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.making import load_weights
from bot.settings import Settings
from core.dedupe import Answer
from core.identity import Weights, compare
from core.identity.learn import Fit, Label, Lesson, learn
from core.store import Store, open_store


async def identity(settings: Settings, *, apply: bool) -> None:
    """Estimate the weights from all answers and print what would move; keep them if told to and better."""
    console = Console()
    weights = load_weights(settings)
    store = await open_store(settings.database)
    try:
        lesson = learn(await labels(store, weights), weights)
    finally:
        await store.close()
    _tell(console, lesson)
    if lesson.why_not is not None:
        console.print(f"Nothing is changed: {lesson.why_not}.", highlight=False)
    elif not apply:
        console.print("Nothing was changed; --apply puts these weights to use.", highlight=False)
    else:
        _keep(settings.identity_weights, lesson.weights)
        console.print(f"Kept in {settings.identity_weights}; used from the next start on.", highlight=False)


async def labels(store: Store, weights: Weights) -> list[Label]:
    """Every answer about two leads that are still there, with how their contacts compare."""
    answers = await store.people.answers()
    wanted = sorted({lead_id for each in answers for lead_id in (each.lead_id, each.other_id)})
    profiles = await store.people.profiles(wanted)
    return [
        Label(
            lead_id=each.lead_id,
            other_id=each.other_id,
            comparison=compare(profiles[each.lead_id], profiles[each.other_id], None, weights),
            same=each.answer != Answer.DIFFERENT,
        )
        for each in answers
        if each.lead_id in profiles and each.other_id in profiles
    ]


def _tell(console: Console, lesson: Lesson) -> None:
    other = lesson.labels - lesson.same
    console.print(
        f"{lesson.labels} answers: {lesson.same} the same person, {other} different persons.", highlight=False
    )
    if lesson.before is None or lesson.after is None:
        return
    fits = Table("", "log loss", "right")
    fits.add_row("weights in use", *_fit(lesson.before))
    fits.add_row("learned, on held-back answers", *_fit(lesson.after))
    console.print(fits)
    if not lesson.moved:
        console.print("No weight would move.", highlight=False)
        return
    moved = Table("evidence", "now", "learned")
    for (field, level), (now, learned) in sorted(lesson.moved.items()):
        moved.add_row(f"{field} {level}".strip(), f"{now:+.2f}", f"{learned:+.2f}")
    console.print(moved)


def _fit(fit: Fit) -> tuple[str, str]:
    return f"{fit.log_loss:.3f}", f"{fit.accuracy:.1%}"


def _keep(file: Path, weights: Weights) -> None:
    """Whole or not at all: a start in between must not find half a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_suffix(".part")
    half.write_text(weights.model_dump_json(indent=2) + "\n", encoding="utf-8")
    half.replace(file)
