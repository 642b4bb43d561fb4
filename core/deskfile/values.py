"""What a desk's file may say, as frozen values."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import holidays
from pydantic import BeforeValidator, Field, model_validator

from core.deskfile.spelling import (
    ALWAYS,
    WEEKDAYS,
    ChannelName,
    Colour,
    Duration,
    Person,
    Share,
    Site,
    Span,
    SpanText,
    TimeZone,
    User,
    Week,
    Words,
    away,
    listed,
    or_plain,
)
from core.lead import Intent, Urgency, Value


class Level(StrEnum):
    """How loudly somebody is told, loudest first."""

    PAGE = "page"  # a direct message at once, in quiet hours too, and again until somebody acts
    DM = "dm"  # a direct message, after quiet hours
    CHANNEL = "channel"  # a mention in the card's thread
    DIGEST = "digest"  # in the morning digest only
    SILENT = "silent"  # nothing


class Days(Value):
    """First and last day of an absence, both away."""

    first: date
    last: date

    @model_validator(mode="after")
    def _in_order(self) -> "Days":
        if self.last < self.first:
            raise ValueError("ends before it begins")
        return self


Away = Annotated[tuple[Annotated[Days, BeforeValidator(away)], ...], BeforeValidator(listed)]


class Holidays(Value):
    """Which days are free although they are weekdays: a country's, and the business's own."""

    country: str | None = None
    region: str | None = None
    closed: frozenset[date] = frozenset()
    open: frozenset[date] = Field(default=frozenset(), description="worked although a holiday")

    @model_validator(mode="after")
    def _known(self) -> "Holidays":
        if self.country is not None:
            try:
                holidays.country_holidays(self.country, subdiv=self.region)
            except NotImplementedError:
                raise ValueError(
                    "no holidays are known of that country and region: write them under closed"
                ) from None
        return self


class Rep(Value):
    """One who is given leads of this desk."""

    weight: float = Field(default=1, gt=0, le=100, description="share of leads, against the others'")
    capacity: int | None = Field(default=None, ge=1, description="most open leads at once")
    hours: Week | None = Field(default=None, description="None: the desk's")
    time_zone: TimeZone | None = Field(default=None, description="None: the desk's")
    away: Away = ()
    level: Level | None = Field(default=None, description="None: the desk's")


class When(Value):
    """What a rule asks of a lead: all that is named has to hold, of each list one."""

    business_type: Words = ()
    source: Words = ()
    intent: Annotated[tuple[Intent, ...], BeforeValidator(listed)] = ()
    urgency: Annotated[tuple[Urgency, ...], BeforeValidator(listed)] = ()
    language: Words = ()
    area: Words = Field(default=(), description="beginnings of postcodes or phone numbers, names of places")
    quality_from: int | None = Field(default=None, ge=0, le=100)
    quality_below: int | None = Field(default=None, ge=0, le=100)


class Rule(Value):
    """Who gets the leads that are like this; the first rule that fits and has somebody there decides."""

    name: str = Field(min_length=1, max_length=60)
    when: When
    to: Annotated[tuple[User, ...], BeforeValidator(listed)] = ()
    desk: ChannelName | None = Field(default=None, description="another desk, which then decides")

    @model_validator(mode="after")
    def _goes_somewhere(self) -> "Rule":
        if bool(self.to) == (self.desk is not None):
            raise ValueError("needs either to (people) or desk (a channel)")
        return self


class Routing(Value):
    """Who owns a new lead."""

    known_owner: bool = Field(default=True, description="a customer's own rep comes first")
    rules: tuple[Rule, ...] = ()
    otherwise: Literal["turns", "pool"] = Field(
        default="turns", description="turns: the reps in turn; pool: nobody until somebody claims it"
    )

    @model_validator(mode="after")
    def _named_apart(self) -> "Routing":
        names = [rule.name.casefold() for rule in self.rules]
        if len(set(names)) != len(names):
            raise ValueError("two rules have the same name")
        return self


class Rung(StrEnum):
    """What a step of the SLA's ladder does."""

    REMIND = "remind"  # tell the owner; a lead of nobody: the desk
    ESCALATE = "escalate"  # tell the managers
    RETURN = "return"  # back to the pool


class Step(Value):
    """One step of the ladder."""

    at: Share = Field(description="of the time within which somebody must have acted: 0.5 or 50%")
    do: Rung


class Sla(Value):
    """Within how much time of business hours somebody must have acted, and what happens meanwhile."""

    within: Mapping[Urgency, Duration] = Field(
        description="urgency -> time; one that is not named has no clock"
    )
    ladder: tuple[Step, ...] = (
        Step(at=0.5, do=Rung.REMIND),
        Step(at=1.0, do=Rung.ESCALATE),
        Step(at=2.0, do=Rung.RETURN),
    )

    @model_validator(mode="after")
    def _climbs(self) -> "Sla":
        if [step.at for step in self.ladder] != sorted({step.at for step in self.ladder}):
            raise ValueError("the ladder's steps come one after the other, each at a later share")
        return self


class Burst(Value):
    """From how many leads within how much time on they are shown as one summary."""

    leads: int = Field(default=10, ge=2)
    within: Duration = timedelta(minutes=1)


class Noise(Value):
    """How loudly people are told."""

    level: Level = Level.CHANNEL
    urgent: Level = Field(default=Level.DM, description="of leads that are urgent")
    quiet: SpanText | None = Field(default=None, description="hours without direct messages and mentions")
    burst: Burst = Burst()
    digest: time | None = Field(
        default=None, description="when the morning digest is posted on business days"
    )
    weekly: str | None = Field(default=None, description="day and hour of the weekly report: mon 08:30")

    @model_validator(mode="after")
    def _weekly_is_a_time(self) -> "Noise":
        if self.weekly is not None:
            try:
                self.weekly_at()
            except ValueError:
                raise ValueError("weekly is a day and an hour, like mon 08:30") from None
        return self

    def weekly_at(self) -> tuple[int, time] | None:
        """Weekday (0 is Monday) and time of the weekly report."""
        if self.weekly is None:
            return None
        day, _, at = self.weekly.strip().lower().partition(" ")
        return WEEKDAYS.index(day), time.fromisoformat(at.strip())


class Form(Value):
    """The desk's own form on the web, for people who have none of theirs.

    Attributes:
        name: the business's, at the head of the page.
        colour: of the button, as #rrggbb.
        intro: a sentence below the name.
        sites: addresses of web sites that may show it in a frame and send to it from a script.
    """

    name: str = Field(min_length=1, max_length=60)
    colour: Colour = "#1d3557"
    intro: str | None = Field(default=None, max_length=300)
    sites: Annotated[tuple[Site, ...], BeforeValidator(listed)] = ()


class DeskCrm(Value):
    """What this desk's leads say in the CRM."""

    mapping: str = Field(min_length=1, description="notes, later, or a file's path within the desks' folder")


class Intake(Value):
    """How those are talked with whose messages became leads."""

    ask: bool = Field(default=True, description="ask the writer for what is missing, in their thread")
    nudge: Duration = Field(
        default=timedelta(hours=4), description="silence after which the open question is put once more"
    )
    awake: SpanText = Field(
        default=Span(since=time(8), until=time(20)),
        description="of the day, within the desk's hours: when it is put once more",
    )

    @model_validator(mode="after")
    def _in_one_day(self) -> "Intake":
        if self.awake.past_midnight:
            raise ValueError("awake: ends on the day it begins, at 24:00 at most")
        return self


class DeskFile(Value):
    """All that is set for one desk; people's own settings (hours, absences, level) go before a rep's here.

    Attributes:
        channel: where its cards are posted: a channel id or #name.
        takes: which new leads come to this desk; what no desk takes comes to the first.
        reaction: the emoji that makes a message a lead, without colons.
    """

    channel: ChannelName
    business_type: str | None = None
    time_zone: TimeZone = "UTC"
    takes: When = When()
    hours: Week = ALWAYS
    holidays: Holidays = Holidays()
    admins: Annotated[tuple[Person, ...], BeforeValidator(listed)] = ()
    managers: Annotated[tuple[Person, ...], BeforeValidator(listed)] = ()
    viewers: Annotated[tuple[Person, ...], BeforeValidator(listed)] = ()
    reps: Mapping[User, Annotated[Rep, BeforeValidator(or_plain)]] = Field(default_factory=dict)
    routing: Routing = Routing()
    sla: Sla | None = None
    noise: Noise = Noise()
    form: Form | None = Field(default=None, description="None: there is no form")
    crm: DeskCrm | None = Field(default=None, description="None: CRM_MAPPING's")
    intake: Intake = Intake()
    reaction: str = Field(default="inbox_tray", pattern=r"^[a-z0-9_+'-]{1,100}$")

    @property
    def zone(self) -> ZoneInfo:
        """Its time zone."""
        return ZoneInfo(self.time_zone)

    @model_validator(mode="after")
    def _opens(self) -> "DeskFile":
        if self.sla is not None and not any(self.hours):
            raise ValueError("with an sla there have to be hours: this desk never opens")
        return self

    @model_validator(mode="after")
    def _rules_name_reps(self) -> "DeskFile":
        strangers = {user for rule in self.routing.rules for user in rule.to} - set(self.reps)
        if strangers:
            raise ValueError(f"rules name people who are not among reps: {', '.join(sorted(strangers))}")
        return self
