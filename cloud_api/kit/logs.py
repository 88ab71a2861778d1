"""What do we write down about ourselves, and what never?"""

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

MASK = "***"
# Whole words of a field's name; `pin`, `lan_link_secret` and `x-api-key` are all caught.
SECRET_WORDS = frozenset(
    {
        "apikey",
        "authorization",
        "cookie",
        "credential",
        "lockdata",
        "passcode",
        "password",
        "pin",
        "secret",
        "token",
    }
)
_SECRET_ENDINGS = ("api_key", "lock_data", "private_key", "signing_key")


def is_secret(name: str) -> bool:
    """Does a field of this name hold something that must not be written down?"""
    plain = name.lower().replace("-", "_")
    return plain.endswith(_SECRET_ENDINGS) or not SECRET_WORDS.isdisjoint(plain.split("_"))


def redact[T](value: T, name: str = "") -> T | str | dict[str, object] | list[object]:
    """The value with every secret field masked, at any depth."""
    if name and is_secret(name) and value is not None:
        return MASK
    if isinstance(value, dict):
        return {str(key): redact(each, str(key)) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [redact(each) for each in value]
    return value


def configure(*, level: str = "INFO", stream: TextIO | None = None) -> None:
    """One JSON object a line, with the request's id; secrets masked by name."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            # Without the frames' locals: they hold tokens and PINs under any name.
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            _redact_event,
            structlog.processors.JSONRenderer(default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )


def _redact_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: redact(value, key) for key, value in event.items()}
