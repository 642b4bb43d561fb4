"""The weekly report as people read it, beside its picture. Pure."""

from datetime import timedelta

from core.lead import OPEN, DeskStatus
from core.noise.weekly import Week
from handlers import cards, wording


def text(week: Week) -> str:
    """The figures in a few lines, as mrkdwn; free of names."""
    days = f"{week.first:%d %b} to {week.last:%d %b}"
    lines = [f"*The week of {days}: {week.total} {'lead' if week.total == 1 else 'leads'}*{_than(week)}"]
    ends = [(status, count) for status, count in week.outcomes.items() if status not in OPEN]
    still = week.total - sum(count for _, count in ends)
    outcomes = [f"{count} {cards.STATES[status].lower()}" for status, count in sorted(ends, key=_by_count)]
    lines.append(", ".join([*outcomes, f"{still} open"]))
    if week.first_act is not None:
        lines.append(f"Half of them had somebody within {spelled(week.first_act)}")
    if week.met is not None:
        lines.append(f"{wording.percent(week.met)} answered in time")
    return "\n".join(lines)


def spelled(amount: timedelta) -> str:
    """A length of time in its two largest units: ``2 h 5 min``."""
    minutes = max(1, round(amount.total_seconds() / 60))
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{minutes} min"


def _than(week: Week) -> str:
    if not week.before:
        return ""
    change = round(100 * (week.total - week.before) / week.before)
    return (
        f", {abs(change)} % {'more' if change > 0 else 'less'} than the week before"
        if change
        else ", as many as the week before"
    )


def _by_count(each: tuple[DeskStatus, int]) -> tuple[int, str]:
    return -each[1], each[0].value
