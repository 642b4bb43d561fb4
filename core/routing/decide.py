"""Whose a new lead is: a customer's own rep first, then the rules top-down, then the reps in fair turns.

Somebody who is off duty gets a lead only while the whole desk is: then whoever is back first has it. While
somebody is there, but nobody has room, it stays in the pool for whoever is done first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from core.deskfile import Routing, Rule
from core.lead import Intent, Lead
from core.routing.duty import Duty, duty
from core.routing.fitting import misfit
from core.routing.turns import LEAD, take
from core.routing.values import About, Considered, Decision, Room

WORTHLESS: Final = {Intent.SPAM: "looks like spam", Intent.SOLICITATION: "looks like a sales pitch"}
"""Nobody is given these."""

WAITS: Final = timedelta(hours=72)
"""How long a customer's own rep may be away and still get the lead: over a weekend."""

WAITS_URGENT: Final = timedelta(hours=2)
"""The same of a lead of high or highest urgency."""

OWN_REP, IN_TURN, FOR_ALL = "their own rep", "in turn", "for whoever claims it"


def route(
    lead: Lead, start: str, rooms: Mapping[str, Room], *, known: Sequence[str], now: datetime
) -> Decision:
    """Whose the lead is, and everything that was considered.

    Args:
        lead: as it was read and compared.
        start: the desk that it came to.
        rooms: the desks as they stand, by channel: all that are ``reachable``.
        known: who owned earlier leads that surely are the same person's, latest first.
        now: aware.
    """
    analysis = lead.analysis
    if analysis is not None and (worthless := WORTHLESS.get(analysis.intent)):
        told = Considered(
            about=About.LEAD, name=lead.number, so=False, why=f"{worthless}: nobody is given it"
        )
        return Decision(desk=start, owner=None, reason=worthless, trace=(told,))
    deciding = _Deciding(lead, known, now)
    at, further = start, deciding.at(start, rooms[start])
    while further is not None:
        at, further = further, deciding.at(further, rooms[further])
    return Decision(
        desk=at,
        owner=deciding.owner,
        reason=deciding.reason,
        trace=tuple(deciding.trace),
        credits=deciding.credits,
    )


def reachable(start: str, routings: Mapping[str, Routing]) -> frozenset[str]:
    """The desks at which a lead that comes to ``start`` may end; one without a routing sends nothing on."""
    found, new = {start}, [start]
    while new:
        routing = routings.get(new.pop(), Routing())
        further = {rule.desk for rule in routing.rules if rule.desk is not None} - found
        found |= further
        new += further
    return frozenset(found)


@dataclass
class _Deciding:
    """One decision under way: what was considered so far, and what it came to."""

    lead: Lead
    known: Sequence[str]
    now: datetime
    trace: list[Considered] = field(default_factory=list)
    been: list[str] = field(default_factory=list)
    owner: str | None = None
    reason: str = FOR_ALL
    credits: Mapping[str, int] = field(default_factory=dict)

    def at(self, desk: str, room: Room) -> str | None:
        """Decide at this desk; the desk that has to decide in its place, if a rule says so."""
        self.been.append(desk)
        people = {seat.user: duty(seat, room.holidays, self.now) for seat in room.seats}
        if room.routing.known_owner and self._own_rep(people):
            return None
        groups: list[tuple[str, Sequence[Duty]]] = []
        for rule in room.routing.rules:
            if (no := self._no(rule)) is not None:
                self._say(About.RULE, rule.name, no, so=False)
                continue
            if rule.desk is not None:
                self._say(About.RULE, rule.name, f"fits: sends it to {rule.desk}", so=True)
                return rule.desk
            group = [people[user] for user in rule.to if user in people]
            there = any(each.so for each in group)
            self._say(About.RULE, rule.name, "fits" if there else "fits, but nobody of it is there", so=there)
            if there:
                self._turn(group, f"rule “{rule.name}”")
                return None
            groups.append((f"rule “{rule.name}”, back first", group))
        if room.routing.otherwise == "turns":
            if any(each.so for each in people.values()):
                self._turn(list(people.values()), IN_TURN)
                return None
            groups.append(("back first", list(people.values())))
        self._nobody_there(list(people.values()), groups)
        return None

    def _own_rep(self, people: Mapping[str, Duty]) -> bool:
        """Give it to whoever works this customer already, if they still can."""
        urgent = self.lead.analysis is not None and self.lead.analysis.is_urgent
        latest = self.now + (WAITS_URGENT if urgent else WAITS)
        for user in dict.fromkeys(self.known):
            found = people.get(user)
            if found is None:
                self._say(About.OWNER, user, "has the customer, but gets no leads of this desk", so=False)
            elif found.back is None or found.seat.left or found.back > latest:
                self._say(About.OWNER, user, f"has the customer, but {found.why or 'is away'}", so=False)
            else:
                self._say(About.OWNER, user, "has the customer", so=True)
                self.owner, self.reason = user, OWN_REP
                return True
        return False

    def _no(self, rule: Rule) -> str | None:
        if rule.desk in self.been:
            return "the lead was there already"
        return misfit(rule.when, self.lead)

    def _turn(self, group: Sequence[Duty], reason: str, *, among: Sequence[Duty] | None = None) -> None:
        """Let those of the group who could take it, or those named, have their turn."""
        could = among if among is not None else [each for each in group if each.so]
        self.owner, self.credits = take([each.seat for each in could])
        self.reason = reason
        self._reps(group, could)

    def _nobody_there(self, everybody: Sequence[Duty], groups: Iterable[tuple[str, Sequence[Duty]]]) -> None:
        """Whoever is back first while the whole desk is off duty; else the pool."""
        here = any(each.back is not None and each.back <= self.now for each in everybody)
        for reason, group in () if here else groups:
            could = [each for each in group if each.could]
            if could:
                first = min(each.back for each in could if each.back is not None)
                self._turn(group, reason, among=[each for each in could if each.back == first])
                return
        if any(group for _, group in groups):
            self.reason = "everybody is full" if here else "nobody is there"
        self._reps(everybody, ())

    def _reps(self, group: Sequence[Duty], could: Sequence[Duty]) -> None:
        for each in group:
            user = each.seat.user
            why = ", ".join(filter(None, [each.why, _owed(each.seat.credit)])) if each in could else each.why
            self._say(About.REP, user, why or "is there", so=user == self.owner)

    def _say(self, about: About, name: str, why: str, *, so: bool) -> None:
        self.trace.append(Considered(about=about, name=name, so=so, why=why))


def _owed(credit: int) -> str:
    share = credit / LEAD
    return f"owed {share:.2f}" if share > 0 else f"ahead by {-share:.2f}" if share < 0 else "even"
