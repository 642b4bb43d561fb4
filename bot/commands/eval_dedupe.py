"""`basecamp eval dedupe`: a file of leads through the real recognition, and what it made of each."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from pydantic import ValidationError
from rich.console import Console
from rich.progress import track
from uuid_utils.compat import uuid7

from bot.app import load_embedder
from bot.settings import Settings
from core import intake
from core.adapters.chroma import Chroma
from core.errors import InvalidLead
from core.lead import Draft, Match, MatchKind, utcnow
from core.recognise import Recognised, Recogniser
from core.search import Search
from core.store import Store, open_store
from core.store.submissions import Submission

ASSUMED = 0.5
"""A question to a person counts as answered with yes from this probability on: the file has nobody to ask."""


async def eval_dedupe(settings: Settings, leads: Path, out: Path) -> None:
    """Read the leads in order, one JSON object a line; write ``{"lead_id", "matches": […]}`` for each."""
    console = Console(stderr=True)
    embedder = load_embedder(settings)
    with TemporaryDirectory(prefix="basecamp-eval-") as folder:
        store = await open_store(f"sqlite:///{folder}/basecamp.db")
        chroma = Chroma(Path(folder) / "chroma", None)
        search = Search(
            store,
            embedder,
            chroma,
            threshold=settings.lead_similarity_threshold,
            limit=settings.max_similar_leads,
        )
        recogniser = Recogniser(store=store, search=search, region=settings.phone_region)
        seconds: list[float] = []
        ids: dict[str, str] = {}
        with out.open("w", encoding="utf-8") as file:
            lines = list(_read(leads, console))
            for said in track(lines, "Comparing", console=console, disable=not console.is_terminal):
                name = str(said.get("id") or said.get("lead_id"))
                predicted = await _recognise(recogniser, said, seconds)
                if predicted is None:
                    console.print(f"{name}: left out, it has no message")
                    continue
                lead_id, seen = predicted
                ids[lead_id] = name
                file.write(json.dumps({"lead_id": name, "matches": _matches(seen, ids)}) + "\n")
        await search.close()
        await chroma.close()
        await store.close()
    embedder.close()
    _say(console, seconds)


async def _recognise(
    recogniser: Recogniser, said: dict[str, Any], seconds: list[float]
) -> tuple[str, Recognised] | None:
    draft = _draft(said)
    if draft is None:
        return None
    lead_id = await _stored(recogniser.store, draft)
    started = time.perf_counter()
    lead = await recogniser.store.leads.get(lead_id)
    seen = await recogniser.recognise(lead)
    await recogniser.keep(lead, seen)
    seconds.append(time.perf_counter() - started)
    return lead_id, seen


def _read(path: Path, console: Console) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            said = json.loads(line)
        except ValueError:
            said = None
        if isinstance(said, dict):
            yield said
        else:
            console.print(f"{path}:{number}: is no JSON object, left out")


def _draft(said: dict[str, Any]) -> Draft | None:
    """The lead as a door would have read it; None where there is no message at all."""
    try:
        return intake.read(
            said, source=str(said.get("source") or "unknown"), now=utcnow(), business_types=frozenset()
        )
    except InvalidLead:
        pass
    contact = said.get("contact") if isinstance(said.get("contact"), dict) else {}
    try:
        return Draft.model_validate(
            {
                "contact": contact,
                "message": str(said.get("message") or ""),
                "source": "unknown",
                "received_at": said.get("received_at") or utcnow(),
            }
        )
    except ValidationError:
        return None


async def _stored(store: Store, draft: Draft) -> str:
    submission = Submission(
        source=draft.source,
        event_key=str(uuid7()),  # each line is a delivery of its own, whatever it says
        fingerprint="",
        content_type="application/json",
        body=None,
        received_at=draft.received_at,
    )
    accepted = await store.submissions.accept(
        submission,
        draft,
        desk="",
        business_type="general",
        actor="eval",
        enlist=lambda _connection, _lead_id: None,
    )
    return accepted.lead_id


def _matches(seen: Recognised, ids: dict[str, str]) -> list[dict[str, Any]]:
    found: list[Match] = list(seen.decision.matches)
    question = seen.decision.question
    if question is not None and question.score < ASSUMED and seen.decision.links:
        answer = {"kind": MatchKind.REPEAT, "score": 1 - question.score}  # whose lead it is, is known
        question = question.model_copy(update=answer)
    if question is not None and question.score >= ASSUMED:
        found = [question, *(match for match in found if match.lead_id != question.lead_id)]
    return [{"id": ids[match.lead_id], "score": match.score, "kind": match.kind.value} for match in found]


def _say(console: Console, seconds: Sequence[float]) -> None:
    if not seconds:
        console.print("No leads.")
        return
    p50, p99 = np.percentile(np.array(seconds) * 1000, [50, 99])
    rate = len(seconds) / sum(seconds)
    console.print(f"{len(seconds)} leads, {rate:.0f} leads/s, a lead p50 {p50:.1f} ms, p99 {p99:.1f} ms")
