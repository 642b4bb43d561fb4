"""What a language model is asked about a message: instructions, examples, the fenced message, the form."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema, create_model

from core.lead import Intent, SubIntent
from core.ports import ChatMessage
from core.rules.words import newest_part, shortened
from prompts import BusinessType

MESSAGE_MAX = 6_000
"""Characters of a message that the model reads; with the rest they fit a context of 8,192 tokens."""

ENTITIES_MAX = 8
"""Most values of one entity."""

ALIASES: Mapping[str, Intent] = {
    SubIntent.SERVICE_REQUEST: Intent.APPOINTMENT_REQUEST,
    SubIntent.CONSULTATION_REQUEST: Intent.APPOINTMENT_REQUEST,
    SubIntent.PACKAGE_INQUIRY: Intent.INQUIRY,
    SubIntent.INFORMATION_REQUEST: Intent.INQUIRY,
    SubIntent.PROJECT_INQUIRY: Intent.INQUIRY,
    SubIntent.EFFICIENCY_PROJECT: Intent.INQUIRY,
    SubIntent.GENERAL_INQUIRY: Intent.INQUIRY,
    SubIntent.SUPPORT_REQUEST: Intent.SUPPORT,
}
"""Names of the earlier system (SEED): the intent they mean; the name itself is kept as the sub-intent."""

_ECHO_MAX = 2_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_CODE_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n?```\s*\Z", re.DOTALL)


class BadAnswer(Exception):
    """The model's answer does not fit the form; the message lists how, for the model to mend it."""


class Form(BaseModel):
    """A part of the form: asked for in full, read with gaps."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class Quoted(Form):
    """A fact as the model gives it, and the words it claims to have found it in."""

    value: str
    quote: str


class Answer(Form):
    """The form that the model fills; each business type has its own entities and insights.

    Intents and insights are read leniently, since a wrong word there is mended by our own rules.
    """

    wants: str
    intent: Annotated[str, Field(json_schema_extra={"enum": [*Intent, *ALIASES]})]
    urgency: Literal["low", "medium", "high", "urgent"]
    urgency_quote: str = ""
    summary: str
    entities: Form
    business_insights: Form

    def found(self, entity: str) -> Sequence[Quoted]:
        """What the model says it found of this entity."""
        found: list[Quoted] = getattr(self.entities, entity)
        return found[:ENTITIES_MAX]

    def insight(self, name: str) -> str | None:
        """The model's answer to this question about the customer."""
        said: str | None = getattr(self.business_insights, name)
        return said


def question(business: BusinessType, message: str) -> list[ChatMessage]:
    """The conversation that asks about a message: instructions, the file's examples, the fenced message."""
    return [*_preamble(business), ChatMessage("user", fenced(message))]


@lru_cache(maxsize=64)
def _preamble(business: BusinessType) -> tuple[ChatMessage, ...]:
    asked = [ChatMessage("system", business.instructions)]
    for example in business.examples:
        asked += [
            ChatMessage("user", fenced(example.message)),
            ChatMessage("assistant", example.answer.model_dump_json()),
        ]
    return tuple(asked)


def fenced(message: str) -> str:
    """The task, and the message as data."""
    return f"Fill in the form about the message between the fence lines.\n{fence(message)}"


def fence(message: str, limit: int = MESSAGE_MAX) -> str:
    """The message's newest part between two lines that it cannot contain, marked as data."""
    text = shortened(_CONTROL.sub(" ", newest_part(message)).strip(), limit)
    line = f"LEAD-{sha256(text.encode(errors='replace')).hexdigest()[:16]}"
    return f"<<<{line}\n{text}\n{line}>>>"


def fingerprint(message: str) -> str:
    """sha256 (hex) of what the model reads of a message: equal for messages that ask the same of it."""
    return sha256(fenced(message).encode(errors="replace")).hexdigest()


def unfenced(content: str) -> str | None:
    """The message inside a fenced text, None if there is none."""
    match = re.search(r"^<<<(LEAD-[0-9a-f]{16})\n(.*)\n\1>>>$", content, re.DOTALL | re.MULTILINE)
    return match[2] if match else None


def repair(asked: Sequence[ChatMessage], answer: str, error: BadAnswer) -> list[ChatMessage]:
    """The conversation continued: the answer that does not fit, and how."""
    return [
        *asked,
        ChatMessage("assistant", shortened(answer, _ECHO_MAX) or "(nothing)"),
        ChatMessage(
            "user", f"That does not fit the form:\n{error}\nAnswer again, with the JSON object only."
        ),
    ]


@lru_cache(maxsize=64)
def schema(business: BusinessType) -> Mapping[str, Any]:
    """The JSON schema of the answer."""
    return _form(business).model_json_schema(mode="serialization")


def parse(business: BusinessType, text: str) -> Answer:
    """The answer in a model's text; raise BadAnswer if it is no JSON or does not fit."""
    code = _CODE_FENCE.match(text)
    try:
        return _form(business).model_validate_json(code[1] if code else text)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        listed = [f"- {'.'.join(map(str, fault['loc'])) or 'answer'}: {fault['msg']}" for fault in faults[:8]]
        raise BadAnswer("\n".join(listed)) from None


@lru_cache(maxsize=64)
def _form(business: BusinessType) -> type[Answer]:
    quoted = Field(default_factory=list[Quoted], json_schema_extra={"maxItems": ENTITIES_MAX})
    entities: dict[str, Any] = dict.fromkeys(business.entities, (list[Quoted], quoted))
    insights: dict[str, Any] = {
        name: (Annotated[str | None, WithJsonSchema({"enum": [*guide.allowed, None]})], None)
        for name, guide in business.insights.items()
    }
    return create_model(
        "Answer",
        __base__=Answer,
        entities=(create_model("Entities", __base__=Form, **entities), ...),
        business_insights=(create_model("Insights", __base__=Form, **insights), ...),
    )
