"""What a question over the leads asks for: a value, whoever read it."""

from pydantic import Field

from core.lead import Value
from core.similar.wanted import Wanted

WORDS_MAX = 200
"""Longest topic, in characters; what is longer is a message and no question."""

ROWS = 10
"""Most leads that an answer names."""


class Query(Value):
    """Which leads are meant.

    Attributes:
        words: what they are about, in the asker's own words; empty: about anything.
        urgent: only those of high urgency.
        wanted: whose, of which business, what came of them, and from when.
    """

    words: str = Field(default="", max_length=WORDS_MAX)
    urgent: bool = False
    wanted: Wanted = Wanted()

    def overlaid(self, by: "Query") -> "Query":
        """This query, with what the other one says in the place of what this one does."""
        under, over = self.wanted, by.wanted
        dated = over.received_from is not None or over.received_before is not None
        times = over if dated else under
        return Query(
            words=by.words or self.words,
            urgent=by.urgent or self.urgent,
            wanted=Wanted(
                business_type=over.business_type or under.business_type,
                owner=over.owner or under.owner,
                outcomes=over.outcomes or under.outcomes,
                received_from=times.received_from,
                received_before=times.received_before,
            ),
        )

    @property
    def everything(self) -> bool:
        """Whether nothing is said of the leads."""
        return not self.words and not self.urgent and not self.wanted.filters
