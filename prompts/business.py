"""What a business type's file may say, as frozen values; the rules every file is held to."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

INTENTS = (
    "inquiry",
    "appointment_request",
    "quote_request",
    "support",
    "complaint",
    "general",
    "spam",
    "solicitation",
)
UNWANTED = ("spam", "solicitation")
URGENCIES = ("low", "medium", "high", "urgent")

OWN_EXAMPLES = 5
"""Fewest prototype sentences a business's file gives for each wanted intent."""

Recogniser = Literal["vehicle", "timeframe", "location", "contact_preference", "money", "headcount"]
"""What finds an entity beside its words; each is a function in core.rules.entities."""

CONTACT_SLOTS = ("name", "email", "phone", "company")
"""What a slot may ask of the person, beside the business's own entities."""

Words = Mapping[str, tuple[str, ...]]
"""Value -> the phrases that say it; a `*` at the end of a phrase stands for any ending."""


def _known_intent(name: str) -> str:
    if name not in INTENTS:
        raise ValueError(f"there is no intent {name}; known: {', '.join(INTENTS)}")
    return name


IntentName = Annotated[str, AfterValidator(_known_intent)]


class Section(BaseModel):
    """An immutable part of a file with exactly its declared keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class IntentGuide(Section):
    """One thing people want from this business."""

    means: str = Field(description="for the model and for people: when it is this one")
    examples: tuple[str, ...] = Field(description="prototype sentences")
    sub_intent: str | None = Field(default=None, description="the earlier system's name for it here")
    headline: str | None = Field(default=None, description="with {what}; else the everyday one")


class EverydayIntent(Section):
    """One thing people want from any business, and how a card says it."""

    means: str
    headline: str = Field(description="with {what}, e.g. 'Quote for {what}'")
    plain: str = Field(description="when nothing concrete was found, e.g. 'Asks for a price'")
    own: str | None = Field(
        default=None, description="with {words}, the customer's own, e.g. 'Quote: {words}'"
    )
    examples: tuple[str, ...]


class EntityGuide(Section):
    """One kind of fact to find in a message."""

    means: str
    found_by: Recogniser | None = None
    words: Words = Field(default_factory=dict)

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        if self.found_by is None and not self.words:
            raise ValueError("needs words or found_by, else nothing is ever found")
        return self


class InsightGuide(Section):
    """One question about the customer with a fixed set of answers."""

    means: str
    allowed: tuple[str, ...]
    otherwise: str | None = Field(default=None, description="the answer when nothing says more")
    found_by: Literal["vehicle_age"] | None = None
    words: Words = Field(default_factory=dict)
    intents: Mapping[IntentName, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _answers_are_allowed(self) -> Self:
        answers = {*self.words, *self.intents.values(), *([self.otherwise] if self.otherwise else [])}
        if unknown := sorted(answers - set(self.allowed)):
            raise ValueError(f"{', '.join(unknown)} not among allowed ({', '.join(self.allowed)})")
        return self


class UrgencyGuide(Section):
    """What sounds urgent, in words and as prototype sentences."""

    criteria: str = ""
    urgent: tuple[str, ...] = ()
    high: tuple[str, ...] = ()
    low: tuple[str, ...] = ()
    urgent_examples: tuple[str, ...] = ()
    calm_examples: tuple[str, ...] = ()


class QualityGuide(Section):
    """What makes a good lead here."""

    criteria: str
    concrete: tuple[str, ...] = Field(description="entities that make a request concrete")


class Confidence(Section):
    """How far to believe the rules' own certainty about an intent."""

    temperature: float = Field(gt=0, description="what log-odds are divided by: over 1 is less sure")
    source: str = Field(description="what it was measured on")


class CardPolicy(Section):
    """What the card may show: a field policy."""

    headline: tuple[str, ...] = Field(description="entities that say what is wanted, best first")
    beside: tuple[str, ...] = Field(default=(), description="entities named after it, e.g. the vehicle")
    own_words: tuple[IntentName, ...] = Field(
        default=("complaint", "support"), description="intents whose headline is in the customer's own words"
    )
    shows: tuple[str, ...] = Field(description="entities the card may show; the others stay in the store")


class SlotGuide(Section):
    """Something a lead should say before somebody works it, and how it is asked for."""

    fills: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        description="contact fields or entities; any one of them answers it"
    )
    asks: str = Field(
        min_length=3, max_length=80, description="what follows 'could you tell us', e.g. 'which car it is'"
    )
    intents: tuple[IntentName, ...] = Field(default=(), description="of leads that want this; empty: of all")
    or_words: bool = Field(
        default=False, description="a first message that says anything concrete in any words answers it too"
    )
    joins: str | None = Field(
        default=None, description="another slot that it is asked for with: the two are one question"
    )


class Found(Section):
    """A value and the literal words it stands in."""

    value: str
    quote: str


class Answer(Section):
    """The model's answer to an example, as it should be."""

    wants: str
    intent: IntentName
    urgency: Literal["low", "medium", "high", "urgent"]
    urgency_quote: str
    summary: str
    entities: Mapping[str, tuple[Found, ...]]
    business_insights: Mapping[str, str]


class FormField(Section):
    """One question of the form on the web, beside who it is and what they want."""

    name: str = Field(pattern=r"^[a-z][a-z_]{0,39}$")
    label: str
    options: tuple[str, ...] = Field(default=(), description="to choose from; none: free text")
    hint: str = ""


class FormGuide(Section):
    """The form on the web."""

    message: str = Field(default="How can we help you?", description="the question for the message")
    fields: tuple[FormField, ...] = ()

    @model_validator(mode="after")
    def _named_apart(self) -> Self:
        names = [field.name for field in self.fields]
        if len(set(names)) < len(names):
            raise ValueError("two fields have the same name")
        return self


class Example(Section):
    """A message and the answer that the model should give to it."""

    message: str
    answer: Answer


class Everyday(Section):
    """What holds for every business (`_everyday.toml`)."""

    version: str
    instructions: str
    intents: Mapping[IntentName, EverydayIntent]
    urgency: UrgencyGuide
    contact_words: Words
    confidence: Confidence

    @model_validator(mode="after")
    def _knows_every_intent(self) -> Self:
        if missing := [name for name in INTENTS if name not in self.intents]:
            raise ValueError(f"no intent {', '.join(missing)}")
        return self


class BusinessType(Section):
    """A kind of business: how its customers write, what to find in it and what its card may show."""

    name: str
    digest: str = Field(description="start of the sha256 of its file and the everyday file")
    everyday: Everyday
    title: str
    about: str
    intents: Mapping[IntentName, IntentGuide]
    entities: Annotated[Mapping[str, EntityGuide], Field(min_length=1)]
    insights: Mapping[str, InsightGuide] = Field(default_factory=dict)
    urgency: UrgencyGuide
    quality: QualityGuide
    confidence: Confidence | None = Field(default=None, description="else that of every business")
    card: CardPolicy
    form: FormGuide = FormGuide()
    slots: Mapping[str, SlotGuide] = Field(
        default_factory=dict, description="what is asked for when it is missing, in order of worth"
    )
    examples: Annotated[tuple[Example, ...], Field(min_length=1)]

    def __hash__(self) -> int:
        return hash((self.name, self.digest))

    @property
    def instructions(self) -> str:
        """What the model is told before it reads a message."""
        return self.everyday.instructions.strip().format(
            about=self.about,
            intents=_lines((name, self.means(name)) for name in INTENTS),
            urgency=self.urgency.criteria,
            quality=self.quality.criteria,
            entities=_lines((name, entity.means) for name, entity in self.entities.items()),
            insights=_lines(
                (name, f"{' | '.join(insight.allowed)} ({insight.means})")
                for name, insight in self.insights.items()
            ),
        )

    def means(self, intent: str) -> str:
        """What the intent means here, in words."""
        own = self.intents.get(intent)
        return own.means if own else self.everyday.intents[intent].means

    def prototypes(self, intent: str) -> tuple[str, ...]:
        """Sentences of that intent: the business's own first, then everyday ones."""
        own = self.intents.get(intent)
        return (own.examples if own else ()) + self.everyday.intents[intent].examples

    @property
    def temperature(self) -> float:
        """What the log-odds of its intents are divided by."""
        return (self.confidence or self.everyday.confidence).temperature

    @property
    def hidden(self) -> frozenset[str]:
        """Entities that the card may not show."""
        return frozenset(self.entities) - frozenset(self.card.shows)

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        mistakes = [
            f"intents.{name}: needs at least {OWN_EXAMPLES} examples of its own, has {count}"
            for name in INTENTS
            if name not in UNWANTED
            and (count := len(self.intents[name].examples) if name in self.intents else 0) < OWN_EXAMPLES
        ]
        for place, named in {
            "quality.concrete": self.quality.concrete,
            "card.headline": self.card.headline,
            "card.beside": self.card.beside,
            "card.shows": self.card.shows,
        }.items():
            mistakes += [f"{place}: there is no entity {name}" for name in named if name not in self.entities]
        shown = {*self.card.headline, *self.card.beside}
        mistakes += [
            f"card.headline: {name} may not be shown (card.shows)" for name in sorted(shown & self.hidden)
        ]
        mistakes += [
            f"slots.{name}: there is no entity {filled}, and no contact field ({', '.join(CONTACT_SLOTS)})"
            for name, slot in self.slots.items()
            for filled in slot.fills
            if filled not in {*self.entities, *CONTACT_SLOTS}
        ]
        mistakes += [
            f"slots.{name}: joins {slot.joins}, which is no slot, or joins one itself"
            for name, slot in self.slots.items()
            if slot.joins is not None
            and (slot.joins == name or slot.joins not in self.slots or self.slots[slot.joins].joins)
        ]
        for number, example in enumerate(self.examples, start=1):
            mistakes += [f"examples {number}: {said}" for said in self._misfits(example)]
        if mistakes:
            raise ValueError("\n".join(mistakes))
        return self

    def _misfits(self, example: Example) -> list[str]:
        answer = example.answer
        said = [f"no entity {name}" for name in answer.entities if name not in self.entities]
        said += [
            f"the quote {found.quote!r} is not in its message"
            for founds in answer.entities.values()
            for found in founds
            if not found.quote or found.quote not in example.message
        ]
        if answer.urgency_quote not in example.message:
            said.append("urgency_quote is not in its message")
        for name, value in answer.business_insights.items():
            if name not in self.insights or value not in self.insights[name].allowed:
                said.append(f"insight {name} = {value!r} is not allowed")
        return said


def _lines(pairs: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"- {name}: {means}" for name, means in pairs)
