"""Who has a lead and why, as /lead why answers it: readable in ten seconds. Pure."""

from core.lead import DeskStatus
from core.reader import Whose
from core.routing import About, Considered
from handlers import cards
from handlers.answers import Answer
from handlers.mrkdwn import Block, channel, escape, markup, mention, moment

LINES_MAX = 40
"""Lines of the trace; a desk with more rules and reps than that reads its file."""

_TEXT_MAX = 2_900

_MARKS = {True: "\N{CHECK MARK}", False: "\N{MULTIPLICATION SIGN}"}


def why(whose: Whose) -> Answer:
    """Who has it and since what decision, then everything that was considered, a line each."""
    lead, given = whose.lead, whose.assignment
    head = f"*{lead.number}* · {cards.state(lead)}"
    if given is None:
        return _answer(head, [_undecided(whose)])
    decision = given.decision
    first = f"given to {mention(decision.owner)}" if decision.owner else "left in the pool"
    place = f" at {channel(decision.desk)}"
    lines = [f"{moment(given.at)}: {first}{place}: {escape(decision.reason, 200)}."]
    if given.given_back_at is not None and decision.owner is not None:
        lines.append(f"It counts for nobody's turn since {moment(given.given_back_at)}.")
    if lead.owner not in {None, decision.owner} or lead.desk_status not in {
        DeskStatus.NEW,
        DeskStatus.CLAIMED,
    }:
        lines.append("What happened since is in */lead show*.")
    trace = [_considered(each) for each in decision.trace[:LINES_MAX]]
    if len(decision.trace) > LINES_MAX:
        trace.append(f"… and {len(decision.trace) - LINES_MAX} more")
    return _answer(head, lines, trace)


def _undecided(whose: Whose) -> str:
    if whose.lead.desk_status == DeskStatus.MERGED:
        return "It repeats another request, which has an owner of its own."
    if whose.lead.owner is None:
        return "Nobody was chosen: this desk has no reps and no rules. Whoever likes claims it."
    return "Nobody was chosen: it was claimed, or handed over, by a person. */lead show* says by whom."


def _considered(each: Considered) -> str:
    name = {
        About.OWNER: mention(each.name),
        About.REP: mention(each.name),
        About.RULE: f"Rule “{escape(each.name, 60)}”",
        About.DESK: channel(each.name),
        About.LEAD: escape(each.name, 60),
    }[each.about]
    return f"{_MARKS[each.so]} {name}: {escape(each.why, 200)}"


def _answer(head: str, lines: list[str], trace: list[str] | None = None) -> Answer:
    blocks: list[Block] = [{"type": "section", "text": markup("\n".join([head, *lines]))}]
    room = _TEXT_MAX
    kept = []
    for line in trace or ():
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    if kept:
        blocks.append({"type": "section", "text": markup("\n".join(kept))})
    return Answer(text=head, blocks=blocks)
