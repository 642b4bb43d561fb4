"""A merge as people see it before it happens: the modal and the private answer, pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import NotAllowed
from core.lead import Lead, Match
from core.merge import Merge, preview
from handlers import cards, modals, wording
from handlers.answers import Answer
from handlers.mrkdwn import Block, clean, cut, escape, markup, plain

CHOOSE, CONFIRM = "merge_choose", "merge_confirm"
"""callback_ids of the two modals."""

DO, SWAP, CANCEL, UNDO = "merge_do", "merge_swap", "merge_cancel", "merge_undo"
"""action_ids of the buttons; their values are the leads' ids, kept before gone."""

_TITLE = "Merge leads"
_NUMBER, _CANDIDATE = "number", "candidate"
_VALUE_MAX = 80
_CUSTOM_MOST = 5

_LABELS = {"name": "Name", "email": "E-mail", "phone": "Phone", "company": "Company"}
_ALSO = {"name": "names", "email": "emails", "phone": "phones", "company": "companies"}


def told(text: str) -> Block:
    """The modal when there is nothing to choose: why."""
    return modals.told(_TITLE, text)


def choose(
    lead: Lead, candidates: Sequence[tuple[Match, Lead]], hidden: frozenset[str] = frozenset()
) -> Block:
    """The modal that asks which other lead this one is the same request as.

    Args:
        lead: the one whose card was clicked; its id comes back as ``view["private_metadata"]``.
        candidates: what it was matched with, likeliest first.
        hidden: names of entities this desk does not show.
    """
    blocks: list[Block] = [{"type": "section", "text": markup(_line(lead, hidden))}]
    options = [
        {
            "text": plain(cut(f"{wording.notice(each, hidden)} · {wording.percent(match.score)}", 75), 75),
            "value": each.lead_id,
        }
        for match, each in candidates
    ]
    if options:
        select = {
            "type": "static_select",
            "options": options,
            "initial_option": options[0],
        }
        blocks.append(modals.field(_CANDIDATE, "Alike, found before", select))
    typed = {
        "type": "plain_text_input",
        "max_length": 20,
        "placeholder": plain("L-1042", 150),
    }
    blocks.append(
        modals.field(_NUMBER, "Or another lead's number" if options else "The other lead's number", typed)
    )
    return _modal(blocks, callback_id=CHOOSE, private_metadata=lead.lead_id, submit=plain("Preview", 24))


def read_choice(view: Mapping[str, Any]) -> str:
    """The other lead's number as typed, else the id of the one chosen; empty when neither was."""
    values = view["state"]["values"]
    typed = values.get(_NUMBER, {}).get(_NUMBER, {}).get("value")
    chosen = (values.get(_CANDIDATE, {}).get(_CANDIDATE, {}).get("selected_option") or {}).get("value")
    return (typed or "").strip() or chosen or ""


def errors_of(why: str) -> dict[str, str]:
    """What is wrong, beside the number, for ``ack(response_action="errors", errors=…)``."""
    return {_NUMBER: cut(clean(why), 200)}


def confirm(merge: Merge, hidden: frozenset[str] = frozenset()) -> Block:
    """The modal that shows what would come of it."""
    blocks = _preview(merge, hidden)
    if _can_swap(merge):
        blocks.append({"type": "actions", "block_id": "merge", "elements": [_swap(merge)]})
    return _modal(blocks, callback_id=CONFIRM, private_metadata=_pair(merge), submit=plain("Merge", 24))


def ask(merge: Merge, hidden: frozenset[str] = frozenset()) -> Answer:
    """The same as a private answer, with its buttons."""
    buttons = [_button(DO, "Merge", _pair(merge)) | {"style": "primary"}]
    buttons += [_swap(merge)] if _can_swap(merge) else []
    buttons.append(_button(CANCEL, "Cancel", "-"))
    blocks = [*_preview(merge, hidden), {"type": "actions", "block_id": "merge", "elements": buttons}]
    return Answer(text=f"Merge {merge.gone.number} into {merge.kept.number}?", blocks=blocks)


def ask_undo(kept: Lead, gone: Lead) -> Answer:
    """Whether this merge is to be undone."""
    text = f"{gone.number} is merged into {kept.number}. Make two leads of them again, as they were?"
    buttons = [
        _button(UNDO, "Undo merge", f"{kept.lead_id} {gone.lead_id}") | {"style": "primary"},
        _button(CANCEL, "Cancel", "-"),
    ]
    blocks: list[Block] = [
        {"type": "section", "text": markup(text)},
        {"type": "actions", "block_id": "merge", "elements": buttons},
    ]
    return Answer(text=text, blocks=blocks)


def pair_of(value: str) -> tuple[str, str]:
    """The ids of the kept and the gone lead, from a button's value or a modal's metadata."""
    kept, _, gone = value.partition(" ")
    return kept, gone


def _preview(merge: Merge, hidden: frozenset[str]) -> list[Block]:
    title = f"*{merge.kept.number} is kept, {merge.gone.number} is merged into it.*"
    lines = [title, _line(merge.kept, hidden), _line(merge.gone, hidden)]
    note = "The other lead keeps its message and history, and this can be undone."
    return [
        {"type": "section", "text": markup("\n".join(lines))},
        {"type": "section", "text": markup("\n".join(_survives(merge, hidden)))},
        {"type": "context", "elements": [plain(note, 200)]},
    ]


def _line(lead: Lead, hidden: frozenset[str]) -> str:
    sender = escape(wording.sender(lead), 60)
    return f"{escape(wording.notice(lead, hidden))} · {sender} · {cards.state(lead)}"


def _survives(merge: Merge, hidden: frozenset[str]) -> list[str]:
    """A line a field of the survivor, with where it comes from when that is not the kept lead."""
    kept, survivor = merge.kept, merge.survivor
    lines = []
    for name, label in _LABELS.items():
        mine, shown = getattr(kept.contact, name), getattr(survivor.contact, name)
        said = [_from(merge, escape(shown, _VALUE_MAX), new=shown != mine)] if shown else []
        known = getattr(kept.also, _ALSO[name])
        others = getattr(survivor.also, _ALSO[name])
        said += [
            _from(merge, escape(text, _VALUE_MAX), new=text not in (mine, *known)) for text in others[:3]
        ]
        said += [f"{len(others) - 3} more"] if len(others) > 3 else []  # noqa: PLR2004 - as shown above
        if said:
            lines.append(f"{label}: {', also '.join(said)}")
    if survivor.source_url != kept.source_url:
        lines.append(_from(merge, f"Page: {escape(survivor.source_url or '', _VALUE_MAX)}", new=True))
    added = [name for name in survivor.custom_fields if name not in kept.custom_fields]
    for name in added[:_CUSTOM_MOST]:
        text = wording.veiled(f"{name}: {survivor.custom_fields[name]}", merge.gone.analysis, hidden)
        lines.append(_from(merge, escape(text, _VALUE_MAX), new=True))
    if len(added) > _CUSTOM_MOST:
        lines.append(f"and {len(added) - _CUSTOM_MOST} more fields from {merge.gone.number}")
    changed = (survivor.owner, survivor.desk_status) != (kept.owner, kept.desk_status)
    lines.append(_from(merge, f"State: {cards.state(survivor)}", new=changed))
    return lines


def _from(merge: Merge, text: str, *, new: bool) -> str:
    return f"{text} (from {merge.gone.number})" if new else text


def _can_swap(merge: Merge) -> bool:
    try:
        preview(merge.gone, merge.kept)
    except NotAllowed:
        return False
    return True


def _pair(merge: Merge) -> str:
    return f"{merge.kept.lead_id} {merge.gone.lead_id}"


def _swap(merge: Merge) -> Block:
    return _button(SWAP, f"Swap: keep {merge.gone.number}", f"{merge.gone.lead_id} {merge.kept.lead_id}")


def _button(action_id: str, label: str, value: str) -> Block:
    return {"type": "button", "action_id": action_id, "text": plain(label, 75), "value": value}


def _modal(blocks: list[Block], **more: Any) -> Block:
    return modals.modal(_TITLE, blocks, **more)
