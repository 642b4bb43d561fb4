"""Logging for people and machines: one line an event, the lead's id bound, contact data masked."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal

import structlog

MAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
PHONE = re.compile(r"(?<![\w-])\+?\(?\d[\d ().-]{7,17}\d(?![\w-])")
SECRET = re.compile(r"\b(?:xox[a-z]|xapp|pat|key)[-.\w]{8,}")

PRIVATE = frozenset({"message", "contact", "email", "phone", "first_name", "last_name", "company", "body"})
"""Keys whose values never belong in a log, whatever they hold."""


def configure(level: str, log_format: Literal["text", "json"]) -> None:
    """Send structlog and the standard library's logging to stderr, masked, in one format."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask,
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler()
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[remove_meta, last])
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # dbos would otherwise add a handler of its own, which masks nothing.
    engine = logging.getLogger("dbos")
    engine.handlers, engine.propagate = [handler], False
    for noisy in ("aiohttp.access", "slack_bolt", "slack_sdk", "httpx", "chromadb", "alembic"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    logging.getLogger("slack_bolt").addFilter(_is_news)
    # A tick that comes while the last is under way is left out: on a busy machine that is its way of working.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def _is_news(record: logging.LogRecord) -> bool:
    """Bolt reads SLACK_BOT_TOKEN by itself, and then warns at each start that it has it twice."""
    return "`token` will be unused" not in str(record.msg)


def mask(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor: contact data and secrets out of every value; what is private by name out altogether."""
    for key, value in event.items():
        if key not in {"lead_id", "timestamp", "request_id"}:
            event[key] = "…" if key in PRIVATE else _masked_within(value)
    return event


def _masked_within(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {key: "…" if key in PRIVATE else _masked_within(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_masked_within(each) for each in value]
    return masked(str(value)) if isinstance(value, BaseException) else value


def masked(text: str) -> str:
    """The text without mail addresses, phone numbers and tokens."""
    return PHONE.sub("[phone]", MAIL.sub("[mail]", SECRET.sub("[secret]", text)))
