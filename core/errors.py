"""Every error that crosses a boundary of core; each message is a sentence for the person who reads it."""


class LeadDeskError(Exception):
    """Any of the errors below."""


class InvalidLead(LeadDeskError):
    """The sender's mistake: told to the sender, never retried.

    Attributes:
        field: dotted path of the offending field, e.g. ``contact.email``.
        why: what is wrong, without quoting what was sent.
        code: a stable word for programs, e.g. ``MESSAGE_EMPTY``.
    """

    def __init__(self, field: str, why: str, *, code: str = "INVALID_FIELD") -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why
        self.code = code


class InvalidSearch(LeadDeskError):
    """A search that cannot be made: told to who asked, with what is possible instead.

    Attributes:
        field: the option that is wrong, by its name in the API, e.g. ``from_date``.
        why: what is possible, as the rest of a sentence that begins with the option.
    """

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field} {why}")
        self.field = field
        self.why = why


class Unavailable(LeadDeskError):
    """Weather: a service is away or slow; retried with back-off, then shown on the card.

    Attributes:
        service: the name people know it by, e.g. ``Ollama``.
        why: what was seen, in words, free of contact data.
        retry_after: seconds the service asked us to wait, if it did.
    """

    def __init__(self, service: str, why: str, *, retry_after: float | None = None) -> None:
        super().__init__(f"{service}: {why}")
        self.service = service
        self.why = why
        self.retry_after = retry_after


class Refused(LeadDeskError):
    """A firm no from a service (unknown CRM field, missing model): a person decides, no retry helps.

    Attributes:
        service: the name people know it by.
        why: what was refused and how to mend it, free of contact data.
    """

    def __init__(self, service: str, why: str) -> None:
        super().__init__(f"{service}: {why}")
        self.service = service
        self.why = why


class TableChanged(Refused):
    """The CRM refused what is in a record: its table is not as it was read, so read it anew.

    Attributes:
        field: the field that it named, if any.
    """

    def __init__(self, service: str, why: str, *, field: str | None = None) -> None:
        super().__init__(service, why)
        self.field = field


class NotAllowed(LeadDeskError):
    """This user may not do this, or not any more; the message says why and is shown to that user only.

    Attributes:
        field: what of a request it is about, by its name in the API, if it is about one part of it.
    """

    def __init__(self, why: str, *, field: str | None = None) -> None:
        super().__init__(why)
        self.field = field


class NotFound(LeadDeskError):
    """No such lead; the message names what was looked for."""
