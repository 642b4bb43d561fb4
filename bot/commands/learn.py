"""`basecamp learn`: what people corrected becomes better judgement, if held-back labels say that it is."""

import asyncio
from collections import defaultdict
from contextlib import AsyncExitStack

from rich.console import Console
from rich.table import Table

from bot.making import load_businesses
from bot.settings import Settings
from core.adapters.embedder import open_embedder
from core.analyze import FALLBACK
from core.lead import Intent, utcnow
from core.learning.head import keep_head
from core.learning.learn import Lesson, Taught, learn
from core.ports import Embedder
from core.rules import MADE_BY, log_odds_of
from core.rules.intents import Prototypes, embed_prototypes
from core.rules.words import newest_part
from core.store import open_store
from core.store.labels import Labelled
from prompts import BusinessType


async def analysis(settings: Settings, *, apply: bool, embedder: Embedder | None = None) -> None:
    """Learn intents from the corrections of each business type; print what was found, keep it if told to.

    ``embedder`` replaces what the settings would open.
    """
    businesses = load_businesses(settings)
    async with AsyncExitStack() as stack:
        store = await open_store(settings.database)
        stack.push_async_callback(store.close)
        if embedder is None:
            opened = await asyncio.to_thread(open_embedder, settings.model_dir, settings.embedding_model)
            stack.callback(opened.close)
            embedder = opened
        labelled: dict[str, list[Labelled]] = defaultdict(list)
        for each in await store.labels.every():
            known = each.business_type in businesses
            labelled[each.business_type if known else FALLBACK].append(each)
        prototypes = await embed_prototypes(businesses.values(), embedder)
        lessons = []
        for name, listed in sorted(labelled.items()):
            business = businesses[name]
            taught = await _taught(listed, business, prototypes[business.digest], embedder)
            lesson = await asyncio.to_thread(learn, taught, business, embedding=embedder.model, now=utcnow())
            lessons.append(lesson)
            if apply and lesson.head is not None and lesson.why_not is None:
                keep_head(settings.data_dir, lesson.head)
    _tell(lessons, apply=apply)


async def _taught(
    labelled: list[Labelled], business: BusinessType, prototypes: Prototypes, embedder: Embedder
) -> list[Taught]:
    judged = [(each, intent) for each in labelled if (intent := _intent(each)) is not None]
    vectors = await embedder.embed([newest_part(each.message) for each, _ in judged])
    return [
        Taught(
            lead_id=each.label.lead_id,
            intent=intent,
            vector=vector,
            log_odds=log_odds_of(
                each.message, business, now=each.received_at, vector=vector, prototypes=prototypes
            ),
            model=next((said.intent for model, said in each.answers.items() if model != MADE_BY), None),
        )
        for (each, intent), vector in zip(judged, vectors, strict=True)
    ]


def _intent(labelled: Labelled) -> Intent | None:
    """What the person says it is: who corrects something else lets the intent stand."""
    corrected = labelled.label.corrected
    if corrected.not_a_lead:
        return corrected.intent if corrected.intent is Intent.SOLICITATION else Intent.SPAM
    said = labelled.label.said.get("intent")
    return corrected.intent or (Intent(said) if said in set(Intent) else None)


def _tell(lessons: list[Lesson], *, apply: bool) -> None:
    console = Console(width=120)
    if not lessons:
        console.print("Nobody has corrected an analysis yet.")
        return
    table = Table("business type", "labels", "held back", "macro-F1", "calibration error", "model", "so")
    for lesson in lessons:
        head = lesson.head
        so = lesson.why_not or ("takes effect at the next start" if apply else "better: --apply keeps it")
        model = (
            "not asked" if lesson.model is None else "{1:.2f}, rules {2:.2f} (on {0})".format(*lesson.model)
        )
        if head is None:
            table.add_row(lesson.business_type, str(lesson.labels), "", "", "", model, so)
            continue
        table.add_row(
            lesson.business_type,
            str(lesson.labels),
            str(head.after.labels),
            f"{head.before.macro_f1:.2f} -> {head.after.macro_f1:.2f}",
            f"{head.before.calibration_error:.2f} -> {head.after.calibration_error:.2f}",
            model,
            so,
        )
    console.print(table)
