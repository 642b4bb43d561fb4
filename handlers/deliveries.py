"""Deliveries that are no leads: why, in a sentence, for Home and the command line; Home's section; pure.

Nothing of what was sent is here, and no contact data: only when it came, from where, and why it is no lead.
"""

from core.home import Undone
from core.store.kept import WHY, Waits
from core.store.submissions import Delivery
from handlers import wording
from handlers.mrkdwn import Block, ago, channel, escape, markup, plain

READ, OLDER, NEWEST = "home:read", "home:older", "home:newest"
"""action_ids; that of reading again goes on with a colon and the delivery's id."""

GONE = "That delivery is not kept any more."
ON_ITS_WAY = "It is being read again. Refresh shows in a moment what came of it."

_WHY_MAX = 300


def told(delivery: Delivery) -> str:
    """What it is, or why it is no lead, in a sentence."""
    if delivery.number is not None:
        return f"It is {delivery.number} now."
    why = delivery.why or ""
    if delivery.code == Waits.FETCH and why != WHY[Waits.FETCH]:
        return f"Not fetched yet. {why}."
    if delivery.code in set(Waits):
        return f"{why[:1].upper()}{why[1:]}."
    return f"{'Refused' if delivery.read_key is None else 'Still refused'}: {delivery.field} {why}."


def section(undone: Undone) -> list[Block]:
    """A page of them with its title and the buttons to turn it; nothing where every delivery is a lead."""
    if not undone.deliveries:
        return []
    count = "1 is no lead" if undone.total == 1 else f"{undone.total:,} are no leads, newest first"
    blocks: list[Block] = [
        {"type": "divider"},
        {"type": "section", "text": markup(f"*Deliveries* · {count}")},
        *(_row(each) for each in undone.deliveries),
    ]
    turns = []
    if undone.after is not None:
        turns.append(_button(NEWEST, "Newest", "newest"))
    if undone.more:
        turns.append(_button(OLDER, "Older", undone.deliveries[-1].submission_id))
    return [*blocks, {"type": "actions", "elements": turns}] if turns else blocks


def _row(delivery: Delivery) -> Block:
    place = channel(delivery.desk) if delivery.desk else ""
    facts = [f"*{escape(wording.door(delivery.source), 60)}*", place, ago(delivery.received_at)]
    said = markup(f"{' · '.join(filter(None, facts))}\n{escape(told(delivery), _WHY_MAX)}")
    row: Block = {"type": "section", "text": said}
    if delivery.readable and delivery.code != Waits.SHAPE:  # that waits for a person's word, not for us
        row["accessory"] = _button(f"{READ}:{delivery.submission_id}", "Read again", delivery.submission_id)
    return row


def _button(action_id: str, label: str, value: str) -> Block:
    return {"type": "button", "action_id": action_id, "text": plain(label, 75), "value": value}
