"""The shapes of the API's answers; its document is made from them."""

from typing import Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, Field

from core.api.register import Figures
from core.lead import Evidence, Lead, MatchKind

T = TypeVar("T")


class AcceptedOut(BaseModel):
    """The lead that this delivery made, or made when it came before."""

    lead_id: str
    number: str
    repeated: bool


class ErrorOut(BaseModel):
    """What is wrong."""

    code: str
    message: str
    field: str | None


class ItemOut(BaseModel):
    """What became of one lead of a batch."""

    index: int
    status: Literal["accepted", "repeated", "refused"]
    lead_id: str | None = None
    number: str | None = None
    error: ErrorOut | None = None


class BatchOut(BaseModel):
    """What became of a batch, in its order."""

    accepted: int
    refused: int
    results: list[ItemOut]


class SimilarOut(Lead):
    """A lead and its likeness."""

    score: float = Field(ge=-1, le=1.0001, description="cosine of the messages")


class FoundOut(SimilarOut):
    """A lead, and what the message would be to it."""

    kind: MatchKind = Field(
        description="duplicate: the same person's same request; repeat: theirs, a new one; similar: others'"
    )
    score: float = Field(ge=0, le=1, description="how likely it is that; of a similar one, the cosine")
    sure: bool = Field(description="False: the desk would ask a person")
    evidence: list[Evidence]


class PairOut(BaseModel):
    """The lead that stands for both, and the other."""

    kept: Lead
    gone: Lead
    preview: bool | None = None


class ErasedOut(BaseModel):
    """What is no more."""

    lead_id: str
    number: str
    erased: bool


class ResponsesOut(BaseModel):
    """How soon somebody acted, of the leads of the last 30 days whose desk has a clock."""

    met: int
    missed: int
    overdue: int
    running: int
    median_seconds: float | None
    p90_seconds: float | None


class StatsOut(Figures):
    """How many leads there are, by what they are, and how soon somebody acted."""

    responses: ResponsesOut


class MetadataOut(BaseModel):
    """Of the answer."""

    timestamp: AwareDatetime
    version: str
    request_id: str


class PaginationOut(BaseModel):
    """Where a list goes on."""

    has_more: bool
    cursor: str | None
    limit: int
    total_estimate: int = Field(description="exact up to 10,000")


class Envelope(BaseModel, Generic[T]):
    """Of every answer."""

    success: bool
    data: T
    errors: list[ErrorOut]
    metadata: MetadataOut


class PagedEnvelope(Envelope[T], Generic[T]):
    """Of lists."""

    pagination: PaginationOut
