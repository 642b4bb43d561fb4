"""Chroma's errors in our words: every one becomes Unavailable or Refused."""

import json
from contextlib import AbstractContextManager
from types import TracebackType

from core.errors import LeadDeskError, Refused, Unavailable

SERVICE = "Chroma"

REFUSALS = {
    "AuthorizationError": "it does not take our credentials; check CHROMA_CLIENT_AUTH_CREDENTIALS",
    "BatchSizeExceededError": "it does not take as many leads at once",
    "ChromaAuthError": "it does not take our credentials; check CHROMA_CLIENT_AUTH_CREDENTIALS",
    "DuplicateIDError": "it was given the same lead twice at once",
    "IDAlreadyExistsError": "it has this lead already",
    "InvalidArgumentError": "it does not take what was asked; `basecamp reindex` may mend it",
    "InvalidDimensionException": "its vectors are of another length; run `basecamp reindex`",
    "InvalidHTTPVersion": "it speaks another HTTP version than its client",
    "InvalidUUIDError": "it does not know a collection by such an id",
    "QuotaError": "its quota is used up",
    "UniqueConstraintError": "it has a collection of this name already",
    "VersionMismatchError": "server and client are of different versions; install the same",
}
"""By the name of Chroma's class: no retry helps."""

WEATHER = {
    "ChromaError": "it failed",
    "InternalError": "it failed inside; if that lasts, run `basecamp reindex`",
    "NotFoundError": "its collection is gone; if it is not just being rebuilt, run `basecamp reindex`",
    "PanicException": "it failed inside; if that lasts, run `basecamp reindex`",
    "RateLimitError": "it is asked too often",
    "TimeoutError": "it did not answer in time",
}
"""By the name of Chroma's class (and Rust's, and Python's): a retry may help."""

AWAY = "it cannot be reached"


class MappedErrors(AbstractContextManager[None]):
    """Turns what Chroma raises in its block into Unavailable or Refused; ours and cancellation go through.

    A class, because only ``__exit__`` sees Chroma's bare ``Exception(text)`` and the panics of its Rust half
    (BaseException) without a catch-all.
    """

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raise the error in our words, if there is one."""
        if error is not None and (ours := in_our_words(error)) is not None:
            raise ours from error


def in_our_words(error: BaseException) -> LeadDeskError | None:
    """What to raise for an error met in a call to Chroma; None for ours, and for those that end a task."""
    name = type(error).__name__
    if isinstance(error, LeadDeskError) or not (isinstance(error, Exception) or name in WEATHER):
        return None
    if name in REFUSALS:
        return Refused(SERVICE, REFUSALS[name])
    # What its own checks raise, before anything is sent; but an answer that is no JSON comes from a proxy.
    if isinstance(error, ValueError | TypeError) and not isinstance(error, json.JSONDecodeError):
        return Refused(SERVICE, "it does not take what was asked")
    return Unavailable(SERVICE, WEATHER.get(name, AWAY))
