"""`basecamp eval dedupe`: a file of leads through the real recognition, and what it made of each."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from pydantic import BaseModel, ValidationError
from rich.console import Console
from rich.progress import track
from rich.table import Table
from uuid_utils.compat import uuid7

from bot.commands.eval_answers import show_calibration
from bot.making import load_embedder, load_weights
from bot.settings import Settings
from core import intake
from core.adapters.chroma import Chroma
from core.adapters.embedder import NoEmbedder
from core.dedupe import Odds
from core.errors import InvalidLead, Refused
from core.lead import Draft, Lead, Match, MatchKind, utcnow
from core.learning.calibration import bins
from core.recognise import Recognised, Recogniser
from core.similar.search import Search
from core.store import Store, open_store
from core.store.submissions import Submission

KINDS = ("duplicate", "repeat", "new")

ASSUMED = 0.5
"""A question to a person counts as answered with yes from this probability on: the file has nobody to ask."""


class Label(BaseModel):
    """What is true of one lead: earlier leads of the same request, and of the same person with another."""

    id: str
    person: str
    cls: str
    duplicate_of: tuple[str, ...] = ()
    repeat_of: tuple[str, ...] = ()

    def is_right(self, matches: Sequence[Mapping[str, Any]]) -> bool:
        """Whether the class is right, and so is at least one of the leads named for it."""
        kind = kind_of(matches)
        if kind != self.cls:
            return False
        named = {match["id"] for match in matches if match["kind"] == kind}
        return kind == "new" or bool(
            named & {*(self.duplicate_of if kind == "duplicate" else self.repeat_of)}
        )


def kind_of(matches: Sequence[Mapping[str, Any]]) -> str:
    """The lead's class: duplicate before repeat, new without either."""
    kinds = {match["kind"] for match in matches}
    return next((kind for kind in KINDS if kind in kinds), "new")


def scores(
    labels: Sequence[Label], predicted: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, tuple[float, float, float]]:
    """Precision, recall and F1 of each class; what names the wrong lead is wrong."""
    right, called, true = Counter[str](), Counter[str](), Counter[str]()
    for label in labels:
        matches = predicted.get(label.id, ())
        called[kind_of(matches)] += 1
        true[label.cls] += 1
        right[label.cls] += label.is_right(matches)

    def share(count: int, total: int) -> float:
        return count / total if total else 0.0

    return {
        kind: (
            share(right[kind], called[kind]),
            share(right[kind], true[kind]),
            share(2 * right[kind], called[kind] + true[kind]),
        )
        for kind in KINDS
    }


def accuracy(labels: Sequence[Label], predicted: Mapping[str, Sequence[Mapping[str, Any]]]) -> float:
    """Share of leads whose class is right, with the right lead."""
    right = sum(label.is_right(predicted.get(label.id, ())) for label in labels)
    return right / len(labels) if labels else 0.0


async def eval_dedupe(
    settings: Settings, leads: Path, out: Path, *, truth: Path | None = None, embedding: bool = True
) -> None:
    """Read the leads in order, one JSON object a line; write ``{"lead_id", "matches": […]}`` for each.

    truth: a line a lead, ``{"id", "cls", "person", "duplicate_of", "repeat_of"}``: the scores are printed.
    embedding: False: contact and words alone.
    """
    console = Console(stderr=True)
    embedder = load_embedder(settings) if embedding else NoEmbedder(Refused("Embedding", "is not wanted"))
    labels = None if truth is None else [Label.model_validate(line) for line in _read(truth, console)]
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
        recogniser = Recogniser(
            store=store, search=search, region=settings.phone_region, weights=load_weights(settings)
        )
        seconds: list[float] = []
        predicted: dict[str, list[dict[str, Any]]] = {}
        compared: dict[tuple[str, str], Odds] = {}
        ids: dict[str, str] = {}
        with out.open("w", encoding="utf-8") as file:
            lines = list(_read(leads, console))
            for said in track(lines, "Comparing", console=console, disable=not console.is_terminal):
                name = str(said.get("id") or said.get("lead_id"))
                recognised = await _recognise(recogniser, said, seconds)
                if recognised is None:
                    console.print(f"{name}: left out, it has no message")
                    continue
                lead, seen = recognised
                ids[lead.lead_id] = name
                predicted[name] = _matches(seen, ids)
                file.write(json.dumps({"lead_id": name, "matches": predicted[name]}) + "\n")
                if labels is not None:
                    found = await _compared(recogniser, lead, seen)
                    compared |= {(name, ids[other]): each for other, each in found.items()}
        await search.close()
        await chroma.close()
        await store.close()
    embedder.close()
    _say(console, seconds)
    if labels is not None:
        _score(Console(), labels, predicted, compared)


async def _recognise(
    recogniser: Recogniser, said: dict[str, Any], seconds: list[float]
) -> tuple[Lead, Recognised] | None:
    draft = _draft(said)
    if draft is None:
        return None
    lead_id = await _stored(recogniser.store, draft)
    started = time.perf_counter()
    lead = await recogniser.store.leads.get(lead_id)
    seen = await recogniser.recognise(lead)
    await recogniser.keep(lead, seen)
    seconds.append(time.perf_counter() - started)
    return lead, seen


async def _compared(recogniser: Recogniser, lead: Lead, seen: Recognised) -> dict[str, Odds]:
    """The odds of every earlier lead under the same keys or near, the hopeless ones too."""
    near = list(seen.near or ())
    return await recogniser.store.people.in_turn(lambda turn: recogniser.odds(turn, lead, seen.vector, near))


def _score(
    console: Console,
    labels: Sequence[Label],
    predicted: Mapping[str, Sequence[Mapping[str, Any]]],
    compared: Mapping[tuple[str, str], Odds],
) -> None:
    table = Table("", "precision", "recall", "F1")
    for name, score in scores(labels, predicted).items():
        table.add_row(name, *(f"{value:.3f}" for value in score))
    console.print(table)
    console.print(f"accuracy {accuracy(labels, predicted):.4f} over {len(labels)} leads", highlight=False)
    by_id = {label.id: label for label in labels}
    pairs = {pair: each for pair, each in compared.items() if pair[0] in by_id and pair[1] in by_id}
    same = [by_id[one].person == by_id[other].person for one, other in pairs]
    again = [other in by_id[one].duplicate_of for one, other in pairs]
    show_calibration(console, "one person", bins([each.person for each in pairs.values()], same))
    show_calibration(console, "one request", bins([each.duplicate for each in pairs.values()], again))


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
    question = seen.decision.question
    decision = seen.decision
    if question is not None and question.score < ASSUMED and decision.links:
        answer = {"kind": MatchKind.REPEAT, "score": 1 - question.score}  # whose lead it is, is known
        question = question.model_copy(update=answer)
        decision = replace(decision, question=question)
    said_yes = question is not None and question.score >= ASSUMED
    found: Sequence[Match] = decision.all_matches if said_yes else decision.matches
    return [{"id": ids[match.lead_id], "score": match.score, "kind": match.kind.value} for match in found]


def _say(console: Console, seconds: Sequence[float]) -> None:
    if not seconds:
        console.print("No leads.")
        return
    p50, p99 = np.percentile(np.array(seconds) * 1000, [50, 99])
    rate = len(seconds) / sum(seconds)
    console.print(f"{len(seconds)} leads, {rate:.0f} leads/s, a lead p50 {p50:.1f} ms, p99 {p99:.1f} ms")
