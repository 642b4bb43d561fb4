"""Understanding a message: by rules at once, by a language model when one answers."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import metrics
from core.breaker import Breaker
from core.conversation import Matter, Proposal, ask_model
from core.conversation.sorting import CHATTER, Likeness
from core.errors import Refused, Unavailable
from core.lead import Analysis, Contact, Intent, utcnow
from core.learning.head import Head
from core.model import opinion as model_opinion
from core.model.answer import believed
from core.model.question import Answer, BadAnswer, fingerprint, parse, question, repair, schema
from core.ports import ChatMessage, Embedder, LanguageModel, Vector
from core.rules import MADE_BY, analyze_by_rules
from core.rules.intents import Prototypes, embed_prototypes
from core.rules.words import newest_part
from core.store.answers import Answers
from prompts import BusinessType

SERVICE = "Ollama"
FALLBACK = "general"
"""The business type of a lead whose own is unknown."""

LONG = 2_000
"""Characters from which a message is read in a thread: 10,000 take up to 0.2 s, and all wait."""

REPAIRS = 1


class Analyst:
    """Reads messages for any of the businesses.

    Args:
        businesses: the business types by name; ``general`` must be among them.
        embedder: None, or away for a while: rules work without meaning vectors.
        model: None: rules only.
        answers: where the model's answers are kept; None: every question is asked.
        heads: what people taught, by business type.
        time_zone: the business's, in which "tomorrow" is a day.
        concurrency: most questions put to the model at once.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        businesses: Mapping[str, BusinessType],
        embedder: Embedder | None,
        model: LanguageModel | None,
        *,
        answers: Answers | None = None,
        heads: Mapping[str, Head] | None = None,
        time_zone: tzinfo = UTC,
        concurrency: int = 8,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._businesses = businesses
        self._embedder = embedder
        self._model = model
        self._answers = answers
        self._heads = heads or {}
        self._time_zone = time_zone
        self._turns = asyncio.Semaphore(concurrency)
        self._clock = clock
        self._breaker = Breaker()
        self._prototypes: Mapping[str, Prototypes] | None = None
        self._embedding = asyncio.Lock()
        self._talk: NDArray[np.float32] | None = None

    @property
    def has_model(self) -> bool:
        """Whether there is a model at all."""
        return self._model is not None

    @property
    def model_name(self) -> str:
        """What `model_used` will say: the model's name, or ``rules`` without one."""
        return self._model.name if self._model else MADE_BY

    def model_ready(self) -> bool:
        """Whether the model may be asked now; costs nothing and promises nothing."""
        return self._model is not None and self._breaker.allows(self._clock())

    def digest(self, business_type: str) -> str:
        """What an answer depends on beside message and model: changes whenever the prompt does."""
        return self.business(business_type).digest

    async def warm_up(self) -> None:
        """Embed the prototypes of every business now, so that no lead has to wait for them."""
        await self._prototypes_of(self.business(FALLBACK))
        await self.likeness("Good morning", FALLBACK)

    async def check(self) -> None:
        """Return if the model can be asked again; else raise, the mend in the message."""
        model = self._asked_model()
        self._refuse_while_resting()
        await model.check()

    async def by_rules(
        self, message: str, contact: Contact, business_type: str, now: datetime, vector: Vector | None = None
    ) -> Analysis:
        """The analysis by rules; without a vector the message is embedded here, if the embedder is there.

        ``vector`` is the whole message's; of a mail with others quoted below only the newest part is read.

        Never raises for anything a message may hold, nor for an embedder that is away.
        """
        started = self._clock()
        business = self.business(business_type)
        prototypes = await self._prototypes_of(business)
        newest = newest_part(message)
        if prototypes is not None and (vector is None or newest.strip() != message.strip()):
            vector = await self._vector_of(newest)
        local = now.astimezone(self._time_zone)

        def read() -> Analysis:
            return analyze_by_rules(
                message,
                contact,
                business,
                now=local,
                vector=vector,
                prototypes=prototypes,
                head=self._heads.get(business.name),
            )

        analysis = await asyncio.to_thread(read) if len(message) > LONG else read()
        return analysis.model_copy(update={"processing_time": self._clock() - started})

    async def by_model(
        self, message: str, contact: Contact, business_type: str, now: datetime, vector: Vector | None = None
    ) -> Analysis:
        """The analysis by the model, as far as it can be believed (core.model.answer).

        Raises:
            Unavailable: the model is away, resting after failures, or its answers do not fit the form.
            Refused: no model is set, or the server has no such model.
        """
        started = self._clock()
        model = self._asked_model()
        self._refuse_while_resting()
        business = self.business(business_type)
        rules = await self.by_rules(message, contact, business_type, now, vector)
        answer = await self._answer(model, business, message)
        analysis = believed(answer, rules, message, contact, business, model=model.name)
        return analysis.model_copy(update={"processing_time": self._clock() - started})

    async def same_request(self, newer: str, earlier: str) -> bool | None:
        """Whether the model reads one request in two messages of a person; None if it cannot tell.

        Raises Unavailable and Refused as by_model does.
        """
        model = self._asked_model()
        self._refuse_while_resting()
        read = model_opinion.pair_fingerprint(newer, earlier)
        text = self._answers and await self._answers.get(read, model_opinion.PROMPT, model.name)
        if not text:
            text = await self._chat(model, model_opinion.question(newer, earlier), model_opinion.SCHEMA)
            if self._answers:
                await self._answers.keep(read, model_opinion.PROMPT, model.name, text, utcnow())
        return model_opinion.read(text)

    async def likeness(self, text: str, business_type: str) -> Likeness | None:
        """How near a message is to what customers write and to what teams write; None without embedding."""
        business = self.business(business_type)
        prototypes, vector = await self._prototypes_of(business), await self._vector_of(text)
        if self._embedder is None or prototypes is None or vector is None:
            return None
        if self._talk is None:
            self._talk = await self._embedder.embed(CHATTER)
        about = [intent != Intent.GENERAL for intent in Intent for _ in business.prototypes(intent)]
        request = prototypes.vectors[np.array(about)] @ vector
        return Likeness(request=float(request.max()), talk=float((self._talk @ vector).max()))

    async def propose(self, text: str, pending: Sequence[str], matter: Matter) -> list[Proposal]:
        """What the model reads in a turn of a conversation; nothing without one, or when it is slow."""
        if self._model is None or not self.model_ready():
            return []
        try:
            async with asyncio.timeout(ask_model.SERVICE_SECONDS):
                asked = ask_model.question(text, pending, matter)
                return ask_model.read(
                    await self._chat(self._model, asked, ask_model.schema(matter.business)), matter
                )
        except (Unavailable, Refused, TimeoutError):
            return []

    async def fill_in(self, asked: list[ChatMessage], form: Mapping[str, Any], *, seconds: float) -> str:
        """What the model makes of a short question for which a person waits.

        Raises Unavailable, also when it takes longer than that, and Refused, as by_model does.
        """
        model = self._asked_model()
        try:
            async with asyncio.timeout(seconds):
                return await self._chat(model, asked, form)
        except TimeoutError:
            raise Unavailable(SERVICE, "no answer in time") from None

    async def _answer(self, model: LanguageModel, business: BusinessType, message: str) -> Answer:
        read = fingerprint(message)
        kept = self._answers and await self._answers.get(read, business.digest, model.name)
        if kept:
            with contextlib.suppress(BadAnswer):  # kept by an older version of the form
                return parse(business, kept)
        asked = question(business, message)
        for _ in range(1 + REPAIRS):
            text = await self._chat(model, asked, schema(business))
            try:
                answer = parse(business, text)
            except BadAnswer as error:
                asked = repair(asked, text, error)
                continue
            if self._answers:
                await self._answers.keep(read, business.digest, model.name, text, utcnow())
            return answer
        raise Unavailable(SERVICE, "its answer could not be used")

    async def _chat(self, model: LanguageModel, asked: list[ChatMessage], form: Mapping[str, Any]) -> str:
        async with self._turns:
            self._refuse_while_resting()
            self._breaker = self._breaker.called()
            started = self._clock()
            try:
                text = await model.chat(asked, schema=form)
            except (Unavailable, Refused):
                self._breaker = self._breaker.failed(self._clock())
                raise
            except asyncio.CancelledError:
                self._breaker = self._breaker.abandoned()
                raise
            self._breaker = self._breaker.succeeded()
            metrics.llm_response_seconds.observe(self._clock() - started)
            return text

    def _asked_model(self) -> LanguageModel:
        if self._model is None:
            raise Refused(SERVICE, "no model is set: set OLLAMA_MODEL")
        return self._model

    def _refuse_while_resting(self) -> None:
        now = self._clock()
        if not self._breaker.allows(now):
            why = f"left alone for a while after {self._breaker.failures} failures in a row"
            raise Unavailable(SERVICE, why, retry_after=max(1.0, self._breaker.wait(now)))

    def business(self, business_type: str) -> BusinessType:
        """The business of that name; the general one where there is none of it any more."""
        return self._businesses.get(business_type) or self._businesses[FALLBACK]

    async def _prototypes_of(self, business: BusinessType) -> Prototypes | None:
        if self._prototypes is None and self._embedder is not None:
            async with self._embedding:
                if self._prototypes is None:
                    try:
                        self._prototypes = await embed_prototypes(self._businesses.values(), self._embedder)
                    except (Unavailable, Refused):
                        return None
        return None if self._prototypes is None else self._prototypes[business.digest]

    async def _vector_of(self, message: str) -> Vector | None:
        if self._embedder is None:
            return None
        try:
            vectors = await self._embedder.embed([message])
        except (Unavailable, Refused):
            return None
        first: Vector = vectors[0]
        return first
