"""The modal of a desk's rules, and the form of one rule; pure."""

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from pydantic import ValidationError

from core.deskfile import Routing, Rule
from core.lead import Intent, Urgency
from core.routing.fitting import asked
from core.routing.rulebook import Rulebook, Step
from handlers.modals import entered, errors, field, modal, option, text
from handlers.mrkdwn import Block, channel, escape, markup, mention, plain

TITLE: Final = "Rules"

RULE: Final = "rule_form"
"""callback_id of the form of one rule."""

ADD, OTHERWISE, KNOWN = "rule_add", "rules_otherwise", "rules_known_owner"
MENU: Final = "rule_menu_"
"""action_ids; the menu's ends with the place of its rule."""

EDIT: Final = "edit"

NAME, TO, DESK = "name", "to", "desk"
LISTS = {"source": "Source", "language": "Language", "area": "Area"}
CHOICES: Final[Mapping[str, type[StrEnum]]] = {"intent": Intent, "urgency": Urgency}
QUALITIES = {"quality_from": "Quality from", "quality_below": "Quality below"}
"""Block ids."""

RULES_MAX = 40
"""Rules in the modal; a desk with more edits its file."""

_HINTS = {
    "source": "Such as web_form, typeform; several with commas.",
    "language": "Two letters, such as es; several with commas.",
    "area": "Beginnings of postcodes or phone numbers, or names of places; several with commas.",
}
_OPTIONS_MAX = 100
_WORDS_MAX = 500
_STEPS = {EDIT: "Edit…", Step.UP: "Up", Step.DOWN: "Down", Step.REMOVE: "Remove"}
_OTHERWISE = {"turns": "else the reps in turn", "pool": "else nobody, until somebody claims it"}


def book(rules: Rulebook, note: str | None = None) -> Block:
    """All rules in their order, each with what can be done to it.

    note: what to say above them, such as why a change was refused.
    """
    origin = "as its file says" if rules.set_by is None else f"set by {mention(rules.set_by)}"
    head = (
        f"New leads of {channel(rules.file.channel)}, {origin}. The first rule that fits and has somebody"
        " there decides. Each change counts at once, until the desk's file is changed."
    )
    shown = rules.routing.rules[:RULES_MAX]
    blocks: list[Block] = [
        *([{"type": "section", "text": markup(f"*{escape(note, 500)}*")}] if note else []),
        {"type": "section", "text": markup(head)},
        *(_rule(at, rule) for at, rule in enumerate(shown)),
    ]
    if len(rules.routing.rules) > len(shown):
        more = f"{len(rules.routing.rules) - len(shown)} more are in force and not shown."
        blocks.append({"type": "context", "elements": [plain(more, 100)]})
    add = {"type": "button", "action_id": ADD, "text": plain("Add a rule", 75)}
    below = [*([add] if len(shown) < RULES_MAX else []), _otherwise(rules.routing), _known(rules.routing)]
    blocks.append({"type": "actions", "elements": below})
    return modal(TITLE, blocks, private_metadata=_kept(rules))


def form(
    rules: Rulebook,
    at: int | None,
    *,
    names: Mapping[str, str],
    business_types: Iterable[str],
    desks: Iterable[str],
    root: str,
) -> Block:
    """The form of one rule.

    Args:
        rules: as they were looked at.
        at: the rule's place; None: a new one.
        names: the desk's reps by Slack user id, with what they are called.
        business_types: all that there are.
        desks: the other desks' channels.
        root: view id of the modal with all rules.
    """
    rule = None if at is None else rules.routing.rules[at]
    when = rule.when.model_dump(mode="json") if rule else {}
    people = {user: names.get(user, user) for user in rules.file.reps}
    types = {each: each.replace("_", " ") for each in sorted(business_types)}
    other = {each: each for each in desks}
    blocks = [
        field(NAME, "Name", text(60, rule.name if rule else ""), optional=False),
        *(
            [field("business_type", "Business type", _several(types, when.get("business_type", ())))]
            if types
            else []
        ),
        *(
            field(name, label, text(_WORDS_MAX, ", ".join(when.get(name, ()))), hint=_HINTS[name])
            for name, label in LISTS.items()
        ),
        *(
            field(name, name.capitalize(), _several(_labels(choices), when.get(name, ())))
            for name, choices in CHOICES.items()
        ),
        *(
            field(name, label, text(3, "" if when.get(name) is None else str(when[name])))
            for name, label in QUALITIES.items()
        ),
        *([field(TO, "Goes to, in turn", _several(people, rule.to if rule else ()))] if people else []),
        *([field(DESK, "Or to another desk", _one(other, rule.desk if rule else None))] if other else []),
    ]
    return modal(
        "New rule" if rule is None else "Rule",
        blocks,
        callback_id=RULE,
        private_metadata=_kept(rules, at=at, root=root),
        submit=plain("Save", 24),
    )


def read(view: Mapping[str, Any]) -> tuple[Rule | None, dict[str, str]]:
    """The rule that was entered, or None and what is wrong, beside its input."""
    when: dict[str, Any] = {name: _words(entered(view, name)) for name in LISTS}
    when |= {name: entered(view, name) or [] for name in ("business_type", *CHOICES)}
    when |= {name: (entered(view, name) or "").strip() or None for name in QUALITIES}
    said = {
        "name": " ".join((entered(view, NAME) or "").split()),
        "when": when,
        "to": entered(view, TO) or [],
        "desk": entered(view, DESK),
    }
    try:
        return Rule.model_validate(said), {}
    except ValidationError as error:
        wrong: dict[str, str] = {}
        for each in error.errors():
            place = next((str(part) for part in reversed(each["loc"]) if part in {*when, NAME}), NAME)
            wrong |= errors(place, str(each["msg"]).removeprefix("Value error, "))
        return None, wrong


def kept(view: Mapping[str, Any]) -> dict[str, Any]:
    """What a view of ours carries: desk, seen (the revision), and of a form at and root."""
    return dict(json.loads(view["private_metadata"]))


def _rule(at: int, rule: Rule) -> Block:
    goes = channel(rule.desk) if rule.desk else ", ".join(map(mention, rule.to))
    said = f"*{at + 1}. {escape(rule.name)}*\n{escape(asked(rule.when), 400)} → {goes}"
    menu = {
        "type": "overflow",
        "action_id": f"{MENU}{at}",
        "options": [option(f"{name}:{at}", label) for name, label in _STEPS.items()],
    }
    return {"type": "section", "text": markup(said), "accessory": menu}


def _otherwise(routing: Routing) -> Block:
    choices = _labels_of(_OTHERWISE)
    chosen = next(each for each in choices if each["value"] == routing.otherwise)
    return {"type": "static_select", "action_id": OTHERWISE, "options": choices, "initial_option": chosen}


def _known(routing: Routing) -> Block:
    box = option(KNOWN, "A customer's own rep comes first")
    boxes: Block = {"type": "checkboxes", "action_id": KNOWN, "options": [box]}
    return boxes | ({"initial_options": [box]} if routing.known_owner else {})


def _several(choices: Mapping[str, str], chosen: Iterable[str]) -> Block:
    options = _labels_of(choices)
    initial = [each for each in options if each["value"] in set(chosen)]
    select: Block = {"type": "multi_static_select", "options": options}
    return select | ({"initial_options": initial} if initial else {})


def _one(choices: Mapping[str, str], chosen: str | None) -> Block:
    options = _labels_of(choices)
    initial = next((each for each in options if each["value"] == chosen), None)
    select: Block = {"type": "static_select", "options": options}
    return select | ({"initial_option": initial} if initial else {})


def _labels(choices: type[StrEnum]) -> dict[str, str]:
    return {each.value: each.value.replace("_", " ") for each in choices}


def _labels_of(choices: Mapping[str, str]) -> list[Block]:
    return [option(value, label) for value, label in list(choices.items())[:_OPTIONS_MAX]]


def _words(typed: str | None) -> list[str]:
    return [word for part in (typed or "").split(",") if (word := " ".join(part.split()))]


def _kept(rules: Rulebook, **more: Any) -> str:
    return json.dumps({"desk": rules.file.channel, "seen": rules.revision, **more}, separators=(",", ":"))
