"""A month of made-up leads is quieter than it was, and nobody who is wanted at once is told late."""

from bench.noise import DESK, controlled, month, naive, one_by_one
from core.deskfile import Level
from core.noise.notices import Reason

STORIES = month()


def test_people_are_pinged_several_times_less_than_if_everybody_was_mentioned() -> None:
    assert naive(STORIES).pings / controlled(STORIES).pings > 5


def test_people_are_pinged_less_than_if_each_notice_came_by_itself() -> None:
    assert controlled(STORIES).pings < one_by_one(STORIES).pings


def test_bursts_take_far_fewer_posts_than_leads() -> None:
    assert controlled(STORIES).posts < 0.8 * naive(STORIES).posts


def test_half_of_the_urgent_leads_owners_are_told_at_once() -> None:
    waits = sorted(controlled(STORIES).urgent_waits)
    assert waits[len(waits) // 2] <= 1


def test_with_all_silent_nobody_is_pinged() -> None:
    silent = DESK.noise.model_copy(update={"level": Level.SILENT, "urgent": Level.SILENT})
    few = [story for story in STORIES if story.lead.owner == "UREP1"]
    assert controlled(few, DESK.model_copy(update={"noise": silent})).pings == 0


def test_nobody_is_reminded_of_what_they_acted_on() -> None:
    quick = [story for story in STORIES if (story.acts_at - story.lead.received_at).total_seconds() < 600]
    reasons = controlled(quick).reasons
    assert (reasons[Reason.REMINDER], reasons[Reason.ESCALATION]) == (0, 0)
