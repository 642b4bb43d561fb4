"""The Home tab: what waits for whom, who is there, what I set, what an admin has to mend; pure.

No contact data is here but senders' names: opening Home is no reading of a lead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.findings import Finding
from core.home import Colleague, Home, Page, Pile
from core.lead import DeskStatus, Lead, Urgency
from core.rights import Role
from handlers import cards, deliveries, lists, me, wording
from handlers.lists import Hidden, nothing_hidden
from handlers.modals import option
from handlers.mrkdwn import Block, ago, channel, escape, markup, mention, moment, plain, sentence

CLAIM, NEXT, BACK, DESK, REFRESH = "home:claim", "home:next", "home:back", "home:desk", "home:refresh"
"""action_ids, or their beginnings: an id is there once in a view, so a colon and the list follow."""

TITLES = {
    Pile.OVERDUE: "Overdue",
    Pile.MINE: "Yours",
    Pile.UNCLAIMED: "Unclaimed",
}

EMPTY = {
    Pile.MINE: "Nothing waits for you.",
    Pile.UNCLAIMED: "Every lead has somebody.",
}
"""What is not there is said, unless something is late; nobody needs to hear that nothing is."""

ROLES = {
    Role.ADMIN: "an admin",
    Role.MANAGER: "a manager",
    Role.REP: "a rep",
    Role.VIEWER: "a viewer",
}

STRANGER: Final = (
    "This is where a sales team works its leads. You belong to none of its desks. "
    "Ask to be invited to a desk's channel if you should."
)
AWAY: Final = "Slack or the store does not answer right now. No lead is lost. Please come back in a minute."
TO_MEND: Final = "Your desk cannot be shown. {why}. Please tell whoever runs it."

TEAM_MAX, DESKS_MAX, FINDINGS_MAX = 20, 100, 12
_SAYS_MAX = 300

_MINE = {
    DeskStatus.NEW: "Given to you",
    DeskStatus.CLAIMED: "Claimed",
    DeskStatus.APPROVED: "Approved",
}


def view(
    home: Home,
    *,
    now: datetime,
    links: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
    hidden: Hidden = nothing_hidden,
    findings: Sequence[Finding] = (),
    notice: str = "",
) -> Block:
    """Somebody's Home of one desk, at most 70 blocks whatever there is.

    Args:
        home: what there is to show.
        now: aware.
        links: addresses of the leads' cards, by lead id.
        names: what the desks' channels are called.
        hidden: business type -> names of entities that are not shown.
        findings: what was looked at of the set-up: for admins only.
        notice: what came of the last click, a sentence of ours.
    """
    blocks = _top(home, names or {})
    if notice:
        blocks.append({"type": "section", "text": markup(sentence(notice))})
    shown = _Lists(home=home, now=now, links=links or {}, hidden=hidden)
    for pile in Pile:
        blocks += shown.pile(pile)
    blocks += [*deliveries.section(home.undone), *_team(home), *_mine(home, now), *_set_up(findings)]
    return {
        "type": "home",
        "private_metadata": home.place.model_dump_json(exclude_none=True),
        "blocks": blocks,
    }


def told(text: str) -> Block:
    """A Home that only says something."""
    return {"type": "home", "blocks": [{"type": "section", "text": plain(text, 3_000)}]}


def _top(home: Home, names: Mapping[str, str]) -> list[Block]:
    sleep = f"{home.snoozed} of yours snoozed" if home.snoozed else ""
    said = [channel(home.desk.channel), f"you are {ROLES[home.role]} here", sleep]
    elements: list[Block] = [{"type": "button", "action_id": REFRESH, "text": plain("Refresh", 75)}]
    if len(home.desks) > 1:
        options = [option(each, names.get(each, each)) for each in home.desks[:DESKS_MAX]]
        chosen = next((each for each in options if each["value"] == home.desk.channel), options[0])
        elements.insert(
            0, {"type": "static_select", "action_id": DESK, "options": options, "initial_option": chosen}
        )
    return [
        {"type": "header", "text": plain("Your leads", 150)},
        {"type": "context", "elements": [markup(" · ".join(filter(None, said)))]},
        {"type": "actions", "elements": elements},
    ]


@dataclass(frozen=True, kw_only=True)
class _Lists:
    """The lists of leads, and what their rows are drawn with."""

    home: Home
    now: datetime
    links: Mapping[str, str]
    hidden: Hidden

    def pile(self, pile: Pile) -> list[Block]:
        """One list's page, with its title and the buttons to turn it."""
        page = self.home.lists.get(pile, Page())
        if not page.leads and (pile not in EMPTY or self.home.lists.get(Pile.OVERDUE, Page()).leads):
            return []
        count = f" · {page.total:,}, oldest first" if page.total > 1 else ""
        blocks: list[Block] = [
            {"type": "divider"},
            {"type": "section", "text": markup(f"*{TITLES[pile]}*{count}")},
        ]
        if not page.leads:
            blocks.append({"type": "context", "elements": [plain(EMPTY[pile], 200)]})
        blocks += [self._row(pile, lead) for lead in page.leads]
        if turns := _turns(pile, page):
            blocks.append({"type": "actions", "elements": turns})
        return blocks

    def _row(self, pile: Pile, lead: Lead) -> Block:
        line = lists.linked(lead, escape(wording.notice(lead, self.hidden(lead.business_type))), self.links)
        facts = [_state(pile, lead), self._clock(lead), ago(lead.received_at)]
        who, door = wording.sender(lead), wording.source(lead)
        facts += [escape(who, 60), escape(door) if door != who else ""]
        alarm = lead.analysis is not None and lead.analysis.urgency == Urgency.URGENT
        mark = f"{wording.ALARM} " if alarm else ""
        said = markup(f"{mark}*{line}*\n{' · '.join(filter(None, facts))}")
        row: Block = {"type": "section", "text": said}
        if lead.owner is None and self.home.role != Role.VIEWER:
            row["accessory"] = {
                "type": "button",
                "action_id": f"{CLAIM}:{pile}:{lead.lead_id}",
                "text": plain("Claim", 75),
                "value": lead.lead_id,
            }
        return row

    def _clock(self, lead: Lead) -> str:
        due = self.home.due.get(lead.lead_id)
        if due is None:
            return ""
        return f"*was due {ago(due)}*" if due < self.now else f"due {moment(due)}"


def _state(pile: Pile, lead: Lead) -> str:
    """What the list's title does not say yet."""
    if pile == Pile.MINE:
        return _MINE.get(lead.desk_status) or cards.state(lead)
    return cards.state(lead) if pile == Pile.OVERDUE else ""


def _turns(pile: Pile, page: Page) -> list[Block]:
    turns: list[Block] = []
    if page.after:
        turns.append(_turn(f"{BACK}:{pile}", "Back", str(page.after)))
    if page.more:
        turns.append(_turn(f"{NEXT}:{pile}", "Next", page.leads[-1].number.removeprefix("L-")))
    return turns


def _turn(action_id: str, label: str, value: str) -> Block:
    return {"type": "button", "action_id": action_id, "text": plain(label, 75), "value": value}


def _team(home: Home) -> list[Block]:
    if not home.team:
        return []
    sees_all = home.role in {Role.MANAGER, Role.ADMIN}
    there = sum(each.on_duty for each in home.team)
    title = f"*Team* · {there} of {len(home.team)} at work now"
    said = [_colleague(each, sees_all=sees_all) for each in home.team[:TEAM_MAX]]
    if rest := home.team[TEAM_MAX:]:
        said.append(f"and {len(rest)} more, with {sum(each.load.waiting for each in rest):,} open")
    return [{"type": "divider"}, {"type": "section", "text": markup("\n".join([title, *said]))}]


def _colleague(each: Colleague, *, sees_all: bool) -> str:
    """Reps see how much everybody has; managers also see why somebody gets no more."""
    count = f"{each.load.waiting:,} open"
    if not sees_all:
        return f"{mention(each.user)}  {count}"
    if each.capacity is not None:
        count = f"{each.load.waiting:,} of {each.capacity:,} open"
    sleep = f"{each.load.snoozed:,} snoozed" if each.load.snoozed else ""
    there = "at work" if each.on_duty else "not at work now"
    if each.away_until is not None:
        there = f"away until {each.away_until:%d %b}"
    return f"{mention(each.user)}  {', '.join(filter(None, [count, sleep, there]))}"


def _mine(home: Home, now: datetime) -> list[Block]:
    said = me.lines(home.desk, home.person, home.own, now)
    edit = {"type": "button", "action_id": me.EDIT, "text": plain("Edit", 75), "value": home.desk.channel}
    title = "*My hours and notices*"
    section: Block = {"type": "section", "text": markup("\n".join([title, *said])), "accessory": edit}
    return [{"type": "divider"}, section]


def _set_up(findings: Sequence[Finding]) -> list[Block]:
    """What is wrong with its mend, a block each; what is right in a line."""
    if not findings:
        return []
    wrong = [each for each in findings if not each.fine]
    title = f"*Set-up* · {f'{len(wrong)} to mend' if wrong else 'all is well'}"
    blocks: list[Block] = [{"type": "divider"}, {"type": "section", "text": markup(title)}]
    for each in wrong[:FINDINGS_MAX]:
        said = f"\N{WARNING SIGN} *{escape(each.name, 40)}*  {escape(each.says, _SAYS_MAX)}"
        blocks.append({"type": "section", "text": markup(said)})
    fine = [f"{escape(each.name, 40)}: {escape(each.says, 80)}" for each in findings if each.fine]
    if fine:
        blocks.append({"type": "context", "elements": [markup("\n".join(fine[:FINDINGS_MAX]))]})
    return blocks
