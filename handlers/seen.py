"""What earlier leads say about this one: the card's "seen before", and the question when that is unclear."""

from collections.abc import Sequence

from core.actions import ActionName
from core.lead import DeskStatus, Lead, Match, MatchKind
from handlers.mrkdwn import ELLIPSIS, Block, ago, escape, mention, plain, visible_size
from handlers.wording import percent, veiled

RELATION = {
    MatchKind.DUPLICATE: "Same request as",
    MatchKind.REPEAT: "Known customer:",
    MatchKind.SIMILAR: "Like",
}

LIKELY = 0.65
"""Score from which a question about a request begins with "likely"."""

ANSWERS = {
    ActionName.SAME_REQUEST: "Same request",
    ActionName.SAME_PERSON: "Same person, new request",
    ActionName.DIFFERENT: "Different person",
}
"""The buttons under the question, in their order."""

_OUTCOMES = {
    DeskStatus.NEW: "unclaimed",
    DeskStatus.CLAIMED: "claimed",
    DeskStatus.APPROVED: "approved",
    DeskStatus.REJECTED: "rejected",
    DeskStatus.SNOOZED: "snoozed",
    DeskStatus.WON: "won",
    DeskStatus.LOST: "lost",
    DeskStatus.SPAM: "spam",
    DeskStatus.MERGED: "merged",
    DeskStatus.ARCHIVED: "archived",
}
"""How an earlier lead ended, or where it stands."""

_SIMILAR_MOST = 3
_STUMP = 12  # less room than this is no evidence


def seen_before(lead: Lead, limit: int, hidden: frozenset[str] = frozenset()) -> str:
    """Earlier leads that belong with this one, a line a kind; mrkdwn of about ``limit`` visible letters."""
    unsure = next((match for match in lead.matches if not match.sure), None)
    lines = [_line(lead, _question(unsure), [unsure], limit, hidden)] if unsure else []
    for kind in MatchKind:
        found = [match for match in lead.matches if match.kind == kind and match.sure]
        if found:
            room = limit - sum(visible_size(line) + 1 for line in lines)
            lines.append(_line(lead, RELATION[kind], found, room, hidden))
    kept: list[str] = []
    for line in lines:
        if kept and sum(visible_size(each) + 1 for each in kept) + visible_size(line) > limit:
            break
        kept.append(line)
    return "\n".join(kept)


def answer_buttons(match: Match) -> list[Block]:
    """The buttons that say what this lead is to that earlier one."""
    return [
        {"type": "button", "action_id": name.value, "text": plain(label, 75), "value": match.lead_id}
        for name, label in ANSWERS.items()
    ]


def _question(match: Match) -> str:
    if match.kind == MatchKind.REPEAT:
        return "Maybe the same person as"
    return "Likely duplicate of" if match.score >= LIKELY else "Maybe the same request as"


def _line(lead: Lead, relation: str, found: Sequence[Match], limit: int, hidden: frozenset[str]) -> str:
    first = found[0]
    if first.kind == MatchKind.SIMILAR:
        named = ", ".join(
            f"{match.number} ({percent(match.score)})"
            for match in sorted(found, key=lambda match: -match.score)[:_SIMILAR_MOST]
        )
    elif first.kind == MatchKind.REPEAT and first.sure:
        first = max(found, key=lambda match: match.number.zfill(12))  # the last one is what they remember
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        named = f"{first.number}{_standing(first)}{more}"
    else:
        named = f"{first.number}{_standing(first)}"
    line = f"{relation} {named}"
    room = limit - visible_size(line) - 2
    evidence = "; ".join(_evidence(first, against=not first.sure))
    because = veiled(evidence, lead.analysis, hidden)
    if not because or room < _STUMP:
        return line
    return f"{line}: {escape(because, room)}"


def _standing(match: Match) -> str:
    """Where the earlier lead stands, whose it is and how old: `` (won, @Ana, 3 weeks ago)``."""
    parts = [
        _OUTCOMES[match.desk_status] if match.desk_status else "",
        mention(match.owner) if match.owner else "",
        ago(match.received_at) if match.received_at else "",
    ]
    said = ", ".join(filter(None, parts))
    return f" ({said})" if said else ""


def _evidence(match: Match, *, against: bool) -> list[str]:
    """What weighs most for it, three pieces, heaviest first; for a question what speaks against it too."""
    pieces = sorted(match.evidence, key=lambda piece: -abs(piece.weight))
    speaking = [piece.says for piece in pieces if piece.weight > 0][:3]
    if against:
        speaking += [f"but {piece.says}" for piece in pieces if piece.weight < 0][:1]
    return [says for says in speaking if says.strip(ELLIPSIS + " ")]
