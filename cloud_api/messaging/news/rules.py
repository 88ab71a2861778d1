"""Which words mean that somebody wants no more messages? Pure."""

from typing import Final

_STOP: Final = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "BAJA", "ALTO"})
_START: Final = frozenset({"START", "UNSTOP", "ALTA"})


def is_stop(text: str) -> bool:
    """Is this word, and nothing else, what they wrote?"""
    return _plain(text) in _STOP


def is_start(text: str) -> bool:
    """Do they want messages again?"""
    return _plain(text) in _START


def _plain(text: str) -> str:
    return text.strip().strip(".!\"'").upper()
