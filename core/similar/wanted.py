"""Which leads a search may find, and how many of them: a value, and the test whether a lead is meant."""

from pydantic import AwareDatetime

from core.lead import DeskStatus, Lead, Value

NOBODY = "nobody"
"""As an owner: leads that nobody has. No Slack user id looks like it."""


class Wanted(Value):
    """What a search is limited to; None, or no outcome: whatever there is.

    Attributes:
        owner: a Slack user id, or NOBODY.
        outcomes: what the desk has made of the lead, any of these.
        received_from: the earliest time of receipt.
        received_before: the first time of receipt that is too late.
        limit: most leads; None: as many as the settings say.
        threshold: least cosine, -1..1; None: as the settings say.
    """

    business_type: str | None = None
    owner: str | None = None
    outcomes: frozenset[DeskStatus] = frozenset()
    received_from: AwareDatetime | None = None
    received_before: AwareDatetime | None = None
    limit: int | None = None
    threshold: float | None = None

    @property
    def filters(self) -> bool:
        """Whether there are leads that may not be found, however near they are."""
        bounds = (self.business_type, self.owner, self.received_from, self.received_before)
        return bool(self.outcomes) or any(bound is not None for bound in bounds)

    def admits(self, lead: Lead) -> bool:
        """Whether the lead, as it is now, may be found."""
        return (
            self.business_type in {None, lead.business_type}
            and self.owner in {None, lead.owner or NOBODY}
            and (not self.outcomes or lead.desk_status in self.outcomes)
            and (self.received_from is None or lead.received_at >= self.received_from)
            and (self.received_before is None or lead.received_at < self.received_before)
        )
