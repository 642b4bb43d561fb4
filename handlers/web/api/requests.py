"""The shapes of the API's requests; its document is made from them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from core.api.register import PAGE_MAX, Filters, Listing, Order, Sort
from core.edits import FACT, INTENT, URGENCY, WISH, WISH_MAX
from core.lead import MESSAGE_MAX, DeskStatus, Intent, Status, SubIntent, Urgency
from handlers.search_options import moment_of

BATCH_MAX = 50
"""Leads of one batch (the original's limit, SEED.md)."""

WAIT_MAX = 25.0
"""Seconds that a caller may wait for a lead to be read."""


def _digits(value: Any) -> Any:
    """A number in a query is digits and nothing else."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit() and len(value) < 10):  # noqa: PLR2004 - fits 32 bits
        raise ValueError("must be a whole number")
    return value


Score = Annotated[int, Field(ge=0, le=100), BeforeValidator(_digits)]


def _intent(value: Any) -> Any:
    """Told here, an error is about the parameter and not about one kind of intent."""
    known = {each.value: each for each in (*Intent, *SubIntent)}
    if isinstance(value, str) and value not in known:
        raise ValueError(f"Input should be one of {', '.join(known)}")
    return known.get(value, value)


AnyIntent = Annotated[Intent | SubIntent, BeforeValidator(_intent)]


class Closed(BaseModel):
    """A request that says nothing else."""

    model_config = ConfigDict(extra="forbid")


class FilterQuery(Closed):
    """Which leads."""

    status: Status | None = None
    desk_status: DeskStatus | None = None
    intent: AnyIntent | None = Field(default=None, description="also a sub-intent, such as service_request")
    urgency: Urgency | None = None
    min_quality_score: Score | None = None
    max_quality_score: Score | None = None
    business_type: str | None = Field(default=None, max_length=50)
    source: str | None = Field(default=None, max_length=100)
    desk: str | None = Field(default=None, max_length=50, description="the desk's channel")
    owner: str | None = Field(default=None, max_length=50, description="Slack user id, or nobody")
    search: str | None = Field(
        default=None, min_length=1, max_length=200, description="words in message, contact or number"
    )
    from_date: str | None = Field(
        default=None,
        max_length=40,
        description="received then or later: 2026-01-31, 2026-01, 30d, a full time",
    )
    to_date: str | None = Field(default=None, max_length=40, description="received before the end of that")

    def filters(self, now: datetime) -> Filters:
        """As the store knows them; InvalidSearch for a date that is none."""
        same = self.model_dump(include=set(Filters.model_fields) & set(FilterQuery.model_fields))
        begins = self.from_date and moment_of("from_date", self.from_date, now)
        ends = self.to_date and moment_of("to_date", self.to_date, now, end=True)
        return Filters(**same, received_from=begins or None, received_before=ends or None)


class OrderedQuery(FilterQuery):
    """Which leads, in which order."""

    sort_by: Sort = Sort.CREATED_AT
    sort_order: Order = Order.DESC

    def listing(self, now: datetime) -> Listing:
        """As the store knows it."""
        return Listing(filters=self.filters(now), sort=self.sort_by, order=self.sort_order)


class ListQuery(OrderedQuery):
    """A page of a list."""

    limit: Annotated[int, Field(ge=1, le=PAGE_MAX), BeforeValidator(_digits)] = 20
    cursor: str | None = Field(
        default=None, max_length=300, description="pagination.cursor of the page before"
    )


class ExportQuery(OrderedQuery):
    """All of a list."""

    format: Literal["csv", "json"] = "json"


class SimilarQuery(Closed):
    """Which similar leads."""

    business_type: str | None = Field(default=None, max_length=50)
    owner: str | None = Field(default=None, max_length=50, description="Slack user id, or nobody")
    outcome: str | None = Field(default=None, max_length=200, description="desk statuses, by comma")
    from_date: str | None = Field(default=None, max_length=40)
    to_date: str | None = Field(default=None, max_length=40)
    limit: str | None = Field(default=None, max_length=10, description="1 to 50")
    threshold: str | None = Field(default=None, max_length=10, description="0 to 1, or 70%")


class IntakeQuery(Closed):
    """How to answer."""

    mode: Literal["async", "sync"] = Field(
        default="async", description="sync: wait until the lead is read, and answer with it"
    )
    wait: Annotated[int, Field(ge=1, le=WAIT_MAX), BeforeValidator(_digits)] = Field(
        default=10, description="seconds to wait at most; then the answer is 202 as without it"
    )


Text = str | int | float | None
"""Numbers are read as their text: forms send phones so."""


class ContactIn(BaseModel):
    """Who to answer; more fields are kept as custom fields."""

    model_config = ConfigDict(extra="allow")

    first_name: Text = None
    last_name: Text = None
    name: Text = Field(default=None, description="first and last name in one")
    email: Text = None
    phone: Text = None
    company: Text = None


class LeadIn(ContactIn):
    """A lead. The contact may stand in ``contact`` or beside it; what is not known is a custom field."""

    message: str = Field(min_length=1, max_length=MESSAGE_MAX, pattern=r"\S")
    contact: ContactIn | None = None
    source: Text = Field(default=None, description="web_form, email, chat_widget, referral, phone, api")
    source_url: Text = None
    business_type: Text = None
    custom_fields: dict[str, Any] | None = None
    received_at: str | int | float | None = Field(default=None, description="ISO 8601")
    desk: str | None = Field(default=None, description="channel of the desk that gets it")


class IntakeIn(BaseModel):
    """Whatever a form or program sends: fields by many names (docs/api.md), also as a form."""

    model_config = ConfigDict(extra="allow")

    message: str = Field(min_length=1, max_length=MESSAGE_MAX, pattern=r"\S")


class BatchIn(Closed):
    """Up to 50 leads, each by itself: one that is wrong does not cost the others."""

    leads: list[Any] = Field(min_length=1, max_length=BATCH_MAX, description="each as of POST /leads")


class CheckIn(ContactIn):
    """What is no lead yet; the more of the contact is said, the surer who it is."""

    model_config = ConfigDict(extra="forbid")

    message: str = Field(min_length=1, max_length=MESSAGE_MAX, pattern=r"\S")
    contact: ContactIn | None = None
    custom_fields: dict[str, Any] | None = None
    business_type: str | None = Field(default=None, max_length=50, description="only leads of that")
    limit: int | None = Field(default=None, ge=1, le=50)
    threshold: float | None = Field(
        default=None, ge=-1, le=1, description="least cosine of the merely similar"
    )


class ContactChange(Closed):
    """Of the contact: only what is named changes; null takes it away."""

    first_name: str | None = Field(default=None, max_length=300)
    last_name: str | None = Field(default=None, max_length=300)
    email: str | None = Field(default=None, max_length=300)
    phone: str | None = Field(default=None, max_length=300)
    company: str | None = Field(default=None, max_length=300)


class AnalysisChange(Closed):
    """Of the analysis: what is named is right from now on, whatever is read later."""

    wants: str | None = Field(default=None, min_length=1, max_length=WISH_MAX, pattern=r"\S")
    intent: Intent | None = None
    urgency: Urgency | None = None
    entities: dict[str, list[Annotated[str, Field(min_length=1, max_length=300, pattern=r"\S")]]] | None = (
        Field(
            default=None,
            description="name -> values as they stand in the message, instead of those there are",
        )
    )


class ChangeIn(Closed):
    """What changes; what is not named stays."""

    version: int | None = Field(default=None, ge=1, description="as seen; else 409. Or If-Match; else 412")
    message: str | None = Field(
        default=None,
        min_length=1,
        max_length=MESSAGE_MAX,
        pattern=r"\S",
        description="it is read and compared anew",
    )
    contact: ContactChange | None = None
    analysis: AnalysisChange | None = None
    custom_fields: dict[str, Any] | None = Field(default=None, description="null takes a field away")
    owner: str | None = Field(default=None, max_length=50, description="Slack user id; null: nobody")
    desk_status: DeskStatus | None = None

    @property
    def typed(self) -> dict[str, str]:
        """What is corrected of contact and analysis, as the form of an edit would say it."""
        contact = self.contact.model_dump(exclude_unset=True) if self.contact else {}
        typed = {name: value or "" for name, value in contact.items()}
        if (read := self.analysis) is not None:
            said = {WISH: read.wants, INTENT: read.intent, URGENCY: read.urgency}
            typed |= {name: str(value).strip() for name, value in said.items() if value is not None}
            for name, values in (read.entities or {}).items():
                typed[FACT + name] = "\n".join(value.strip() for value in values)
        return typed


class MergeIn(Closed):
    """Into which lead."""

    into: str = Field(min_length=1, max_length=50, pattern=r"\S", description="number or id")
    preview: bool = Field(default=False, description="only say what would be")
