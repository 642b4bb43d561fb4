"""Faults on demand: what the workspace does wrong, how often, to whom."""

from collections.abc import Callable
from dataclasses import dataclass, replace

DELIVERIES = ("events_api", "interactive", "slash_commands")
"""What a fault can name beside Web API methods."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        method: a Web API method (``chat.postMessage``), ``response_url``, ``events_api``, ``interactive``,
            ``slash_commands``, or ``*``: every Web API method (or every delivery, if it is a delivery fault).
        times: how often it happens; None is until it is cleared.
        error: answer with this Slack error (``ratelimited`` is a 429).
        retry_after: seconds in the Retry-After header.
        status: answer with this HTTP status and no JSON, e.g. 503.
        delay: seconds to wait first; alone, the call then succeeds.
        lost_answer: do what was asked, then break the connection instead of answering.
        drop_ack: ignore the app's acknowledgement (a delivery fault, as those below).
        duplicate: deliver twice, with the same event id.
        hold: deliver only after the next one.
        cut: break the socket instead of delivering on it; then redeliver.
    """

    method: str = "*"
    times: int | None = 1
    error: str | None = None
    retry_after: int | None = None
    status: int | None = None
    delay: float = 0.0
    lost_answer: bool = False
    drop_ack: bool = False
    duplicate: bool = False
    hold: bool = False
    cut: bool = False

    @property
    def on_delivery(self) -> bool:
        """Whether it concerns what is sent to the app, and not what the app calls."""
        return self.drop_ack or self.duplicate or self.hold or self.cut or self.method in DELIVERIES


class Faults:
    """The faults that are set; the first that fits happens."""

    def __init__(self) -> None:
        self._set: list[Fault] = []
        self.is_down = False
        self.when_up: Callable[[], None] | None = None

    def add(
        self,
        method: str = "*",
        *,
        times: int | None = 1,
        error: str | None = None,
        retry_after: int | None = None,
        status: int | None = None,
        delay: float = 0.0,
        lost_answer: bool = False,
        drop_ack: bool = False,
        duplicate: bool = False,
        hold: bool = False,
        cut: bool = False,
    ) -> Fault:
        """Set a fault (see Fault); return it."""
        fault = Fault(
            method=method,
            times=times,
            error=error,
            retry_after=retry_after,
            status=status,
            delay=delay,
            lost_answer=lost_answer,
            drop_ack=drop_ack,
            duplicate=duplicate,
            hold=hold,
            cut=cut,
        )
        self._set.append(fault)
        return fault

    def clear(self) -> None:
        """Forget every fault and be up again."""
        self._set.clear()
        self.up()

    def down(self) -> None:
        """Refuse everything from now on: 503 to every call, events wait, interactions fail."""
        self.is_down = True

    def up(self) -> None:
        """End down(); the events that waited are delivered."""
        self.is_down = False
        if self.when_up is not None:
            self.when_up()

    @property
    def listed(self) -> tuple[Fault, ...]:
        """What is still to happen."""
        return tuple(self._set)

    def take(self, name: str, *, delivery: bool = False) -> Fault | None:
        """The fault that happens to this call or delivery, counted as happened."""
        for index, fault in enumerate(self._set):
            if fault.on_delivery == delivery and fault.method in {name, "*"}:
                if fault.times is not None:
                    left = fault.times - 1
                    self._set[index : index + 1] = [replace(fault, times=left)] if left > 0 else []
                return fault
        return None
