"""The form's questions and what was answered to them; pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.intake.answered import Answer, as_lead
from core.lead import MESSAGE_MAX
from prompts.business import FormField, FormGuide

HONEYPOT: Final = "website"
"""A field that people do not see: what is in it was filled in by a program."""

SOURCE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,29}", re.ASCII)
"""Of ``?src=``: where the link or the QR code is."""

SITE_PAGE: Final = re.compile(r"https?://[^\s<>\"']{1,500}")

LINE_MAX: Final = 300


@dataclass(frozen=True, kw_only=True)
class Input:
    """One input as the page draws it.

    Attributes:
        kind: ``text``, ``email``, ``tel``, ``textarea`` or ``select``.
        autocomplete: the browser's word for it.
        required: whether it has to be filled in.
        enough: one of those that have this is enough.
    """

    name: str
    label: str
    kind: str = "text"
    autocomplete: str = "off"
    required: bool = False
    enough: bool = False
    hint: str = ""
    options: tuple[str, ...] = ()
    most: int = LINE_MAX


def inputs(guide: FormGuide) -> tuple[Input, ...]:
    """The form's inputs in their order: who it is, how to reach them, what they want."""
    return (
        Input(name="name", label="Your name", autocomplete="name", required=True),
        Input(
            name="email",
            label="E-mail",
            kind="email",
            autocomplete="email",
            enough=True,
            hint="E-mail or phone: one of them is enough",
        ),
        Input(name="phone", label="Phone", kind="tel", autocomplete="tel", enough=True),
        *(_own(field) for field in guide.fields),
        Input(name="message", label=guide.message, kind="textarea", required=True, most=MESSAGE_MAX),
    )


def mistakes(entered: Mapping[str, str], asked: tuple[Input, ...]) -> dict[str, str]:
    """What is missing or wrong, a sentence by the input's name."""
    wrong = {
        each.name: f"Please fill in “{each.label}”."
        for each in asked
        if each.required and not entered.get(each.name)
    }
    if not entered.get("email") and not entered.get("phone"):
        wrong["email"] = "Please give an e-mail address or a phone number, so that we can answer."
    for each in asked:
        said = entered.get(each.name, "")
        if len(said) > each.most:
            wrong[each.name] = f"Please use at most {each.most:,} characters."
        elif each.options and said and said not in each.options:
            wrong[each.name] = f"Please choose one of the answers to “{each.label}”."
    return wrong


def entered(sent: Mapping[str, Any], asked: tuple[Input, ...]) -> dict[str, str]:
    """What was typed, by the input's name; nothing of what was not asked."""
    values = {each.name: sent.get(each.name) for each in asked}
    return {name: value.strip() for name, value in values.items() if isinstance(value, str)}


def lead_of(said: Mapping[str, str], asked: tuple[Input, ...], *, page: str, region: str) -> dict[str, Any]:
    """The fields for core.intake."""
    ours = {"name", "email", "phone", "message", "company"}
    answers = [
        Answer(each.label, said.get(each.name, ""), field=each.name if each.name in ours else None)
        for each in asked
    ]
    lead = as_lead(answers, about="", region=region)
    return lead | ({"source_url": page} if SITE_PAGE.fullmatch(page) else {})


def source_of(src: str) -> str:
    """The lead's source: where the link was, if it says so."""
    return f"form-{src}" if SOURCE.fullmatch(src) else "web_form"


def _own(field: FormField) -> Input:
    return Input(
        name=field.name,
        label=field.label,
        kind="select" if field.options else "text",
        autocomplete="organization" if field.name == "company" else "off",
        hint=field.hint,
        options=field.options,
    )
