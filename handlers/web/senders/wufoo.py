"""Wufoo: form-encoded, the questions in FieldStructure if its metadata is sent too (Webhooks)."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from core.intake.answered import Answer
from handlers.web.senders.sender import Delivery, Sender, filled_in, key_of, objects, text

FIELDS = {"email": "email", "phone": "phone", "textarea": "message"}
NAMES = {"First": "first_name", "Last": "last_name"}


def _reads(payload: Any) -> list[Delivery]:
    sent = payload if isinstance(payload, Mapping) else {}
    form = _json(sent, "FormStructure")
    key = key_of(text(form, "Hash") or None, sent.get("EntryId")) or key_of(sent.get("EntryId"))
    structure = objects(_json(sent, "FieldStructure"), "Fields")
    if not structure:
        filled = {name: value for name, value in sent.items() if name.startswith("Field")}
        return [Delivery(key=key, fields=filled, form=text(form, "Hash") or None, nameless=True)]
    title = text(form, "Name")
    return [
        Delivery(
            key=key,
            answers=list(_answers(structure, sent)),
            about=filled_in(title, "Wufoo"),
            fields={"form": title},
        )
    ]


def _answers(structure: list[Mapping[str, Any]], sent: Mapping[str, Any]) -> Iterator[Answer]:
    for field in structure:
        title, kind = text(field, "Title"), text(field, "Type")
        parts = objects(field, "SubFields")
        if kind in {"name", "shortname"}:
            for each in parts:
                yield Answer(title, sent.get(text(each, "ID")), field=NAMES.get(text(each, "Label")))
        elif parts:  # an address, or check boxes
            yield Answer(title, [sent.get(text(each, "ID")) for each in parts])
        else:
            yield Answer(title, sent.get(text(field, "ID")), field=FIELDS.get(kind), open=kind == "text")


def _json(sent: Mapping[str, Any], name: str) -> Any:
    try:
        return json.loads(text(sent, name) or "{}")
    except (ValueError, RecursionError):
        return {}


WUFOO = Sender(
    name="Wufoo",
    carried=lambda payload: text(payload, "HandshakeKey"),
    reads=_reads,
    content_types=frozenset({"application/x-www-form-urlencoded", "multipart/form-data"}),
    status=200,
)
