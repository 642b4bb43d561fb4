"""The question which of a sender's fields is which of ours: its message and its form; pure."""

from collections.abc import Mapping
from typing import Any

from core.intake.shapes import FIELDS, Column, Shape
from handlers import modals
from handlers.cards import Card
from handlers.mrkdwn import Block, clean, cut, escape, markup, mention, plain

CONFIRM, CORRECT = "shape_confirm", "shape_correct"
"""action_ids of the message's buttons; their value is the shape's id."""

FORM = "shape_form"
"""callback_id of the form; its private_metadata is the shape's id."""

TITLE = "Fields of a sender"

LABELS = {
    "email": "E-mail",
    "phone": "Phone",
    "first_name": "First name",
    "last_name": "Last name",
    "name": "Name",
    "company": "Company",
    "message": "Message",
}

KEPT = "kept"
"""The choice for a field that is none of ours: it is kept under its own name."""

ROWS_MAX = 12
"""Fields that the message names; the form has more."""

COLUMNS_MAX = 60
"""Fields that the form has, of the 100 blocks that Slack takes."""

_NAME_MAX, _SAMPLE_MAX = 40, 60


def asking(shape: Shape, waiting: int) -> Card:
    """The message: the guess with a sample, until somebody confirmed it; then what they said."""
    done = shape.confirmed_by is not None
    source = clean(shape.source.replace("_", " "))
    head = f"Fields of {source}" if done else f"What are these fields of {source}?"
    blocks: list[Block] = [
        {"type": "header", "text": plain(head, 150)},
        {"type": "section", "text": plain(_rows(shape, samples=not done), 2_900, lines=True)},
        {"type": "context", "elements": [markup(_state(shape, waiting))]},
        _buttons(shape, done=done),
    ]
    return Card(text=escape(head), blocks=blocks)


def form(shape: Shape) -> Block:
    """The form: one menu a field, set to the guess."""
    intro = "Say what each field is. What is none of these is kept with the lead under its own name."
    columns = shape.columns[:COLUMNS_MAX]
    blocks: list[Block] = [{"type": "section", "text": plain(intro, 300)}]
    blocks += [_menu(at, column) for at, column in enumerate(columns)]
    return modals.modal(
        TITLE, blocks, callback_id=FORM, private_metadata=shape.shape_id, submit=plain("Confirm", 24)
    )


def read(view: Mapping[str, Any], shape: Shape) -> dict[str, str | None]:
    """What was chosen for each field, by its name."""
    chosen = {
        column.name: modals.entered(view, f"column_{at}")
        for at, column in enumerate(shape.columns[:COLUMNS_MAX])
    }
    return {name: None if value in {None, KEPT} else str(value) for name, value in chosen.items()}


def wrong(fields: Mapping[str, str | None], shape: Shape) -> dict[str, str]:
    """What is wrong with the choices, for the form: one of ours can come from one of theirs only."""
    seen: set[str] = set()
    for at, column in enumerate(shape.columns[:COLUMNS_MAX]):
        field = fields.get(column.name)
        if field in seen:
            return modals.errors(f"column_{at}", f"{LABELS[field or '']} is another field already.")
        seen |= {field} if field else set()
    return {}


def _menu(at: int, column: Column) -> Block:
    options = [modals.option(field, LABELS[field]) for field in FIELDS]
    options.append(modals.option(KEPT, "Something else"))
    initial = next(each for each in options if each["value"] == (column.field or KEPT))
    element: Block = {"type": "static_select", "options": options, "initial_option": initial}
    hint = cut(clean(column.sample), _SAMPLE_MAX)
    return modals.field(f"column_{at}", cut(clean(column.name), 150) or "-", element, hint=hint)


def _rows(shape: Shape, *, samples: bool) -> str:
    ours = [column for column in shape.columns if column.field is not None]
    theirs = [column for column in shape.columns if column.field is None]
    rows = [_row(column, samples=samples) for column in [*ours, *theirs][:ROWS_MAX]]
    left = len(shape.columns) - ROWS_MAX
    return "\n".join([*rows, f"and {left} more"] if left > 0 else rows)


def _row(column: Column, *, samples: bool) -> str:
    what = LABELS[column.field] if column.field else "Something else"
    name = cut(clean(column.name), _NAME_MAX)
    sample = f": {cut(clean(column.sample), _SAMPLE_MAX)}" if samples else ""
    return f"{what} is {name}{sample}"


def _state(shape: Shape, waiting: int) -> str:
    place = f"form {escape(shape.form, 40)} · " if shape.form else ""
    if shape.confirmed_by is not None:
        return f"{place}Confirmed by {mention(shape.confirmed_by)}"
    leads = "1 delivery waits" if waiting == 1 else f"{waiting} deliveries wait"
    return f"{place}{leads} · an admin or manager of the desk says what is right, once"


def _buttons(shape: Shape, *, done: bool) -> Block:
    correct: Block = {"type": "button", "action_id": CORRECT, "text": plain("Correct…", 75)}
    confirm: Block = {"type": "button", "action_id": CONFIRM, "text": plain("That is right", 75)}
    buttons = [correct] if done else [confirm | {"style": "primary"}, correct]
    elements = [each | {"value": shape.shape_id} for each in buttons]
    return {"type": "actions", "block_id": f"shape:{shape.shape_id}", "elements": elements}
