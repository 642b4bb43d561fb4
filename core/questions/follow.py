"""Questions that go on from the one before them, as ``and last month?`` does."""

import re
from typing import Final

_GOES_ON: Final = re.compile(
    r"^\W*(?:(?:and|what about|how about|only|just|the same)\b|(?:\w+ ){0,2}(?:of )?(?:those|them|these)\b)",
    re.IGNORECASE,
)
_LEADS_IN: Final = re.compile(
    r"^\W*(?:(?:and|what about|how about|only|just|the same|for|the)\b\W*)+", re.IGNORECASE
)


def goes_on(text: str) -> bool:
    """Whether the text says by itself that it is about what was asked before."""
    return _GOES_ON.match(text) is not None


def in_full(text: str) -> str:
    """The text as a question of its own."""
    return f"which leads {_LEADS_IN.sub('', text)}"
