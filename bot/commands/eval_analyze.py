"""`basecamp eval analyze`: a file of leads through the real analysis, one line out for each line in."""

import asyncio
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from bot.making import load_businesses, load_embedder
from bot.settings import Settings
from core import intake
from core.adapters.ollama import Ollama
from core.analyze import Analyst
from core.errors import InvalidLead, LeadDeskError, Refused, Unavailable
from core.lead import MESSAGE_MAX, Analysis, Contact, utcnow
from core.learning.head import load_heads
from core.ports import Embedder, Vector
from core.rules import MADE_BY

BATCH = 64
"""Leads that are embedded and read together."""

_ID = re.compile(r'"(?:id|lead_id)"\s*:\s*(?:"([^"\\]{1,200})"|(\d{1,30}))')


@dataclass(frozen=True, kw_only=True)
class Read:
    """One line of the file: a lead, or why there is none in it.

    Attributes:
        reading: what Analyst.by_rules takes: message, contact, business type, time.
        wrong: what could not be used, in words; the line is read without it.
    """

    key: str | int
    reading: tuple[str, Contact, str, Any] | None
    wrong: str | None = None


async def analyze(
    settings: Settings,
    source: Path,
    out: Path,
    *,
    business_type: str | None,
    model: str,
    embedder: Embedder | None = None,
) -> None:
    """Write ``{"id", "analysis"}`` for each lead, in order; what is wrong with a line is told on stderr.

    ``embedder`` replaces what the settings would open.

    Raises:
        Refused: there is no such business type, or the files cannot be opened.
    """
    businesses = load_businesses(settings)
    if business_type is not None and business_type not in businesses:
        known = ", ".join(sorted(businesses))
        raise Refused("eval", f"there is no business type {business_type}; known: {known}")
    heads, _ = load_heads(settings.data_dir, {name: each.digest for name, each in businesses.items()})
    async with AsyncExitStack() as stack:
        if embedder is None:
            opened = await asyncio.to_thread(load_embedder, settings)
            stack.callback(opened.close)
            embedder = opened
        ollama = None
        if model != MADE_BY:
            ollama = Ollama(settings.ollama_host, model, settings.ollama_timeout)
            stack.push_async_callback(ollama.close)
        analyst = Analyst(businesses, embedder, ollama, heads=heads, time_zone=settings.zone)
        await analyst.warm_up()
        try:
            leads = stack.enter_context(source.open("rb"))
            answers = stack.enter_context(out.open("w", encoding="utf-8"))
        except OSError as error:
            raise Refused("eval", f"{error.filename}: {error.strerror}") from None
        read = read_lines(leads, business_type or settings.business_type)
        unread = total = 0
        while batch := list(islice(read, BATCH)):
            for line, analysis in zip(batch, await _analyses(analyst, embedder, batch), strict=True):
                if line.wrong:
                    sys.stderr.write(f"{line.wrong}\n")
                total += 1
                unread += analysis is None
                answers.write(_answer(line, analysis) + "\n")
    sys.stderr.write(f"{total} leads, {unread} of them not readable, by {model}\n")


def read_lines(lines: Iterable[bytes], business_type: str) -> Iterator[Read]:
    """Each line that is not blank, read as liberally as can be; without an id it is named by its number."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        text = line.decode("utf-8", "replace")
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            said = None
        if isinstance(said, dict):
            yield _lead(said, number, business_type)
        else:
            known = _ID.search(text)
            key = (known[1] or known[2]) if known else f"line-{number}"
            yield Read(key=key, reading=None, wrong=f"line {number} ({key}): is no JSON object")


def _lead(said: Mapping[str, Any], number: int, business_type: str) -> Read:
    named = (said[name] for name in ("id", "lead_id") if isinstance(said.get(name), str | int))
    key = next(named, f"line-{number}")
    own = said.get("business_type")
    fields = {name: value for name, value in said.items() if name not in {"business_type", "custom_fields"}}
    wrong = None
    try:
        draft = intake.read(fields, source="eval", now=utcnow(), business_types=frozenset())
        message, contact, received_at = draft.message, draft.contact, draft.received_at
    except InvalidLead as error:
        wrong = f"line {number} ({key}): {error}"
        message, contact, received_at = _message(fields), Contact(), utcnow()
    return Read(
        key=key,
        reading=(message, contact, own if isinstance(own, str) else business_type, received_at),
        wrong=wrong,
    )


def _message(fields: Mapping[str, Any]) -> str:
    said = next((fields[name] for name in ("message", "text", "body") if fields.get(name)), "")
    return intake.storable(said if isinstance(said, str) else json.dumps(said))[:MESSAGE_MAX]


async def _analyses(analyst: Analyst, embedder: Embedder, batch: Sequence[Read]) -> list[Analysis | None]:
    readings = [line.reading for line in batch]
    vectors = await _vectors(embedder, [reading[0] for reading in readings if reading])
    found = iter(vectors)
    tasks = [_analysis(analyst, line, next(found)) if line.reading else _nothing() for line in batch]
    return await asyncio.gather(*tasks)


async def _analysis(analyst: Analyst, line: Read, vector: Vector | None) -> Analysis | None:
    assert line.reading is not None  # noqa: S101  # the caller's condition, for the type checker
    if analyst.has_model:
        try:
            return await analyst.by_model(*line.reading, vector)
        except (Unavailable, Refused) as error:
            sys.stderr.write(f"{line.key}: by rules, {error}\n")
    return await analyst.by_rules(*line.reading, vector)


async def _nothing() -> None:
    return None


async def _vectors(embedder: Embedder, texts: Sequence[str]) -> Sequence[Vector | None]:
    try:
        return list(await embedder.embed(texts))
    except LeadDeskError:  # no embedding: the patterns and words do without
        return [None] * len(texts)


def _answer(line: Read, analysis: Analysis | None) -> str:
    told: dict[str, Any] = {"id": line.key}
    if analysis is None:
        told["error"] = line.wrong
    else:
        told["analysis"] = analysis.model_dump(mode="json")
    return json.dumps(told, ensure_ascii=False)
