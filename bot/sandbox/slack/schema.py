"""The few rules that Block Kit is described in; each finding is Slack's sentence with its JSON pointer."""

from collections.abc import Callable, Mapping
from typing import Any

Rule = Callable[[Any, str, list[str]], None]
"""Checks a value at a pointer and adds what is wrong to the list."""


def fail(found: list[str], pointer: str, what: str) -> None:
    """Add a finding in Slack's form."""
    found.append(f"[ERROR] {what} [json-pointer:{pointer}]")


def string(most: int, least: int = 0) -> Rule:
    """A string of ``least`` to ``most`` characters."""

    def check(value: Any, pointer: str, found: list[str]) -> None:
        if not isinstance(value, str):
            fail(found, pointer, "must provide a string")
        elif len(value) > most:
            fail(found, pointer, f"must be less than {most + 1} characters")
        elif len(value) < least:
            fail(found, pointer, f"must be more than {least - 1} characters")

    return check


def choice(*values: str) -> Rule:
    """One of these strings."""

    def check(value: Any, pointer: str, found: list[str]) -> None:
        if value not in values:
            fail(found, pointer, f"must be one of {', '.join(values)}")

    return check


def matching(fits: Callable[[Any], bool], what: str) -> Rule:
    """Whatever fits."""

    def check(value: Any, pointer: str, found: list[str]) -> None:
        if not fits(value):
            fail(found, pointer, what)

    return check


def boolean(value: Any, pointer: str, found: list[str]) -> None:
    """True or false."""
    if not isinstance(value, bool):
        fail(found, pointer, "must be a valid boolean value")


def integer(least: int, most: int) -> Rule:
    """A whole number in a range."""

    def check(value: Any, pointer: str, found: list[str]) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            fail(found, pointer, "must be a valid integer")
        elif not least <= value <= most:
            fail(found, pointer, f"must be between {least} and {most}")

    return check


def anything(_value: Any, _pointer: str, _found: list[str]) -> None:
    """What is not looked into."""


def items(rule: Rule, most: int, least: int = 1) -> Rule:
    """An array of ``least`` to ``most`` values of a kind."""

    def check(value: Any, pointer: str, found: list[str]) -> None:
        if not isinstance(value, list):
            fail(found, pointer, "must provide an array")
            return
        if len(value) > most:
            fail(found, pointer, f"no more than {most} items allowed")
        if len(value) < least:
            fail(found, pointer, f"must have at least {least} items")
        for index, each in enumerate(value[:most]):
            rule(each, f"{pointer}/{index}", found)

    return check


def each_field(fields: Mapping[str, Rule], *required: str) -> Rule:
    """An object with these fields, and maybe others that are not looked into."""

    def check(value: Any, pointer: str, found: list[str]) -> None:
        if not isinstance(value, dict):
            fail(found, pointer, "must provide an object")
            return
        for name in required:
            if value.get(name) is None:
                fail(found, pointer, f"missing required field: {name}")
        for name, each in value.items():
            if name in fields and each is not None:
                fields[name](each, f"{pointer}/{name}", found)

    return check


def record(fields: Mapping[str, Rule], *required: str) -> Rule:
    """An object with these fields and no others."""
    known = each_field(fields, *required)

    def check(value: Any, pointer: str, found: list[str]) -> None:
        known(value, pointer, found)
        for name in value if isinstance(value, dict) else ():
            if name not in fields:
                fail(found, pointer, f"invalid additional property: {name}")

    return check


def kinds(table: Mapping[str, Rule], *, named: str = "element") -> Rule:
    """An object that its ``type`` describes, of the types in the table."""

    def check(value: Any, pointer: str, found: list[str]) -> None:
        if not isinstance(value, dict):
            fail(found, pointer, "must provide an object")
        elif not isinstance(value.get("type"), str):
            fail(found, pointer, "missing required field: type")
        elif value["type"] not in table:
            fail(found, f"{pointer}/type", f"unsupported type: {value['type'][:40]} for this {named}")
        else:
            table[value["type"]](value, pointer, found)

    return check


def both(first: Rule, second: Rule) -> Rule:
    """Two rules on the same value; the second only on what passed the first."""

    def check(value: Any, pointer: str, found: list[str]) -> None:
        before = len(found)
        first(value, pointer, found)
        if len(found) == before:
            second(value, pointer, found)

    return check


def _text_of(type_: str, most: int, least: int) -> Rule:
    flag = "emoji" if type_ == "plain_text" else "verbatim"
    return record({"type": anything, "text": string(most, least), flag: boolean}, "text")


def plain(most: int, least: int = 1) -> Rule:
    """A plain_text object."""
    return kinds({"plain_text": _text_of("plain_text", most, least)}, named="text")


def text(most: int, least: int = 1) -> Rule:
    """A plain_text or mrkdwn object."""
    return kinds({kind: _text_of(kind, most, least) for kind in ("plain_text", "mrkdwn")}, named="text")
