"""All desks of this deployment, by their channels, and which of them a new lead comes to."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.deskfile import DeskFile, Routing, When


@dataclass(frozen=True)
class Desks:
    """The desks' files; the first is where leads come that no other takes."""

    files: tuple[DeskFile, ...]

    @property
    def first(self) -> DeskFile:
        """The desk of SLACK_DESK_CHANNEL."""
        return self.files[0]

    @property
    def channels(self) -> tuple[str, ...]:
        """Where the desks' cards are posted: ids or #names, as their files say."""
        return tuple(each.channel for each in self.files)

    def of(self, channel: str) -> DeskFile:
        """The file of the desk with that channel; a plain one when it has none any more."""
        found = next((each for each in self.files if each.channel == channel), None)
        return found or plain(channel, time_zone=self.first.time_zone)

    def called(self, slug: str) -> DeskFile | None:
        """The desk of that name in an address: its channel's name without #, or its id, in lower case."""
        return next((each for each in self.files if slug_of(each) == slug), None)

    def taking(self, *, source: str, business_type: str | None) -> DeskFile:
        """The desk that new leads of that door and business come to."""
        for each in self.files:
            if each.takes != When() and _takes(each.takes, source, business_type):
                return each
        return self.first


def slug_of(desk: DeskFile) -> str:
    """The desk's name in an address."""
    return desk.channel.removeprefix("#").lower()


def plain(channel: str, *, time_zone: str) -> DeskFile:
    """A desk without a file: its channel's members claim what they like, and no clock runs."""
    return _PLAIN.model_copy(update={"channel": channel, "time_zone": time_zone})


_PLAIN = DeskFile(channel="#desk", routing=Routing(otherwise="pool"))


def desks(files: Sequence[DeskFile], channel: str, *, time_zone: str, business_type: str) -> Desks:
    """The desk of that channel first, plain if it has no file, then the others.

    Args:
        files: what was read; a file that names no time zone has the deployment's.
        channel: SLACK_DESK_CHANNEL.
        time_zone: TIME_ZONE.
        business_type: BUSINESS_TYPE, of a first desk whose file names none.
    """
    placed = [
        each if "time_zone" in each.model_fields_set else each.model_copy(update={"time_zone": time_zone})
        for each in files
    ]
    own = [each for each in placed if each.channel == channel]
    first = own[0] if own else plain(channel, time_zone=time_zone)
    if first.business_type is None:
        first = first.model_copy(update={"business_type": business_type})
    return Desks((first, *(each for each in placed if each.channel != channel)))


def _takes(takes: When, source: str, business_type: str | None) -> bool:
    by_source = not takes.source or source in takes.source
    return by_source and (not takes.business_type or business_type in takes.business_type)
