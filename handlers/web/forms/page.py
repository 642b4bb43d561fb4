"""The form's pages: jinja2's templates with everything escaped, and headers that keep them in place."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.deskfile import Form
from handlers.web.forms.fields import HONEYPOT, Input

PAGES = Path(__file__).parent / "pages"

_TEMPLATES = Environment(
    loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)

_STYLE = (PAGES / "form.css").read_text(encoding="utf-8")
_SCRIPT = (PAGES / "height.js").read_text(encoding="utf-8")

DARK = 0.04045
"""Up to here sRGB is linear (WCAG 2.2, relative luminance)."""

READABLE = 4.5
"""Contrast of text that people can read (WCAG 2.2, 1.4.3)."""


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What a form shows.

    Attributes:
        token: of this opening of it.
        values: what was typed before.
        wrong: sentences by the input's name.
        notice: a sentence above all.
        hidden: further inputs that nobody sees.
    """

    token: str
    values: Mapping[str, str]
    wrong: Mapping[str, str]
    hidden: Mapping[str, str]
    notice: str = ""


def form_page(
    form: Form, asked: tuple[Input, ...], filled: Filled, *, action: str, status: int
) -> web.Response:
    """The form."""
    return _page("form.html", form, status, asked=asked, filled=filled, action=action, honeypot=HONEYPOT)


def thanks_page(form: Form, *, number: str, again: str) -> web.Response:
    """What follows: the reference that people can ask by."""
    return _page("thanks.html", form, 200, number=number, again=again)


def ink_on(colour: str) -> str:
    """Black or white, whichever can be read on this colour."""
    light = luminance(colour)
    return "#ffffff" if contrast(1.0, light) >= READABLE else "#000000"


def luminance(colour: str) -> float:
    """Of #rrggbb, 0 to 1 (WCAG 2.2, relative luminance)."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= DARK else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: float, other: float) -> float:
    """1 to 21, of two luminances."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def _page(template: str, form: Form, status: int, **facts: Any) -> web.Response:
    style = f":root{{--brand:{form.colour};--ink:{ink_on(form.colour)}}}\n{_STYLE}"
    html = _TEMPLATES.get_template(template).render(form=form, style=style, script=_SCRIPT, **facts)
    return web.Response(
        text=html, status=status, content_type="text/html", headers=headers(form, style, _SCRIPT)
    )


def headers(form: Form, style: str, script: str) -> dict[str, str]:
    """Nothing is loaded or run but what is ours; shown in frames of the named sites only."""
    policy = {
        "default-src": "'none'",
        "style-src": _hash(style),
        "script-src": _hash(script),
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": " ".join(["'self'", *form.sites]),
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Cache-Control": "no-store",
        "Referrer-Policy": "strict-origin",
    }


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
