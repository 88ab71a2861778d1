"""Which characters may a text from outside hold?"""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

_LINE_BREAKS = "\n\r\t"


def _no_control(text: str, *, keep: str = "") -> str:
    # PostgreSQL refuses NUL, terminals and logs obey the rest; surrogates cannot be encoded.
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in keep:
            raise ValueError("control characters are not allowed")
    return text


def _lines_allowed(text: str) -> str:
    return _no_control(text, keep=_LINE_BREAKS)


type Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_no_control),
]
"""One line of 1..200 characters, trimmed."""

type OptionalLine = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=200),
    AfterValidator(_no_control),
]
"""One line of 0..200 characters, trimmed."""

type Paragraph = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=4000),
    AfterValidator(_lines_allowed),
]
"""Free text of 0..4000 characters; line breaks allowed."""

type Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        to_lower=True,
        max_length=254,
        pattern=r"^[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+$",
    ),
    AfterValidator(_no_control),
]
"""A mail address, trimmed and lower-cased."""
