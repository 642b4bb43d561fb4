"""The clock of a lead and the ladder: what starts and stops it, and what happens when nobody acts. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.actions import PAST, ActionName
from core.deskfile import ALWAYS, Rung, Sla, Step, Week, read_desk_file
from core.hours import Calendar, desk_calendar
from core.lead import DeskStatus, Event, Intent, Lead, Urgency
from core.sla import Clock, State, climb, clock_of, returned
from tests.lead_examples import RECEIVED, analysis, lead
from tests.test_hours import NIGHTS, OFFICE, ZONES

MINUTE = timedelta(minutes=1)

NOTHING_DONE = {ActionName.MOVE, ActionName.ASK_ON}
"""Clicks after which nobody has answered yet."""

SLA = Sla(within={Urgency.URGENT: 15 * MINUTE, Urgency.HIGH: timedelta(hours=2)})

OPEN_ALWAYS = Calendar(ALWAYS, UTC)


def event(what: str, minutes: float, actor: str = "U0ANA") -> Event:
    """A line of the lead's history, so many minutes after its receipt."""
    at = RECEIVED + minutes * MINUTE
    key = f"{what}-{minutes}-{actor}"
    return Event(event_id=key, lead_id="l", at=at, actor=actor, what=what, told=True)


GOT = event("received", 0, "U0ANA")


def running(history: Sequence[Event] = (GOT,), of: Lead | None = None, kept: Clock | None = None) -> Clock:
    clock = clock_of(of or lead(), history, SLA, OPEN_ALWAYS, kept)
    assert clock is not None
    return clock


def test_the_clock_begins_at_receipt_and_the_time_allowed_goes_by_the_urgency() -> None:
    clock = running()
    assert (clock.started_at, clock.due_at) == (RECEIVED, RECEIVED + 15 * MINUTE)
    assert clock.next_at == RECEIVED + 7.5 * MINUTE


def test_only_business_time_counts() -> None:
    evening = datetime(2026, 11, 13, 17, 20, tzinfo=ZoneInfo("Europe/Berlin"))
    office = Calendar(OFFICE, ZoneInfo("Europe/Berlin"))
    clock = clock_of(lead(received_at=evening), [], SLA, office)
    assert clock is not None
    assert clock.due_at.astimezone(office.zone) == datetime(2026, 11, 16, 8, 5, tzinfo=office.zone)


@pytest.mark.parametrize(
    "what",
    [
        *(PAST[name] for name in ActionName if name in PAST and name not in NOTHING_DONE),
        "merged",
        "merged_in",
    ],
)
def test_whatever_a_person_does_first_stops_it(what: str) -> None:
    clock = running([GOT, event(what, 12, "U0BEN"), event("claimed", 13)])
    assert (clock.stopped_at, clock.stopped_by) == (RECEIVED + 12 * MINUTE, "U0BEN")
    assert (clock.took, clock.next_at) == (12 * MINUTE, None)


@pytest.mark.parametrize(
    "line",
    [
        event("claimed", 5, "system"),
        event("edited", 5, "api"),
        event("edited", 5, "api:crm"),
        event("contact_read", 5),
        event("answered", 5),
        event("asked_back", 5),
        event("message_edited", 5),
        event("message_deleted", 5),
        event("refused", 5),
        event("moved", 5),
        event("asked_on", 5),
        event("merged_in", 5, "system"),
        event("reminded", 5, "system"),
    ],
    ids=lambda line: f"{line.what} by {line.actor}",
)
def test_what_no_person_did_with_the_lead_does_not_stop_it(line: Event) -> None:
    assert running([GOT, line]).stopped_at is None


def merged(minutes: float, actor: str = "U0ANA", other: str = "L-1050", what: str = "merged_in") -> Event:
    """The line of a merge with that other lead, as the store writes it."""
    line = event(what, minutes, actor)
    return line.model_copy(
        update={"event_id": f"click-{minutes}:{what}:L-1042", "why": f"{other}: asked again"}
    )


def undone(minutes: float, actor: str = "U0BEN", other: str = "L-1050") -> Event:
    """The line of the undoing of a merge with that other lead."""
    return event("unmerged", minutes, actor).model_copy(update={"why": other})


@pytest.mark.parametrize("what", ["merged", "merged_in"])
@pytest.mark.parametrize("by", ["U0ANA", "api"])
def test_a_merge_that_was_undone_leaves_the_clock_as_if_it_had_never_been(what: str, by: str) -> None:
    stopped = clock_of(
        lead(desk_status=DeskStatus.MERGED if what == "merged" else DeskStatus.NEW),
        [GOT, merged(3, by, what=what)],
        SLA,
        OPEN_ALWAYS,
        running(),
    )
    again = running([GOT, merged(3, by, what=what), undone(5)], kept=stopped)
    assert again == running()


def test_a_lead_into_which_we_merged_another_goes_on_waiting_when_that_is_undone() -> None:
    assert running([GOT, merged(1, "system"), undone(180)], kept=running()) == running()


def test_what_was_done_before_a_merge_that_was_undone_or_after_it_counts() -> None:
    before = [GOT, event("noted", 2), merged(3), undone(5)]
    after = [GOT, merged(3), event("noted", 4), undone(5)]
    for history, minutes in ((before, 2), (after, 4)):
        assert running(history).took == minutes * MINUTE
        stopped = running(history[:3], kept=running())
        assert running(history, kept=stopped).took == minutes * MINUTE


def test_only_the_merge_that_was_undone_is_as_if_it_had_never_been() -> None:
    history = [GOT, merged(3), merged(6, other="L-1051"), undone(8, other="L-1051")]
    assert running(history).took == 3 * MINUTE
    assert running([*history, undone(9)]).stopped_at is None
    assert running([*history, undone(9), merged(12)]).took == 12 * MINUTE


LINES = st.tuples(
    st.sampled_from(["claimed", "noted", "contact_read", "moved", "returned", "merged_in"]),
    st.sampled_from(["U0ANA", "U0BEN", "system", "api"]),
)


@given(st.lists(LINES, max_size=5), st.data())
def test_wherever_merges_were_undone_the_clock_is_that_of_the_rest_of_the_history(
    lines: list[tuple[str, str]], data: st.DataObject
) -> None:
    history = [GOT, *(event(what, 2 * n, actor) for n, (what, actor) in enumerate(lines, 1))]
    kept = plain = running(history)
    told = list(history)
    for n in range(data.draw(st.integers(1, 3))):
        first = data.draw(st.integers(1, len(told)))
        then = data.draw(st.integers(first, len(told)))
        by = data.draw(st.sampled_from(["U0ANA", "system", "api"]))
        pair = merged(100 + n, by, other=f"L-{n}"), undone(200 + n, other=f"L-{n}")
        told = [*told[:first], pair[0], *told[first:then], pair[1], *told[then:]]
        kept = running(told, kept=data.draw(st.sampled_from([None, kept])))
    assert kept == plain


def test_the_answer_that_asked_for_a_merge_goes_with_it() -> None:
    said = event("same_request", 3).model_copy(update={"event_id": "click-3"})
    assert running([GOT, said, merged(3), undone(5)]).stopped_at is None


def test_a_clock_that_begins_anew_takes_no_step_twice() -> None:
    reminded = event("reminded", 8, "system")
    assert running([GOT, reminded, merged(9, "api"), undone(10, "api")]).rung == 1
    escalated = event("escalated", 16, "system")
    assert running([GOT, escalated, merged(17, "api"), undone(18, "api")]).rung == 2


def test_it_is_met_until_the_last_moment_and_missed_after_it() -> None:
    assert running([event("claimed", 15)]).state(RECEIVED) == State.MET
    assert running([event("claimed", 15.1)]).state(RECEIVED) == State.MISSED
    assert running().state(RECEIVED + 15 * MINUTE) == State.RUNNING
    assert running().state(RECEIVED + 16 * MINUTE) == State.OVERDUE


def test_another_urgency_moves_the_deadline_and_keeps_the_steps_taken() -> None:
    kept = running().model_copy(update={"rung": 1})
    calmer = lead(analysis=analysis(urgency=Urgency.HIGH))
    clock = running(of=calmer, kept=kept)
    assert (clock.due_at, clock.rung) == (RECEIVED + timedelta(hours=2), 1)
    assert clock.next_at == RECEIVED + timedelta(hours=2)


def test_a_clock_that_was_stopped_stays_as_it_is() -> None:
    kept = running([event("claimed", 12)])
    later = lead(analysis=analysis(urgency=Urgency.HIGH), desk_status=DeskStatus.WON)
    assert running([event("claimed", 12), event("won", 90)], later, kept) == kept


@pytest.mark.parametrize(
    "of",
    [
        lead(analysis=None),
        lead(analysis=analysis(urgency=Urgency.LOW)),
        lead(analysis=analysis(intent=Intent.SPAM)),
        lead(analysis=analysis(intent=Intent.SOLICITATION)),
        lead(desk_status=DeskStatus.MERGED),
        lead(desk_status=DeskStatus.LOST),
    ],
    ids=["not read", "no time for it", "spam", "a sales pitch", "merged by us", "closed by a machine"],
)
def test_where_nobody_waits_no_clock_runs(of: Lead) -> None:
    assert clock_of(of, [GOT], SLA, OPEN_ALWAYS) is None


def test_a_desk_without_times_or_without_hours_has_no_clock() -> None:
    assert clock_of(lead(), [GOT], None, OPEN_ALWAYS) is None
    assert clock_of(lead(), [GOT], SLA, Calendar(((),) * 7, UTC)) is None


def test_what_was_imported_has_no_clock() -> None:
    assert clock_of(lead(), [event("imported", 1)], SLA, OPEN_ALWAYS) is None


def test_handing_over_by_the_system_and_the_way_back_do_not_set_it_back() -> None:
    history = [GOT, event("assigned", 0, "system"), event("returned", 30, "system"), event("claimed", 40)]
    assert running(history).took == 40 * MINUTE


def test_what_we_took_for_a_repetition_begins_when_it_is_told_apart() -> None:
    history = [GOT, event("merged", 1, "system"), event("unmerged", 180), event("claimed", 190, "U0BEN")]
    clock = running(history)
    assert (clock.started_at, clock.took, clock.stopped_by) == (
        RECEIVED + 180 * MINUTE,
        10 * MINUTE,
        "U0BEN",
    )


def test_who_had_the_lead_last_while_it_ran_is_remembered() -> None:
    given_to = running(of=lead(owner="U0ANA"))
    back = running([GOT, event("returned", 30, "system")], lead(owner=None), given_to)
    taken = running([GOT, event("claimed", 40, "U0BEN")], lead(owner="U0BEN"), back)
    assert [each.owner for each in (given_to, back, taken)] == ["U0ANA"] * 3


def test_too_late_is_whose_it_was_when_its_time_ran_out() -> None:
    given_to = running(of=lead(owner="U0ANA"))
    in_time = running(of=lead(owner="U0BEN", updated_at=RECEIVED + 14 * MINUTE), kept=given_to)
    too_late = running(of=lead(owner="U0BEN", updated_at=RECEIVED + 31 * MINUTE), kept=given_to)
    assert (in_time.owner, too_late.owner) == ("U0BEN", "U0ANA")


def test_a_lead_of_nobody_that_somebody_claims_was_nobodys_until_then() -> None:
    assert running([GOT, event("claimed", 3, "U0BEN")], lead(owner="U0BEN"), running()).owner is None


def test_after_an_outage_nobody_is_reminded_of_what_is_escalated() -> None:
    late = climb(running(), 15 * MINUTE, SLA, OPEN_ALWAYS, RECEIVED + 20 * MINUTE)
    assert late.steps == (Rung.ESCALATE,)
    assert (late.clock.rung, late.clock.next_at) == (2, RECEIVED + 30 * MINUTE)
    gone = climb(running(), 15 * MINUTE, SLA, OPEN_ALWAYS, RECEIVED + timedelta(days=2))
    assert (gone.steps, gone.clock.next_at) == ((Rung.ESCALATE, Rung.RETURN), None)


def test_before_it_is_due_no_step_is_taken() -> None:
    clock = running()
    assert climb(clock, 15 * MINUTE, SLA, OPEN_ALWAYS, RECEIVED + 7 * MINUTE).clock == clock


def test_a_returned_lead_is_nobodys_and_new() -> None:
    assert returned(lead(owner="U0ANA", desk_status=DeskStatus.SNOOZED)) == {
        "owner": None,
        "desk_status": DeskStatus.NEW,
    }
    assert returned(lead()) == {}


class Desk:
    """A desk under a simulated clock: the real decisions, with an alarm that rings when it was set to."""

    def __init__(self, of: Lead, sla: Sla, calendar: Calendar, acts_at: datetime | None) -> None:
        self.of, self.sla, self.calendar = of, sla, calendar
        self.acts_at = acts_at
        self.done: list[tuple[datetime, Rung]] = []

    def run(self, outages: Sequence[tuple[datetime, datetime]] = ()) -> Clock:
        """From receipt to the end of the ladder; while the process is stopped, alarms wait."""
        clock = clock_of(self.of, [], self.sla, self.calendar)
        assert clock is not None
        within = self.sla.within[Urgency.URGENT]
        while clock.next_at is not None:
            now = clock.next_at
            now = next((end for begin, end in outages if begin <= now < end), now)
            if self.acts_at is not None and self.acts_at <= now:
                break
            climbed = climb(clock, within, self.sla, self.calendar, now)
            self.done += [(now, step) for step in climbed.steps]
            clock = climbed.clock
        history = [] if self.acts_at is None else [self._claimed(self.acts_at)]
        after = clock_of(self.of, history, self.sla, self.calendar, clock)
        assert after is not None
        return after

    def _claimed(self, at: datetime) -> Event:
        return Event(event_id="c", lead_id="l", at=at, actor="U0ANA", what="claimed", told=True)


CHANGES = [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)]
"""When Europe's clocks go forward and back."""


@pytest.mark.parametrize("change", CHANGES, ids=["forward", "back"])
@pytest.mark.parametrize("hours", [OFFICE, NIGHTS, ALWAYS], ids=["office", "nights", "always"])
def test_the_ladder_is_climbed_in_business_time_over_a_change_of_clocks(
    change: datetime, hours: Week
) -> None:
    calendar = Calendar(hours, ZoneInfo("Europe/Berlin"))
    sla = Sla(within={Urgency.URGENT: timedelta(hours=5)})
    for ahead in range(0, 48 * 60, 37):
        received = change - timedelta(hours=40) + ahead * MINUTE
        desk = Desk(lead(received_at=received), sla, calendar, None)
        assert desk.run().next_at is None
        assert [step for _, step in desk.done] == [Rung.REMIND, Rung.ESCALATE, Rung.RETURN]
        assert [calendar.between(received, at) for at, _ in desk.done] == [
            timedelta(hours=hours) for hours in (2.5, 5, 10)
        ]


calendars = st.builds(
    lambda hours, zone: Calendar(hours, ZoneInfo(zone)),
    st.sampled_from([OFFICE, NIGHTS, ALWAYS]),
    st.sampled_from(ZONES),
)
minutes = st.integers(0, 20_000).map(lambda count: count * MINUTE)


@given(
    calendars,
    st.integers(0, 366 * 24 * 60).map(lambda count: datetime(2026, 1, 1, tzinfo=UTC) + count * MINUTE),
    st.integers(1, 3_000).map(lambda count: count * MINUTE),
    st.none() | minutes,
    st.lists(st.tuples(minutes, minutes), max_size=3),
)
def test_whenever_it_stands_still_no_step_comes_early_or_twice_or_after_an_act(
    calendar: Calendar,
    at: datetime,
    within: timedelta,
    acts: timedelta | None,
    outages: list[tuple[timedelta, timedelta]],
) -> None:
    sla = Sla(within={Urgency.URGENT: within})
    acts_at = None if acts is None else at + acts
    desk = Desk(lead(received_at=at), sla, calendar, acts_at)
    clock = desk.run([(at + begin, at + begin + length) for begin, length in outages])
    steps = [step for _, step in desk.done]
    assert len(steps) == len(set(steps))
    for moment, step in desk.done:
        share = next(rung.at for rung in sla.ladder if rung.do == step)
        assert calendar.between(at, moment) >= within * share
        assert acts_at is None or moment < acts_at
    if acts_at is not None:
        took = calendar.between(at, acts_at)
        # Both where time is up as the desk closes: who acts at night took all of it, and comes too late.
        possible = {State.MET: took <= within, State.MISSED: took >= within}
        assert possible[clock.state(acts_at)]


def test_a_ladder_of_a_file_is_climbed_on_the_hours_of_that_file() -> None:
    desk = read_desk_file(
        """
channel: "#leads"
time_zone: America/Chicago
hours: {mon-fri: 09:00-17:00}
holidays: {country: US}
sla: {within: {urgent: 4h}, ladder: [{at: 100%, do: escalate}]}
""",
        "x.yaml",
    )
    wednesday = datetime(2026, 11, 25, 15, tzinfo=ZoneInfo("America/Chicago"))
    made = Desk(lead(received_at=wednesday), desk.sla or SLA, desk_calendar(desk), None)
    made.run()
    assert made.done == [(datetime(2026, 11, 27, 11, tzinfo=ZoneInfo("America/Chicago")), Rung.ESCALATE)]


def test_steps_of_a_ladder_may_be_of_one_kind() -> None:
    twice = Sla(
        within={Urgency.URGENT: MINUTE}, ladder=(Step(at=1, do=Rung.REMIND), Step(at=2, do=Rung.REMIND))
    )
    desk = Desk(lead(), twice, OPEN_ALWAYS, None)
    desk.run()
    assert [at for at, _ in desk.done] == [RECEIVED + MINUTE, RECEIVED + 2 * MINUTE]
